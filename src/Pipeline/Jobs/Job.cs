using System.Text.Json;
using System.Text.Json.Serialization;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results;

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
    public bool Still { get; init; }

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

/// <summary>Old results against new ones, added up.</summary>
public sealed record Comparison
{
    /// <summary>Bins of the histograms, over calibrated scores from 0 to 1.</summary>
    public const int Bins = 20;

    /// <summary>Images accounted for.</summary>
    public long Images { get; init; }

    /// <summary>
    /// Images by what the old model said and what became of them: "normal → anomalous". Old: normal, anomalous, failed, none. New: those,
    /// and overwritten or deleted.
    /// </summary>
    public IReadOnlyDictionary<string, long> Counts { get; init; } = new SortedDictionary<string, long>(StringComparer.Ordinal);

    /// <summary>Images with both scores.</summary>
    public long Pairs { get; init; }

    /// <summary>Sum of the absolute differences of the calibrated scores.</summary>
    public double Differences { get; init; }

    /// <summary>Old scores of images with both, by bin.</summary>
    public IReadOnlyList<long> Old { get; init; } = new long[Bins];

    /// <summary>New scores of images with both, by bin.</summary>
    public IReadOnlyList<long> New { get; init; } = new long[Bins];

    /// <summary>Images on which both give a verdict.</summary>
    [JsonIgnore]
    public long Judged => Of("normal", "normal") + Of("anomalous", "anomalous") + Flips;

    /// <summary>Images whose verdict changed between normal and anomalous.</summary>
    [JsonIgnore]
    public long Flips => Of("normal", "anomalous") + Of("anomalous", "normal");

    /// <summary>Share of <see cref="Judged"/> with the same verdict; null where there is none.</summary>
    [JsonIgnore]
    public double? Agreement => Judged == 0 ? null : 1 - (double)Flips / Judged;

    /// <summary>Mean absolute difference of the calibrated scores; null where there is none.</summary>
    [JsonIgnore]
    public double? MeanDifference => Pairs == 0 ? null : Differences / Pairs;

    /// <summary>A count.</summary>
    public long Of(string before, string after) => Counts.GetValueOrDefault($"{before} → {after}");

    /// <summary>This and a page's images.</summary>
    public Comparison With(IReadOnlyCollection<Compared> page)
    {
        SortedDictionary<string, long> counts = new(Counts.ToDictionary(), StringComparer.Ordinal);
        long[] before = [.. Old],
            after = [.. New];
        long pairs = Pairs;
        double differences = Differences;
        foreach (Compared image in page)
        {
            string key = $"{image.Before.Word} → {image.After.Word}";
            counts[key] = counts.GetValueOrDefault(key) + 1;
            if (image is not { Before.Score: { } a, After.Score: { } b })
                continue;
            pairs++;
            differences += Math.Abs(a - b);
            before[Bin(a)]++;
            after[Bin(b)]++;
        }

        return new Comparison
        {
            Images = Images + page.Count,
            Counts = counts,
            Pairs = pairs,
            Differences = differences,
            Old = before,
            New = after,
        };

        static int Bin(double score) => Math.Clamp((int)(score * Bins), 0, Bins - 1);
    }
}

/// <summary>What a model made of an image.</summary>
/// <param name="Word">"normal", "anomalous", "failed", "none", "overwritten", "deleted".</param>
/// <param name="Score">Calibrated score; null where there is none.</param>
public sealed record Outcome(string Word, double? Score)
{
    /// <summary>The model has no result.</summary>
    public static Outcome None { get; } = new("none", null);

    /// <summary>Of a result.</summary>
    public static Outcome Of(Verdict verdict, double? score) =>
        new(
            verdict switch
            {
                Verdict.Normal => "normal",
                Verdict.Anomalous => "anomalous",
                _ => "failed",
            },
            score
        );
}

/// <summary>An image of a page, with both outcomes.</summary>
public sealed record Compared(string Image, [property: JsonPropertyName("etag")] string ETag, Outcome Before, Outcome After)
{
    /// <summary>Image and ETag in one.</summary>
    [JsonIgnore]
    public ImageVersion Version => new(Image, ETag);

    /// <summary>Whether the verdict went from normal to anomalous or back.</summary>
    [JsonIgnore]
    public bool Flipped => (Before.Word, After.Word) is ("normal", "anomalous") or ("anomalous", "normal");
}

/// <summary>A page of images: jobs/{id}/pages/000000.json; never changed.</summary>
/// <param name="Images">Selected images; there may be none.</param>
/// <param name="Next">Where the listing goes on; null at its end.</param>
public sealed record JobPage(IReadOnlyList<JobImage> Images, string? Next);

/// <summary>An image of a page.</summary>
/// <param name="Name">Blob name.</param>
/// <param name="ETag">Its version when it was listed.</param>
/// <param name="Before">What the old model had made of it then.</param>
/// <param name="Content">Its content then; null on pages of older programs.</param>
public sealed record JobImage(string Name, [property: JsonPropertyName("etag")] string ETag, Outcome Before, ImageContent? Content = null)
{
    /// <summary>Name and ETag in one.</summary>
    [JsonIgnore]
    public ImageVersion Version => new(Name, ETag);
}

/// <summary>JSON of jobs.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    PropertyNameCaseInsensitive = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true
)]
[JsonSerializable(typeof(Job))]
[JsonSerializable(typeof(JobPage))]
[JsonSerializable(typeof(IReadOnlyList<Compared>))]
[JsonSerializable(typeof(RescoreRequest))]
[JsonSerializable(typeof(JobReport))]
[JsonSerializable(typeof(JobProgress))]
[JsonSerializable(typeof(IReadOnlyList<JobProgress>))]
public sealed partial class JobJson : JsonSerializerContext;
