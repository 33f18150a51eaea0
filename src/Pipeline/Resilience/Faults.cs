namespace AaClip.Pipeline.Resilience;

/// <summary>Counts failures in a row. May be used from many threads.</summary>
internal sealed class Faults(TimeProvider time)
{
    private readonly Lock _lock = new();

    /// <summary>The failures since the last success; null when that was the last thing.</summary>
    public Fault? Current { get; private set; }

    /// <summary>It works.</summary>
    public void Worked()
    {
        lock (_lock)
            Current = null;
    }

    /// <summary>It failed.</summary>
    public Fault Failed(string reason)
    {
        lock (_lock)
            return Current = new Fault((Current?.Count ?? 0) + 1, Current?.Since ?? time.GetUtcNow(), reason);
    }
}

/// <summary>Failures in a row.</summary>
/// <param name="Count">How many, from 1.</param>
/// <param name="Since">When the first of them was.</param>
/// <param name="Reason">Of the last.</param>
internal sealed record Fault(int Count, DateTimeOffset Since, string Reason)
{
    /// <summary>An error in one line, such as for a log: of a client that tried several times, the first of its errors.</summary>
    public static string Text(Exception error)
    {
        while (error is AggregateException { InnerException: { } inner })
            error = inner;
        return error.Message.Split('\n', 2)[0].Trim();
    }
}
