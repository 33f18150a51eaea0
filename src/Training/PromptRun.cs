using System.Text.Json.Serialization;
using AaClip.Evaluation.DataSets;
using AaClip.Training.Prompts;

namespace AaClip.Training;

/// <summary>Inputs, output and options of a training of learned prompts.</summary>
public sealed record PromptRun
{
    /// <summary>File with the CLIP weights; they never change.</summary>
    public required string Clip { get; init; }

    /// <summary>File with CLIP's vocabulary.</summary>
    public required string Vocabulary { get; init; }

    /// <summary>Labelled images, normal and anomalous; anomalous ones need masks.</summary>
    public required DataSet Data { get; init; }

    /// <summary>Output folder of the checkpoints.</summary>
    public required string Output { get; init; }

    /// <summary>Folder of the image features, which several trainings can share; null for one in <see cref="Output"/>.</summary>
    public string? Cache { get; init; }

    /// <summary>True to resume the training in <see cref="Output"/>.</summary>
    public bool Resume { get; init; }

    /// <summary>Method and options.</summary>
    public required PromptOptions Options { get; init; }
}

/// <summary>Settings that a training folder records when the training starts.</summary>
/// <param name="Clip">File name of the CLIP weights.</param>
/// <param name="ClipSha256">Their hash; null in records of older programs.</param>
/// <param name="Data">Name of the data set.</param>
/// <param name="Images">Number of images.</param>
/// <param name="ImagesSha256">Hash of the list of images.</param>
/// <param name="Options">What else determines the result.</param>
internal sealed record PromptSettings(
    string Clip,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ClipSha256,
    string Data,
    int Images,
    string ImagesSha256,
    PromptOptions Options
);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(PromptSettings))]
internal sealed partial class PromptJson : JsonSerializerContext;
