using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using System.Text;

namespace AaClip.Pipeline.Telemetry;

/// <summary>Traces and metrics of all steps. Nothing is measured or sent unless somebody listens.</summary>
public static class PipelineTelemetry
{
    /// <summary>Name of the activity source and of the meter.</summary>
    public const string Name = "AaClip";

    private static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);

    /// <summary>Images in a run of the model.</summary>
    public static Histogram<int> BatchSize { get; } = Meter.CreateHistogram<int>("aaclip.batch.size", "{image}", "Images in a run of the model.");

    /// <summary>Duration of a run of the model.</summary>
    public static Histogram<double> InferMilliseconds { get; } = Meter.CreateHistogram<double>("aaclip.infer.duration", "ms", "Duration of a run of the model.");

    /// <summary>Time from sending a message to its first step; tagged with the queue.</summary>
    public static Histogram<double> QueueMilliseconds { get; } = Meter.CreateHistogram<double>("aaclip.queue.age", "ms", "Time from sending a request to its first step.");

    /// <summary>Images with a result; tagged with camera and verdict.</summary>
    public static Counter<long> Images { get; } = Meter.CreateCounter<long>("aaclip.images", "{image}", "Images with a result.");

    /// <summary>Failed images and messages given up on; tagged with the code.</summary>
    public static Counter<long> Failures { get; } = Meter.CreateCounter<long>("aaclip.failures", "{image}", "Images that cannot be scored and messages given up on.");

    /// <summary>Events that ask for no score; tagged with the reason.</summary>
    public static Counter<long> Skipped { get; } = Meter.CreateCounter<long>("aaclip.skipped", "{image}", "Events and requests that were completed without a result.");

    /// <summary>Begins a step of the trace that came with a message.</summary>
    /// <param name="step">Name of the step: the function's.</param>
    /// <param name="traceparent">W3C trace context of the message; null begins a trace.</param>
    /// <returns>Null when nobody listens.</returns>
    public static Activity? Start(string step, string? traceparent) =>
        ActivityContext.TryParse(traceparent, null, isRemote: true, out ActivityContext parent)
            ? Source.StartActivity(step, ActivityKind.Consumer, parent)
            : Source.StartActivity(step, ActivityKind.Consumer);

    /// <summary>The trace context to send on: the running step's, else what came with the message.</summary>
    public static string? Traceparent(Activity? step, string? received) => step is { IdFormat: ActivityIdFormat.W3C } ? step.Id : received;

    /// <summary>The trace context of an event that carries none: the same event always begins the same trace.</summary>
    public static string TraceparentOf(string eventId)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(eventId));
        return $"00-{Convert.ToHexStringLower(hash.AsSpan(0, 16))}-{Convert.ToHexStringLower(hash.AsSpan(16, 8))}-01";
    }
}
