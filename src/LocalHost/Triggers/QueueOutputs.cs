using System.Collections.Concurrent;
using Microsoft.Azure.WebJobs;

namespace AaClip.LocalHost.Triggers;

/// <summary>
/// Sends messages through the SDK's queue binding, which also wakes the listener of the queue. The SDK creates a binding with new storage
/// clients for every run of a function. To create each binding only once, one SDK function runs as long as the host and shares its binder.
/// </summary>
internal sealed class QueueOutputs
{
    private readonly ConcurrentDictionary<(string Queue, string? Connection), Lazy<Task<IAsyncCollector<byte[]>>>> _queues = new();
    private readonly TaskCompletionSource<IBinder> _binder = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Sends a message; creates the queue if it does not exist.</summary>
    /// <param name="queue">Name of the queue.</param>
    /// <param name="connection">Name of the setting with the connection string; null for the host's own account.</param>
    public async Task SendAsync(string queue, string? connection, byte[] message, CancellationToken cancellation)
    {
        Lazy<Task<IAsyncCollector<byte[]>>> messages = _queues.GetOrAdd(
            (queue, connection),
            key => new Lazy<Task<IAsyncCollector<byte[]>>>(async () =>
                await (await _binder.Task).BindAsync<IAsyncCollector<byte[]>>(new QueueAttribute(key.Queue) { Connection = key.Connection })
            )
        );
        await (await messages.Value.WaitAsync(cancellation)).AddAsync(message, cancellation);
    }

    /// <summary>The function has ended: sending to a queue without a binding now fails.</summary>
    public void End(Exception? why) => _binder.TrySetException(why ?? new OperationCanceledException("The host stops."));

    /// <summary>The SDK function; <see cref="TriggerHost"/> calls it at the start and cancels it at the end.</summary>
    public sealed class Lender(QueueOutputs outputs)
    {
        /// <summary>Shares the binder until cancelled.</summary>
        [NoAutomaticTrigger]
        [FunctionName(nameof(Lender))]
        public async Task Run(IBinder binder, CancellationToken cancellation)
        {
            outputs._binder.TrySetResult(binder);
            await Task.Delay(Timeout.Infinite, cancellation)
                .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }
}
