namespace Microsoft.Azure.Functions.Worker;

/// <summary>State of a function's retry policy.</summary>
public abstract class RetryContext
{
    /// <summary>Runs before this one.</summary>
    public abstract int RetryCount { get; }

    /// <summary>Runs allowed after the first.</summary>
    public abstract int MaxRetryCount { get; }
}
