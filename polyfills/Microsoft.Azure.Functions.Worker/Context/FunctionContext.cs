namespace Microsoft.Azure.Functions.Worker;

/// <summary>What a host tells about one run of a function.</summary>
public abstract class FunctionContext
{
    /// <summary>Unique to the run.</summary>
    public abstract string InvocationId { get; }

    /// <summary>Unique to the function.</summary>
    public abstract string FunctionId { get; }

    /// <summary>W3C trace context of the trigger.</summary>
    public abstract TraceContext TraceContext { get; }

    /// <summary>Values about the trigger, such as a message's DequeueCount.</summary>
    public abstract BindingContext BindingContext { get; }

    /// <summary>How often a retry policy has run it again.</summary>
    public abstract RetryContext RetryContext { get; }

    /// <summary>Services of this run.</summary>
    public abstract IServiceProvider InstanceServices { get; set; }

    /// <summary>The function itself.</summary>
    public abstract FunctionDefinition FunctionDefinition { get; }

    /// <summary>Data shared within the run.</summary>
    public abstract IDictionary<object, object> Items { get; set; }

    /// <summary>Features of the host.</summary>
    public abstract IInvocationFeatures Features { get; }

    /// <summary>Set when the run is to stop.</summary>
    public virtual CancellationToken CancellationToken { get; } = CancellationToken.None;
}
