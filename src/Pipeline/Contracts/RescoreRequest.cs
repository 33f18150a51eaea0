using System.Text.Json;
using System.Text.Json.Serialization;

namespace AaClip.Pipeline.Contracts;

/// <summary>What a job does: which stored images it scores, with which model, and with which model's results it compares.</summary>
public sealed record RescoreRequest
{
    /// <summary>Default of <see cref="PageSize"/>.</summary>
    public const int DefaultPageSize = 200;

    /// <summary>Default of <see cref="InFlight"/>.</summary>
    public const int DefaultInFlight = 1000;

    /// <summary>Default of <see cref="Share"/>.</summary>
    public const double DefaultShare = 0.05;

    /// <summary>
    /// Up to 64 letters, digits, '.', '_' and '-'; null generates an id. The same request with the same id is the same job.
    /// </summary>
    public string? Id { get; init; }

    /// <summary>"name@version" of the new model, in the models container or the live one.</summary>
    public required string Model { get; init; }

    /// <summary>"name@version" of the old model, whose results are the baseline of the comparison; null takes the live one.</summary>
    public string? Against { get; init; }

    /// <summary>What the job does with each image.</summary>
    public RescoreMode Mode { get; init; }

    /// <summary>Only images whose blob names begin with this; null for all.</summary>
    public string? Prefix { get; init; }

    /// <summary>Only images of these cameras; null for all.</summary>
    public IReadOnlyList<string>? Cameras { get; init; }

    /// <summary>Only images stored at this time or later; null for all.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Only images stored before this time; null takes the start time of the job.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>
    /// Only images to which the old model gave one of these verdicts; null for all, including images that it has not scored.
    /// </summary>
    public IReadOnlyList<Verdict>? Verdicts { get; init; }

    /// <summary>
    /// Mode audit: share of the images that are audited, above 0 to 1; null takes <see cref="DefaultShare"/>. Whether an image is depends
    /// only on its name and version.
    /// </summary>
    public double? Share { get; init; }

    /// <summary>
    /// Mode audit: share of normal images that may be flagged by chance, above 0 and below 1; null takes the default.
    /// </summary>
    public double? FalseFlags { get; init; }

    // These properties are set, not init: if JSON leaves an init property out, it gets the type's default, not the initializer's value.

    /// <summary>Images of a page, 1 to 5000. A job sends images, and counts their results, page by page.</summary>
    public int PageSize { get; set; } = DefaultPageSize;

    /// <summary>The most images that may be queued or being scored at a time, 1 to 100000; a single page may exceed it.</summary>
    public int InFlight { get; set; } = DefaultInFlight;

    /// <summary>
    /// Unknown fields. In a stored request they come from a newer program and are kept; in a new request they are rejected.
    /// </summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? More { get; set; }

    /// <summary>Reads a user's request. An unknown field is rejected: it may be a misspelt setting.</summary>
    /// <exception cref="JsonException">The JSON is not a valid request; the message says why.</exception>
    public static RescoreRequest Parse(ReadOnlySpan<byte> json)
    {
        RescoreRequest request =
            JsonSerializer.Deserialize(json, MessageJson.Default.RescoreRequest) ?? throw new JsonException("It is null.");
        return request.More is { Count: > 0 } more ? throw new JsonException($"There is no field '{more.Keys.First()}'.") : request;
    }
}

/// <summary>What a job does with an image.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RescoreMode>))]
public enum RescoreMode
{
    /// <summary>Scores it with the new model.</summary>
    [JsonStringEnumMemberName("full")]
    Full,

    /// <summary>
    /// Judges the stored raw map again, with the new model's calibration and the camera's current profile. Needs results of the same
    /// weights; needs no GPU.
    /// </summary>
    [JsonStringEnumMemberName("threshold")]
    Threshold,

    /// <summary>Only compares existing results of both models, such as those of a shadow model.</summary>
    [JsonStringEnumMemberName("compare")]
    Compare,

    /// <summary>
    /// Looks for marks that hide defects, in a share of the images of a camera that the model found normal: how their scores rise when a
    /// part is covered, or when they are smoothed. Changes no result.
    /// </summary>
    [JsonStringEnumMemberName("audit")]
    Audit,

    /// <summary>
    /// Looks for events in the sequence of a camera's images with a temporal model, and writes one time line of all. Changes no result, and
    /// raises no alert.
    /// </summary>
    [JsonStringEnumMemberName("timeline")]
    Timeline,
}

/// <summary>State of a job.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<JobStatus>))]
public enum JobStatus
{
    /// <summary>The job is active.</summary>
    [JsonStringEnumMemberName("running")]
    Running,

    /// <summary>The job does nothing until it is resumed.</summary>
    [JsonStringEnumMemberName("paused")]
    Paused,

    /// <summary>A user ended the job before it was done.</summary>
    [JsonStringEnumMemberName("cancelled")]
    Cancelled,

    /// <summary>Every image has an outcome, and the report is written.</summary>
    [JsonStringEnumMemberName("done")]
    Done,

    /// <summary>The job cannot continue; its reason says why. It can be resumed after the cause is fixed.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,
}
