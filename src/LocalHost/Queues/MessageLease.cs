using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Logging;

namespace AaClip.LocalHost.Queues;

/// <summary>Keeps a running message hidden from others. Every renewal gives a new receipt; the newest alone is good for the last word.</summary>
internal sealed partial class MessageLease : IAsyncDisposable
{
    private readonly QueueClient _queue;
    private readonly QueueMessage _message;
    private readonly LocalHostOptions _options;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _renewal;
    private string _receipt;

    public MessageLease(QueueClient queue, QueueMessage message, LocalHostOptions options, ILogger logger)
    {
        _queue = queue;
        _message = message;
        _options = options;
        _logger = logger;
        _receipt = message.PopReceipt;
        _renewal = RenewAsync();
    }

    /// <summary>Ends the renewal and removes the message.</summary>
    public async Task DeleteAsync()
    {
        await EndAsync().ConfigureAwait(false);
        await LastWordAsync(() => _queue.DeleteMessageAsync(_message.MessageId, _receipt)).ConfigureAwait(false);
    }

    /// <summary>Ends the renewal and lets the message be seen again after a pause.</summary>
    public async Task ReleaseAsync(TimeSpan pause)
    {
        await EndAsync().ConfigureAwait(false);
        await LastWordAsync(() => _queue.UpdateMessageAsync(_message.MessageId, _receipt, (string?)null, pause)).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync().ConfigureAwait(false);
        _ended.Dispose();
    }

    private async Task EndAsync()
    {
        await _ended.CancelAsync().ConfigureAwait(false);
        await _renewal.ConfigureAwait(false);
    }

    private async Task RenewAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(_options.LeaseRenewal, _options.Time, _ended.Token).ConfigureAwait(false);
                try
                {
                    // Not cancelled half-way: the service might have renewed, and the new receipt would be lost.
                    _receipt = (await _queue.UpdateMessageAsync(_message.MessageId, _receipt, (string?)null, _options.Lease, CancellationToken.None).ConfigureAwait(false)).Value.PopReceipt;
                }
                catch (RequestFailedException failure)
                {
                    Log.NotRenewed(_logger, failure, _message.MessageId, _queue.Name, failure.ErrorCode ?? failure.Message);
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task LastWordAsync(Func<Task> word)
    {
        try
        {
            await word().ConfigureAwait(false);
        }
        catch (RequestFailedException failure) when (failure.Status is 400 or 404)
        {
            Log.Lost(_logger, _message.MessageId, _queue.Name, failure.ErrorCode ?? failure.Message);
        }
        catch (RequestFailedException failure)
        {
            Log.Unsettled(_logger, failure, _message.MessageId, _queue.Name);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The lease of message {Id} of {Queue} could not be renewed: {Reason}. It may run twice.")]
        public static partial void NotRenewed(ILogger logger, Exception failure, string id, string queue, string reason);

        [LoggerMessage(2, LogLevel.Warning, "Message {Id} of {Queue} was taken by another reader or removed while it ran: {Reason}.")]
        public static partial void Lost(ILogger logger, string id, string queue, string reason);

        [LoggerMessage(3, LogLevel.Warning, "Message {Id} of {Queue} could not be settled; it comes again when its lease ends.")]
        public static partial void Unsettled(ILogger logger, Exception failure, string id, string queue);
    }
}
