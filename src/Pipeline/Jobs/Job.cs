using System.Text.Json;
using System.Text.Json.Serialization;
using AaClip.Pipeline.Contracts;

namespace AaClip.Pipeline.Jobs;

/// <summary>
/// State of a job: jobs/{id}/state.json, changed under its ETag. A few kilobytes, independent of the number of images. It counts pages in
/// three stages: listed (written to jobs/{id}/pages), sent to the workers, and collected (every image has an outcome, counted once).
/// </summary>
public sealed record Job
{
    /// <summary>The version of the format that this program writes, and the newest that it reads.</summary>
    public const int CurrentSchema = 1;

    /// <summary>Version of the format; a newer one is rejected, because its fields may have another meaning.</summary>
    public int SchemaVersion
    {
        get;
        init =>
            field =
                value <= CurrentSchema
                    ? value
                    : throw new JsonException($"It has schemaVersion {value}; this program reads up to {CurrentSchema}: update it.");
    } = CurrentSchema;

    /// <summary>Id of the job.</summary>
    public required string Id { get; init; }

    /// <summary>The request, with defaults filled in.</summary>
    public required RescoreRequest Request { get; init; }

    /// <summary>State of the job.</summary>
    public JobStatus Status { get; init; }

    /// <summary>Why the job failed; null otherwise.</summary>
    public string? Reason { get; init; }

    /// <summary>When the job was started.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the job last finished a step or changed its status.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>When the job was last resumed; null if never.</summary>
    public DateTimeOffset? ResumedAt { get; init; }

    /// <summary>Number of images that had an outcome when it was last resumed.</summary>
    public long ResumedImages { get; init; }

    /// <summary>Number of steps done.</summary>
    public int Step { get; init; }

    /// <summary>Number of pages listed.</summary>
    public int Listed { get; init; }

    /// <summary>Whether all pages are listed.</summary>
    public bool ListedAll { get; init; }

    /// <summary>Number of images on the listed pages.</summary>
    public long Images { get; init; }

    /// <summary>Number of pages sent.</summary>
    public int Sent { get; init; }

    /// <summary>Number of pages whose images all have an outcome.</summary>
    public int Collected { get; init; }

    /// <summary>
    /// Whether the last step found no waiting messages and no new results. If the next step finds the same, missing images are sent again.
    /// </summary>
    [JsonPropertyName("still")]
    public bool StalledAtLastLook { get; init; }

    /// <summary>Totals of the collected pages.</summary>
    public Comparison Found { get; init; } = new();

    /// <summary>
    /// When a step last read the job; null in a job of an older program. If this is old and the job is running, its step message is lost.
    /// </summary>
    public DateTimeOffset? LookedAt { get; init; }

    /// <summary>Unknown fields, from a newer program with the same version of the format; they are kept.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? More { get; set; }

    /// <summary>Share of the images with an outcome, 0 to 1; null until all images are listed.</summary>
    [JsonIgnore]
    public double? Progress =>
        !ListedAll ? null
        : Images == 0 ? 1
        : (double)Found.Images / Images;

    /// <summary>Estimated time left, from the rate since the job was started or last resumed; null if unknown.</summary>
    public TimeSpan? Left(DateTimeOffset now) =>
        Status == JobStatus.Running && ListedAll && Found.Images > ResumedImages
            ? (now - (ResumedAt ?? CreatedAt)) / (Found.Images - ResumedImages) * (Images - Found.Images)
            : null;
}
