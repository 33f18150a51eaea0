using System.Collections.Immutable;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>W3C trace context.</summary>
public abstract class TraceContext
{
    /// <summary>Header "traceparent".</summary>
    public abstract string TraceParent { get; }

    /// <summary>Header "tracestate".</summary>
    public abstract string TraceState { get; }

    /// <summary>Attributes of the host's activity.</summary>
    public virtual IReadOnlyDictionary<string, string> Attributes => ImmutableDictionary<string, string>.Empty;

    /// <summary>Baggage of the host's activity.</summary>
    public virtual IReadOnlyDictionary<string, string> Baggage => ImmutableDictionary<string, string>.Empty;
}
