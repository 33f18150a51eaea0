namespace AaClip.LocalHost.Queues;

/// <summary>Tells listeners that wait that there may be something new, so that nobody asks an empty queue often and a message waits for nobody. May ring from any thread.</summary>
internal sealed class Doorbell
{
    private TaskCompletionSource _next = New();

    /// <summary>Completes at the next ring. Take it before looking at the queue, or a ring in between is missed.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    /// <summary>Wakes all who wait.</summary>
    public void Ring() => Interlocked.Exchange(ref _next, New()).SetResult();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
