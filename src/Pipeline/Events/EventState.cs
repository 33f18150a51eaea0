using System.Text.Json;
using System.Text.Json.Serialization;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;

namespace AaClip.Pipeline.Events;

/// <summary>The stored state of a camera with events: the content of state/events/{camera}.json.</summary>
internal sealed record EventState
{
    /// <summary>The version that this program reads and writes.</summary>
    public const int CurrentSchema = 1;

    /// <summary>State of a camera without frames.</summary>
    public static EventState Empty { get; } = new();

    /// <summary>Version of the document; a newer one is rejected, because this program could not write back all of its content.</summary>
    public int SchemaVersion
    {
        get;
        init =>
            field = value is 0 or CurrentSchema
                ? CurrentSchema
                : throw new JsonException(
                    $"The state has schemaVersion {value}; this program reads {CurrentSchema}: update it, or delete the blob to start "
                        + "without one."
                );
    } = CurrentSchema;

    /// <summary>Windows that are open, or sealed and not closed yet, ordered by their end.</summary>
    public IReadOnlyList<EventWindow> Windows
    {
        get;
        init => field = value ?? [];
    } = []; // the JSON reader sets an absent member to null

    /// <summary>End of the newest sealed window: earlier frames are too late. Null before the first.</summary>
    public DateTimeOffset? Horizon { get; init; }

    /// <summary>Frames that came too late.</summary>
    public long TooLate { get; init; }
}

/// <summary>A window of a camera's sequence.</summary>
/// <param name="Rule">The camera's rule when its first frame came.</param>
/// <param name="Length">Snippets of the window.</param>
/// <param name="Start">Begin of its first snippet.</param>
/// <param name="Frames">The first frame of each snippet, in order.</param>
/// <param name="Sealed">Whether its frames are complete.</param>
internal sealed record EventWindow(CameraEvents Rule, int Length, DateTimeOffset Start, IReadOnlyList<Frame> Frames, bool Sealed = false)
{
    /// <summary>End of its last snippet.</summary>
    [JsonIgnore]
    public DateTimeOffset End => Start.AddTicks(Rule.EveryTicks * Length);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true
)]
[JsonSerializable(typeof(EventState))]
internal sealed partial class EventJson : JsonSerializerContext;
