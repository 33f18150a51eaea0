using System.Text.Json;
using System.Text.Json.Serialization;

namespace AaClip.Pipeline.Contracts;

/// <summary>What a job is asked to do: which stored images, with which model, compared with which.</summary>
public sealed record RescoreRequest
{
    /// <summary>Images of a page where nothing else is said.</summary>
    public const int DefaultPageSize = 200;

    /// <summary>Images in flight where nothing else is said.</summary>
    public const int DefaultInFlight = 1000;

    /// <summary>Letters, digits, '.', '_' and '-', at most 64; null makes one. The same request with the same id is the same job.</summary>
    public string? Id { get; init; }

    /// <summary>"name@version" of the new model, in the models container or the live one.</summary>
    public required string Model { get; init; }

    /// <summary>"name@version" of the old model, with whose results is compared; null takes the live one.</summary>
    public string? Against { get; init; }

    /// <summary>What is done with each image.</summary>
    public RescoreMode Mode { get; init; }

    /// <summary>Images whose blob names begin so; null for all.</summary>
    public string? Prefix { get; init; }

    /// <summary>Images of these cameras; null for all.</summary>
    public IReadOnlyList<string>? Cameras { get; init; }

    /// <summary>Images stored at this time or later.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Images stored before this time; null takes the time at which the job is started.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Images to which the old model gave one of these verdicts; null for all, also those that it has not scored.</summary>
    public IReadOnlyList<Verdict>? Verdicts { get; init; }

    // The last two are set, not init: what JSON leaves out of an init property gets the type's default, not the one that stands here.

    /// <summary>Images of a page, 1 to 5000. A page is what is sent, and accounted for, at a time.</summary>
    public int PageSize { get; set; } = DefaultPageSize;

    /// <summary>Images that wait in the queue or are being scored at most, but for at least one page; 1 to 100000.</summary>
    public int InFlight { get; set; } = DefaultInFlight;

    /// <summary>What a newer program has added to a stored request: kept. In a new request it is refused.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? More { get; set; }

    /// <summary>Reads what somebody wrote: a field that is not known is refused, for it was meant to change something.</summary>
    /// <exception cref="JsonException">It is no request; the message says why.</exception>
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
    /// Judges its stored raw map again, by the new model's calibration and the camera's present profile. Needs results of the same weights,
    /// and no GPU.
    /// </summary>
    [JsonStringEnumMemberName("threshold")]
    Threshold,

    /// <summary>Only compares results that both models have, as a shadow leaves them.</summary>
    [JsonStringEnumMemberName("compare")]
    Compare,
}

/// <summary>Where a job stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<JobStatus>))]
public enum JobStatus
{
    /// <summary>It goes on by itself.</summary>
    [JsonStringEnumMemberName("running")]
    Running,

    /// <summary>It waits to be resumed.</summary>
    [JsonStringEnumMemberName("paused")]
    Paused,

    /// <summary>It was ended before it was done.</summary>
    [JsonStringEnumMemberName("cancelled")]
    Cancelled,

    /// <summary>Every image is accounted for, and the report is there.</summary>
    [JsonStringEnumMemberName("done")]
    Done,

    /// <summary>It cannot go on; its reason says why. It may be resumed once that is mended.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,
}
