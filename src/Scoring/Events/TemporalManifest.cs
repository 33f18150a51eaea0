using System.Text.Json.Serialization;
using AaClip.Scoring.Packages;

namespace AaClip.Scoring.Events;

/// <summary>The content of model.json of a temporal package, which finds events in a sequence of frames.</summary>
public sealed record TemporalManifest
{
    /// <summary>
    /// The format of this file. It continues the numbers of <see cref="ModelManifest"/>, so that older programs refuse it.
    /// </summary>
    public const int CurrentSchema = 3;

    /// <summary>Format of this file; a reader refuses a newer one.</summary>
    public required int SchemaVersion { get; init; }

    /// <summary><see cref="PackageKind.Temporal"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>Name of the model, for example "vad".</summary>
    public required string Name { get; init; }

    /// <summary>Version of the model; name@version never changes its content.</summary>
    public required string Version { get; init; }

    /// <summary>Name of the method: "vadclip".</summary>
    public required string Method { get; init; }

    /// <summary>How a frame is prepared.</summary>
    public required FramePreprocessing Frame { get; init; }

    /// <summary>The image tower, for information.</summary>
    public required TowerShape Vision { get; init; }

    /// <summary>Sizes of the head.</summary>
    public required TemporalHead Head { get; init; }

    /// <summary>Names of the classes; the first is the normal one.</summary>
    public required IReadOnlyList<string> Classes { get; init; }

    /// <summary>The branch that events are found with.</summary>
    public required EventScore Score { get; init; }

    /// <summary>Frames of a snippet, of which the first is seen; 16 as published.</summary>
    public required int SnippetFrames { get; init; }

    /// <summary>Time between two snippets, in seconds, at the frame rate of the training data: 16/30.</summary>
    public required double SnippetSeconds { get; init; }

    /// <summary>The calibrated rule for events; null if the package was never calibrated.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public EventCalibration? Calibration { get; init; }

    /// <summary>Every other file of the package by its name.</summary>
    public required IReadOnlyDictionary<string, PackageFile> Files { get; init; }

    /// <summary>Where the weights came from.</summary>
    public required Provenance Provenance { get; init; }

    /// <summary>Name and version in one.</summary>
    [JsonIgnore]
    public ModelId Id => new(Name, Version);
}

/// <summary>The two scores of a snippet (VadCLIP, section 3.3).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EventScore>))]
public enum EventScore
{
    /// <summary>p1 = σ(binary): what the published numbers of UCF-Crime are measured with.</summary>
    [JsonStringEnumMemberName("binary")]
    Binary,

    /// <summary>p2 = 1 − softmax(alignment) of the normal class: what the published numbers of XD-Violence are measured with.</summary>
    [JsonStringEnumMemberName("alignment")]
    Alignment,
}

/// <summary>A rule for events that was calibrated on normal recordings (split conformal).</summary>
/// <param name="Threshold">An event is where the mean score over <paramref name="MinSeconds"/> is at or above this.</param>
/// <param name="MinSeconds">Length of that mean in seconds.</param>
/// <param name="Windows">Windows of normal recordings that it was calibrated on.</param>
/// <param name="Rate">Share of normal windows that may have an event, above 0.</param>
/// <param name="SnippetSeconds">Time from one snippet to the next in those recordings.</param>
public sealed record EventCalibration(double Threshold, double MinSeconds, int Windows, double Rate, double SnippetSeconds);

/// <summary>JSON of temporal packages.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true
)]
[JsonSerializable(typeof(TemporalManifest))]
public sealed partial class TemporalJson : JsonSerializerContext;
