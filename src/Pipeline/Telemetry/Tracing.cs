using System.Diagnostics;

namespace AaClip.Pipeline.Telemetry;

/// <summary>
/// One trace from the stored image to its alert. Queue messages have no headers, so each body has a W3C <c>traceparent</c>: a step starts
/// its span as a child of the received one, and writes its own into the messages it sends. Tags name blobs, cameras, models and codes;
/// never addresses, connection strings or exception texts, which may contain keys.
/// </summary>
public static class Tracing
{
    /// <summary>Name of the activity source and the meter.</summary>
    public const string Name = "AaClip";

    /// <summary>Source of the spans of all steps.</summary>
    public static ActivitySource Source { get; } = new(Name, typeof(Tracing).Assembly.GetName().Version?.ToString(3));

    /// <summary>
    /// Starts the span of a step as a child of the sender's span. If the host has already started a span in another trace, the new span
    /// links to it. Dispose of it at the end of the step.
    /// </summary>
    /// <param name="step">Name of the step: "ScoreImage".</param>
    /// <param name="traceparent">W3C trace context of the message; null, empty or malformed starts a new trace.</param>
    /// <returns>The span; null if there is no listener.</returns>
    public static Activity? Start(string step, string? traceparent, ActivityKind kind = ActivityKind.Consumer)
    {
        ArgumentException.ThrowIfNullOrEmpty(step);

        Activity? outer = Activity.Current;
        if (ActivityContext.TryParse(traceparent, null, isRemote: true, out ActivityContext parent))
        {
            bool foreign = outer is not null && outer.TraceId != parent.TraceId;
            // Not null: foreign is true only if there is an outer span
            return Source.StartActivity(step, kind, parent, links: foreign ? [new ActivityLink(outer!.Context)] : null);
        }
        return Source.StartActivity(step, kind);
    }

    /// <summary>Returns the trace context for an outgoing message.</summary>
    /// <param name="received">
    /// Trace context of the received message; it is passed on if no span of the pipeline is active, so that the trace continues.
    /// </param>
    public static string? Stamp(string? received = null) =>
        Activity.Current is { IdFormat: ActivityIdFormat.W3C } current && (received is null || current.Source.Name == Name)
            ? current.Id
            : received;

    /// <summary>Reads the trace context that a caller sends.</summary>
    /// <returns>In the form of version 00; null if it is malformed or absent.</returns>
    public static string? Received(string? traceparent) =>
        ActivityContext.TryParse(traceparent, null, isRemote: true, out ActivityContext caller)
            ? $"00-{caller.TraceId}-{caller.SpanId}-{(caller.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) ? "01" : "00")}"
            : null;

    /// <summary>Marks a span as failed, with the exception's type but not its text.</summary>
    public static void Fail(this Activity? activity, Exception exception)
    {
        activity?.SetStatus(ActivityStatusCode.Error, exception.GetType().Name);
    }
}
