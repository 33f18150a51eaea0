using System.Diagnostics;
using System.Diagnostics.Metrics;
using AaClip.Pipeline.Contracts;

namespace AaClip.Pipeline.Telemetry;

/// <summary>
/// The metrics of the pipeline. Tags have few values: queues, verdicts, codes, types; cameras and blobs are tags of spans only.
/// </summary>
public static class Metrics
{
    private static readonly Meter Meter = new(Tracing.Name, typeof(Metrics).Assembly.GetName().Version?.ToString(3));

    private static readonly Histogram<double> QueueAges = Meter.CreateHistogram(
        "aaclip.queue.age",
        "s",
        "Time a message waited in its queue.",
        null,
        new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600],
        }
    );

    private static readonly Histogram<int> BatchSizes = Meter.CreateHistogram(
        "aaclip.batch.size",
        "{image}",
        "Images in one run of the model.",
        null,
        new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64] }
    );

    private static readonly Histogram<double> Inferences = Meter.CreateHistogram(
        "aaclip.inference.duration",
        "ms",
        "One run of the model.",
        null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000] }
    );

    private static readonly Counter<long> ImagesScored = Meter.CreateCounter<long>(
        "aaclip.images.scored",
        "{image}",
        "Images with a verdict."
    );

    private static readonly Counter<long> FirstCount = Meter.CreateCounter<long>(
        "aaclip.cascade.images",
        "{image}",
        "Images of cameras with a first model, by what it did: settled, unclear, unavailable."
    );

    private static readonly Counter<long> GeneratedCount = Meter.CreateCounter<long>(
        "aaclip.generated.images",
        "{image}",
        "Images of cameras with a check for generated pictures, by what it said: camera, generated, unavailable."
    );

    private static readonly Counter<long> FrameCount = Meter.CreateCounter<long>(
        "aaclip.events.frames",
        "{image}",
        "Images of cameras with events, by what became of them: seen (they have a feature), unavailable (the model could not be asked), "
            + "late (their window was closed)."
    );

    private static readonly Counter<long> FailureCount = Meter.CreateCounter<long>(
        "aaclip.failures",
        "{image}",
        "Images that got a failed result."
    );

    private static readonly Counter<long> SkipCount = Meter.CreateCounter<long>(
        "aaclip.skipped",
        "{image}",
        "Events and requests completed without a result."
    );

    private static readonly Counter<long> AlertCount = Meter.CreateCounter<long>("aaclip.alerts", "{event}", "Alert events decided.");

    private static readonly Counter<long> FaultCount = Meter.CreateCounter<long>(
        "aaclip.infrastructure.faults",
        "{run}",
        "Runs that failed because of the infrastructure and will be retried."
    );

    private static readonly Gauge<double> OutboxAges = Meter.CreateGauge<double>(
        "aaclip.alerts.undelivered.age",
        "s",
        "Age of the oldest undelivered alert; 0 if all are delivered."
    );

    /// <summary>Records the age of a message taken from a queue.</summary>
    /// <param name="queue">Name of the queue.</param>
    /// <param name="enqueuedAt">When it was sent. A time in the future, from a sender's wrong clock, counts as age 0.</param>
    /// <param name="now">The current time.</param>
    public static void QueueAge(string queue, DateTimeOffset enqueuedAt, DateTimeOffset now) =>
        QueueAges.Record(Math.Max(0, (now - enqueuedAt).TotalSeconds), new KeyValuePair<string, object?>("queue", queue));

    /// <summary>Records one run of the model.</summary>
    /// <param name="batchSize">Images in the run.</param>
    /// <param name="duration">Time of the run, without decoding.</param>
    /// <param name="model">"name@version".</param>
    /// <param name="provider">"cpu", "cuda" or "tensorrt".</param>
    public static void Inference(int batchSize, TimeSpan duration, string model, string provider)
    {
        TagList tags = new() { { "model", model }, { "provider", provider } };
        BatchSizes.Record(batchSize, tags);
        Inferences.Record(duration.TotalMilliseconds, tags);
    }

    /// <summary>Counts an image with a verdict.</summary>
    public static void Scored(Verdict verdict, string model) =>
        ImagesScored.Add(
            1,
            new(
                "verdict",
                verdict switch
                {
                    Verdict.Normal => "normal",
                    Verdict.Anomalous => "anomalous",
                    _ => "failed",
                }
            ),
            new("model", model)
        );

    /// <summary>Counts an image of a camera with a first model.</summary>
    /// <param name="outcome">"settled", "unclear" or "unavailable"; the last two were scored by the live model.</param>
    /// <param name="model">"name@version" of the first model.</param>
    public static void First(string outcome, string model) => FirstCount.Add(1, new("outcome", outcome), new("first", model));

    /// <summary>Counts an image of a camera with a check for generated pictures.</summary>
    /// <param name="outcome">"camera", "generated" or "unavailable".</param>
    /// <param name="check">"name@version" of the check.</param>
    public static void Generated(string outcome, string check) => GeneratedCount.Add(1, new("outcome", outcome), new("check", check));

    /// <summary>Counts an image of a camera with events.</summary>
    /// <param name="outcome">"seen", "unavailable" or "late".</param>
    /// <param name="model">"name@version" of the temporal model.</param>
    public static void Frame(string outcome, string model) => FrameCount.Add(1, new("outcome", outcome), new("model", model));

    /// <summary>Counts a failed image.</summary>
    /// <param name="code">Code of the failure, not its text.</param>
    public static void Failure(string code) => FailureCount.Add(1, new KeyValuePair<string, object?>("code", code));

    /// <summary>Counts an event or a request that was completed without a result.</summary>
    /// <param name="reason">A short code, not the name of an image.</param>
    public static void Skipped(string reason) => SkipCount.Add(1, new KeyValuePair<string, object?>("reason", reason));

    /// <summary>Counts a run that failed because of the infrastructure.</summary>
    /// <param name="step">Name of the step.</param>
    public static void InfrastructureFault(string step) => FaultCount.Add(1, new KeyValuePair<string, object?>("step", step));

    /// <summary>Records the age of the oldest undelivered alert.</summary>
    public static void OldestUndelivered(TimeSpan age) => OutboxAges.Record(age.TotalSeconds);

    /// <summary>Counts an alert event.</summary>
    /// <param name="kind">"anomaly", "silence", "drift" or "generated".</param>
    /// <param name="type">"opened", "updated", "acknowledged", "closed" or "flagged".</param>
    /// <param name="severity">Name of the severity band; null for none.</param>
    public static void Alert(string kind, string type, string? severity) =>
        AlertCount.Add(1, new("kind", kind), new("type", type), new("severity", severity ?? "none"));
}
