using System.Globalization;
using AaClip.LocalHost.Worker;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Azure.WebJobs.Host.Executors;
using Microsoft.Azure.WebJobs.Host.Queues;
using Microsoft.Extensions.Logging;

namespace AaClip.LocalHost.Triggers;

/// <summary>
/// The SDK takes messages with a visibility timeout of ten minutes. If a host on a laptop is killed, its messages would stay hidden that
/// long. So the timeout is shorter here, and it is renewed while the function runs.
/// </summary>
internal static class QueueLease
{
    /// <summary>Query parameter that the SDK sends (QueueListener, 10 minutes).</summary>
    public const string OfTheSdk = "visibilitytimeout=600";
}

/// <summary>Replaces the SDK's visibility timeout with the shorter one in requests that take messages.</summary>
internal sealed class ShortLeasePolicy(TimeSpan lease) : HttpPipelineSynchronousPolicy
{
    private readonly string _short = $"visibilitytimeout={lease.TotalSeconds.ToString("F0", CultureInfo.InvariantCulture)}";

    public override void OnSendingRequest(HttpMessage message)
    {
        if (
            message.Request.Method == RequestMethod.Get
            && message.Request.Uri.Query.Contains(QueueLease.OfTheSdk, StringComparison.Ordinal)
        )
            message.Request.Uri.Query = message.Request.Uri.Query.Replace(QueueLease.OfTheSdk, _short, StringComparison.Ordinal);
    }
}

/// <summary>Creates a <see cref="LeasedQueueProcessor"/> for each queue.</summary>
internal sealed class LeasedQueueProcessorFactory(TimeSpan lease) : IQueueProcessorFactory
{
    public QueueProcessor Create(QueueProcessorOptions queueProcessorOptions) => new LeasedQueueProcessor(queueProcessorOptions, lease);
}

/// <summary>
/// The SDK's queue processor with a short visibility timeout, renewed after each third of it. If the worker dies during a run, the message
/// is visible again at once; the SDK would wait as after a failure of the function. The death does not count as an attempt, because another
/// message may have caused it. After as many deaths as allowed attempts the message goes to the poison queue.
/// </summary>
internal sealed partial class LeasedQueueProcessor : QueueProcessor
{
    private readonly QueueProcessorOptions _options;
    private readonly TimeSpan _lease;
    private readonly Dictionary<string, Renewal> _renewals = [];
    private readonly Dictionary<string, int> _deaths = []; // worker deaths by message id, until the message is completed

    public LeasedQueueProcessor(QueueProcessorOptions options, TimeSpan lease)
        : base(options) => (_options, _lease) = (options, lease);

    protected override async Task<bool> BeginProcessingMessageAsync(QueueMessage message, CancellationToken cancellationToken)
    {
        try
        {
            if (Deaths(message, another: false) == 0 && !await base.BeginProcessingMessageAsync(message, cancellationToken))
                return false;
        }
        catch (RequestFailedException e)
        {
            Log.NotSettled(_options.Logger, message.MessageId, _options.Queue.Name, e.Message.Split('\n', 2)[0]);
            return false;
        }

        lock (_renewals)
            _renewals[message.MessageId] = new Renewal(_options.Queue, message, _lease, _options.Logger);
        return true;
    }

    protected override async Task CompleteProcessingMessageAsync(
        QueueMessage message,
        FunctionResult result,
        CancellationToken cancellationToken
    )
    {
        Renewal? renewal;
        lock (_renewals)
            _renewals.Remove(message.MessageId, out renewal);
        if (renewal is not null)
            using (renewal)
                message = await renewal.EndAsync();
        bool died = !result.Succeeded && WorkerEnded(result.Exception);
        int deaths = Deaths(message, died),
            most = _options.Options.MaxDequeueCount;
        try
        {
            if (
                !result.Succeeded
                && _options.PoisonQueue is not null
                && deaths > 0
                && deaths < most
                && message.DequeueCount - deaths < most
            )
            {
                await ReleaseMessageAsync(message, result, died ? TimeSpan.Zero : _options.Options.VisibilityTimeout, cancellationToken);
                return;
            }

            lock (_renewals)
                _deaths.Remove(message.MessageId);
            await base.CompleteProcessingMessageAsync(message, result, cancellationToken);
        }
        catch (RequestFailedException e)
        {
            // An exception would end the process. The message is processed again; processing is idempotent.
            Log.NotSettled(_options.Logger, message.MessageId, _options.Queue.Name, e.Message.Split('\n', 2)[0]);
        }
    }

    private int Deaths(QueueMessage message, bool another)
    {
        lock (_renewals)
        {
            int deaths = _deaths.GetValueOrDefault(message.MessageId) + (another ? 1 : 0);
            if (another)
                _deaths[message.MessageId] = deaths;
            return deaths;
        }
    }

    private static bool WorkerEnded(Exception? exception) =>
        exception is WorkerEndedException || (exception?.InnerException is { } inner && WorkerEnded(inner));

    private sealed partial class Renewal : IDisposable
    {
        private readonly QueueClient _queue;
        private readonly TimeSpan _lease;
        private readonly ILogger _logger;
        private readonly CancellationTokenSource _ending = new();
        private readonly Task _loop;
        private QueueMessage _message;

        public Renewal(QueueClient queue, QueueMessage message, TimeSpan lease, ILogger logger)
        {
            (_queue, _message, _lease, _logger) = (queue, message, lease, logger);
            _loop = RenewAsync();
        }

        /// <returns>The message with its newest pop receipt; older receipts are no longer valid.</returns>
        public async Task<QueueMessage> EndAsync()
        {
            await _ending.CancelAsync();
            await _loop;
            return _message;
        }

        public void Dispose() => _ending.Dispose();

        private async Task RenewAsync()
        {
            try
            {
                while (true)
                {
                    await Task.Delay(_lease / 3, _ending.Token);
                    try
                    {
                        // Not cancelled midway: storage might have renewed the message, and the new receipt would be lost.
                        _message = _message.Update(
                            await _queue.UpdateMessageAsync(
                                _message.MessageId,
                                _message.PopReceipt,
                                (string?)null,
                                _lease,
                                CancellationToken.None
                            )
                        );
                    }
                    catch (Exception e) when (e is RequestFailedException or AggregateException)
                    {
                        Log.NotRenewed(_logger, _message.MessageId, _queue.Name, e.Message.Split('\n', 2)[0]);
                    }
                }
            }
            catch (OperationCanceledException) { }
        }

        private static partial class Log
        {
            [LoggerMessage(
                1,
                LogLevel.Warning,
                "Message {Id} of {Queue} could not be hidden anew, and may be taken a second time: {Reason}"
            )]
            public static partial void NotRenewed(ILogger logger, string id, string queue, string reason);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Message {Id} could not be taken out of {Queue}; it comes again when its lease ends: {Reason}")]
        public static partial void NotSettled(ILogger logger, string id, string queue, string reason);
    }
}
