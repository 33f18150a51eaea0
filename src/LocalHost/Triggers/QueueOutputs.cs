using System.Collections.Concurrent;
using Microsoft.Azure.WebJobs;

namespace AaClip.LocalHost.Triggers;

/// <summary>
/// Sends messages through the SDK's own queue binding, which wakes the listener of that queue. The SDK binds anew, with new storage
/// clients, for every run of a function; here one function of the SDK runs as long as the host and lends its binder, so that each queue is
/// bound once.
/// </summary>
internal sealed class QueueOutputs
{
    private readonly ConcurrentDictionary<(string Queue, string? Connection), Lazy<Task<IAsyncCollector<byte[]>>>> _queues = new();
    private readonly TaskCompletionSource<IBinder> _binder = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Sends a message; the queue is made when it is missing.</summary>
    /// <param name="queue">Name of the queue.</param>
    /// <param name="connection">Name of the setting with its account; null for the host's own.</param>
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

    /// <summary>The function has ended: nothing can be sent for which there is no binding yet.</summary>
    public void End(Exception? why) => _binder.TrySetException(why ?? new OperationCanceledException("The host stops."));

    /// <summary>The function; <see cref="TriggerHost"/> calls it at the start and cancels it at the end.</summary>
    public sealed class Lender(QueueOutputs outputs)
    {
        /// <summary>Lends the binder.</summary>
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
