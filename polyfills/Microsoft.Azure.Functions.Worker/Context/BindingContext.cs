namespace Microsoft.Azure.Functions.Worker;

/// <summary>Values about a trigger.</summary>
public abstract class BindingContext
{
    /// <summary>Value by name.</summary>
    public abstract IReadOnlyDictionary<string, object?> BindingData { get; }
}
