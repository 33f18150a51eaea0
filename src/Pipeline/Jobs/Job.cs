using System.Text.Json;
using System.Text.Json.Serialization;
using AaClip.Pipeline.Contracts;

namespace AaClip.Pipeline.Jobs;

/// <summary>
/// How far a job is: jobs/{id}/state.json, a few kilobytes however many images it has, changed under its ETag. Three numbers of pages move
/// forward, each behind the one before: listed (written to jobs/{id}/pages), sent to the workers, and collected (each image accounted for
/// once).
/// </summary>
public sealed record Job
{
    /// <summary>The format that this program writes, and the newest that it reads.</summary>
    public const int CurrentSchema = 1;

    /// <summary>Version of the format; a newer one is refused, for its fields may mean something else.</summary>
    public int SchemaVersion
    {
        get;
        init =>
            field =
                value <= CurrentSchema
                    ? value
                    : throw new JsonException($"It has schemaVersion {value}; this program reads up to {CurrentSchema}: update it.");
    } = CurrentSchema;

    /// <summary>The job's id.</summary>
    public required string Id { get; init; }

    /// <summary>What was asked for, with all that was left open filled in.</summary>
    public required RescoreRequest Request { get; init; }

    /// <summary>Where it stands.</summary>
    public JobStatus Status { get; init; }

    /// <summary>Why it has failed; null otherwise.</summary>
    public string? Reason { get; init; }

    /// <summary>When it was started.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last took a step.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>When it was last resumed; null when it never was.</summary>
    public DateTimeOffset? ResumedAt { get; init; }

    /// <summary>Images that were accounted for then.</summary>
    public long ResumedImages { get; init; }

    /// <summary>Steps taken.</summary>
    public int Step { get; init; }

    /// <summary>Pages listed.</summary>
    public int Listed { get; init; }

    /// <summary>Whether there is no further page.</summary>
    public bool ListedAll { get; init; }

    /// <summary>Images on the pages listed.</summary>
    public long Images { get; init; }

    /// <summary>Pages sent.</summary>
    public int Sent { get; init; }

    /// <summary>Pages whose images are all accounted for.</summary>
    public int Collected { get; init; }

    /// <summary>Whether nothing moved when the job last looked: at the next time, what is missing is sent again.</summary>
    [JsonPropertyName("still")]
    public bool StalledAtLastLook { get; init; }

    /// <summary>What was found on the pages collected.</summary>
    public Comparison Found { get; init; } = new();

    /// <summary>
    /// When a step last looked at the job; null in a job of an older program. A running job at which none looks any more has lost its step.
    /// </summary>
    public DateTimeOffset? LookedAt { get; init; }

    /// <summary>What a newer program of the same version has added: kept.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? More { get; set; }

    /// <summary>Share of the images that are accounted for, 0 to 1; null while not all are listed.</summary>
    [JsonIgnore]
    public double? Progress =>
        !ListedAll ? null
        : Images == 0 ? 1
        : (double)Found.Images / Images;

    /// <summary>Time left at the pace since it was started or last resumed; null while that is not known.</summary>
    public TimeSpan? Left(DateTimeOffset now) =>
        Status == JobStatus.Running && ListedAll && Found.Images > ResumedImages
            ? (now - (ResumedAt ?? CreatedAt)) / (Found.Images - ResumedImages) * (Images - Found.Images)
            : null;
}
