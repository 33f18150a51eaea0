namespace AaClip.Pipeline.Resilience;

/// <summary>Counts consecutive failures. Thread-safe.</summary>
internal sealed class Faults(TimeProvider time)
{
    private readonly Lock _lock = new();

    /// <summary>The failures since the last success; null if there are none.</summary>
    public Fault? Current { get; private set; }

    /// <summary>Records a success, which resets the count.</summary>
    public void Worked()
    {
        lock (_lock)
            Current = null;
    }

    /// <summary>Records a failure.</summary>
    public Fault Failed(string reason)
    {
        lock (_lock)
            return Current = new Fault((Current?.Count ?? 0) + 1, Current?.Since ?? time.GetUtcNow(), reason);
    }
}

/// <summary>Consecutive failures.</summary>
/// <param name="Count">Number of failures, from 1.</param>
/// <param name="Since">Time of the first failure.</param>
/// <param name="Reason">Reason of the last failure.</param>
internal sealed record Fault(int Count, DateTimeOffset Since, string Reason)
{
    /// <summary>
    /// Returns the first line of an error's message, for a log. If a client failed several times, this is its first error.
    /// </summary>
    public static string Text(Exception error)
    {
        while (error is AggregateException { InnerException: { } inner })
            error = inner;
        return error.Message.Split('\n', 2)[0].Trim();
    }
}
