using System.Text.Json;
using AaClip.LocalHost.Functions;
using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;

namespace AaClip.LocalHost.Queues;

/// <summary>
/// Runs one function for the messages of one queue, as the Functions host does: takes up to batchSize messages whenever no more than
/// newBatchThreshold run, hides each while it runs, deletes it on success, shows it again on failure, and after maxDequeueCount failures
/// moves it to the poison queue. An empty queue is asked ever more seldom, from 100 ms up to maxPollingInterval, and when a function of this
/// process has ended or an event was raised: most messages come from there.
/// </summary>
internal sealed partial class QueueListener(
    FunctionMethod function, QueueClient queue, QueueClient? poison, HostJson host, LocalHostOptions options, FunctionRunner runner,
    Doorbell doorbell, JsonSerializerOptions json, ILogger logger)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LeastPause = TimeSpan.FromMilliseconds(25); // however often the bell rings

    private readonly HashSet<Task> _running = [];

    /// <summary>Listens until the first token; the second cancels the functions that still run. Returns when every message is settled.</summary>
    public async Task RunAsync(CancellationToken listening, CancellationToken running)
    {
        TimeSpan pause = FirstPause;
        TimeSpan longest = options.MaxPollingInterval ?? host.MaxPollingInterval;
        try
        {
            while (true)
            {
                await WaitForRoomAsync(listening).ConfigureAwait(false);
                Task rung = doorbell.Next;
                QueueMessage[] messages = await TakeAsync(listening).ConfigureAwait(false);
                foreach (QueueMessage message in messages)
                    _running.Add(Task.Run(() => ProcessAsync(message, running), CancellationToken.None));
                if (messages.Length > 0)
                {
                    pause = FirstPause;
                    continue;
                }

                bool woken = await PauseAsync(pause < longest ? pause : longest, rung, listening).ConfigureAwait(false);
                pause = woken ? FirstPause : pause * 2 < longest ? pause * 2 : longest;
            }
        }
        catch (OperationCanceledException) when (listening.IsCancellationRequested)
        {
        }

        await Task.WhenAll(_running).ConfigureAwait(false);
    }

    /// <returns>True when the bell ended the pause.</returns>
    private async Task<bool> PauseAsync(TimeSpan pause, Task rung, CancellationToken listening)
    {
        TimeSpan least = LeastPause < pause ? LeastPause : pause;
        await Task.Delay(least, options.Time, listening).ConfigureAwait(false);
        if (poison is null || pause == least)
        {
            // Nobody waits for what was given up on.
            await Task.Delay(pause - least, options.Time, listening).ConfigureAwait(false);
            return false;
        }

        try
        {
            await rung.WaitAsync(pause - least, options.Time, listening).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private async Task WaitForRoomAsync(CancellationToken listening)
    {
        _running.RemoveWhere(task => task.IsCompleted);
        while (_running.Count > host.NewBatchThreshold)
        {
            await Task.WhenAny(_running).WaitAsync(listening).ConfigureAwait(false);
            _running.RemoveWhere(task => task.IsCompleted);
        }
    }

    private async Task<QueueMessage[]> TakeAsync(CancellationToken listening)
    {
        listening.ThrowIfCancellationRequested();
        try
        {
            // Not cancelled half-way: messages already taken would stay hidden for the whole lease.
            return (await queue.ReceiveMessagesAsync(host.BatchSize, options.Lease, CancellationToken.None).ConfigureAwait(false)).Value;
        }
        catch (RequestFailedException failure) when (failure.Status == 404)
        {
            await queue.CreateIfNotExistsAsync(cancellationToken: listening).ConfigureAwait(false);
            return [];
        }
        catch (Exception failure) when (failure is RequestFailedException or AggregateException or IOException)
        {
            Log.NotRead(logger, failure, queue.Name, failure.Message);
            return [];
        }
    }

    private async Task ProcessAsync(QueueMessage message, CancellationToken running)
    {
        await using MessageLease lease = new(queue, message, options, logger);
        try
        {
            // A worker that died did not move it: its last attempt is spent all the same.
            if (poison is not null && message.DequeueCount > host.MaxDequeueCount)
            {
                await MoveAsync(message, lease, poison).ConfigureAwait(false);
                return;
            }

            await runner.RunAsync(
                function,
                () => MessageBinding.Bind(message, function.TriggerParameter.ParameterType, host.Base64, json),
                MessageBinding.Metadata(message),
                running).ConfigureAwait(false);
            doorbell.Ring();
            await lease.DeleteAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (running.IsCancellationRequested)
        {
            await lease.ReleaseAsync(TimeSpan.Zero).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The runner has logged it. Without a poison queue the message stays hidden to the end of its lease: no endless fast loop.
            if (poison is not null && message.DequeueCount >= host.MaxDequeueCount)
                await MoveAsync(message, lease, poison).ConfigureAwait(false);
            else if (poison is not null)
                await lease.ReleaseAsync(host.VisibilityTimeout).ConfigureAwait(false);
        }
    }

    private async Task MoveAsync(QueueMessage message, MessageLease lease, QueueClient target)
    {
        try
        {
            await target.CreateIfNotExistsAsync().ConfigureAwait(false);
            await target.SendMessageAsync(message.Body, timeToLive: TimeSpan.FromSeconds(-1)).ConfigureAwait(false);
        }
        catch (RequestFailedException failure)
        {
            Log.NotMoved(logger, failure, message.MessageId, queue.Name, target.Name);
            return; // it comes again when its lease ends, and is moved then
        }

        Log.Moved(logger, message.MessageId, queue.Name, message.DequeueCount, target.Name);
        await lease.DeleteAsync().ConfigureAwait(false);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Message {Id} of {Queue} was taken {Count} times without success and is now in {Poison}.")]
        public static partial void Moved(ILogger logger, string id, string queue, long count, string poison);

        [LoggerMessage(2, LogLevel.Error, "Message {Id} of {Queue} could not be moved to {Poison}; it stays.")]
        public static partial void NotMoved(ILogger logger, Exception failure, string id, string queue, string poison);

        [LoggerMessage(3, LogLevel.Warning, "Queue {Queue} cannot be read: {Reason}")]
        public static partial void NotRead(ILogger logger, Exception failure, string queue, string reason);
    }
}

/// <summary>Makes the listeners of the queue functions.</summary>
internal static class QueueListeners
{
    private const string PoisonSuffix = "-poison";

    /// <summary>Creates the function's queue. A queue that is itself a poison queue has none of its own, as with the Functions host.</summary>
    public static async Task<QueueListener> CreateAsync(
        FunctionMethod function, QueueTriggerAttribute trigger, QueueServiceClient service, string name, HostJson host, LocalHostOptions options,
        FunctionRunner runner, Doorbell doorbell, JsonSerializerOptions json, ILogger logger, CancellationToken cancellation)
    {
        QueueClient queue = service.GetQueueClient(name);
        await queue.CreateIfNotExistsAsync(cancellationToken: cancellation).ConfigureAwait(false);
        QueueClient? poison = name.EndsWith(PoisonSuffix, StringComparison.Ordinal) ? null : service.GetQueueClient(name + PoisonSuffix);
        return new QueueListener(function, queue, poison, host, options, runner, doorbell, json, logger);
    }
}
