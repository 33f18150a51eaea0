using System.Diagnostics;

namespace AaClip.Pipeline.Telemetry;

/// <summary>
/// One trace from the stored image to its alert. Queues carry no headers, so each message body has a W3C <c>traceparent</c>: a step starts
/// its span from the one it received and stamps its own into what it sends. Tags name blobs, cameras, models and codes; never addresses,
/// connection strings or texts of exceptions, which may hold keys.
/// </summary>
public static class Tracing
{
    /// <summary>Name of the activity source and of the meter.</summary>
    public const string Name = "AaClip";

    /// <summary>Spans of all steps.</summary>
    public static ActivitySource Source { get; } = new(Name, typeof(Tracing).Assembly.GetName().Version?.ToString(3));

    /// <summary>
    /// Starts the span of a step as a child of the message's sender. A host that already runs a span of its own, of another trace, is
    /// linked. Dispose it at the end of the step.
    /// </summary>
    /// <param name="step">Name of the step: "ScoreImage".</param>
    /// <param name="traceparent">W3C trace context of the message; null, empty or malformed begins a new trace.</param>
    /// <returns>The span; null when nobody listens.</returns>
    public static Activity? Start(string step, string? traceparent, ActivityKind kind = ActivityKind.Consumer)
    {
        ArgumentException.ThrowIfNullOrEmpty(step);

        Activity? outer = Activity.Current;
        if (ActivityContext.TryParse(traceparent, null, isRemote: true, out ActivityContext parent))
        {
            bool foreign = outer is not null && outer.TraceId != parent.TraceId;
            // Foreign: outer is not null
            return Source.StartActivity(step, kind, parent, links: foreign ? [new ActivityLink(outer!.Context)] : null);
        }
        return Source.StartActivity(step, kind);
    }

    /// <summary>The trace context to put into an outgoing message.</summary>
    /// <param name="received">The one that came with the message at hand: passed on where no span of ours runs, so that the trace goes
    /// on.</param>
    public static string? Stamp(string? received = null) =>
        Activity.Current is { IdFormat: ActivityIdFormat.W3C } current && (received is null || current.Source.Name == Name)
            ? current.Id
            : received;

    /// <summary>Marks a span as failed by the exception's type; its text stays out.</summary>
    public static void Fail(this Activity? activity, Exception exception)
    {
        activity?.SetStatus(ActivityStatusCode.Error, exception.GetType().Name);
    }
}
