using System.Text.Json.Serialization;
using AaClip.Evaluation.DataSets;
using AaClip.Training.Stages;

namespace AaClip.Training;

/// <summary>Inputs, output and options of a training.</summary>
public sealed record TrainingRun
{
    /// <summary>File with the CLIP weights; they never change.</summary>
    public required string Clip { get; init; }

    /// <summary>File with CLIP's vocabulary.</summary>
    public required string Vocabulary { get; init; }

    /// <summary>Labelled images; anomalous ones need masks.</summary>
    public required DataSet Data { get; init; }

    /// <summary>Output folder of the checkpoints.</summary>
    public required string Output { get; init; }

    /// <summary>Stages to run.</summary>
    public TrainingStage Stage { get; init; } = TrainingStage.Both;

    /// <summary>True to resume the training in <see cref="Output"/>.</summary>
    public bool Resume { get; init; }

    /// <summary>Options of the adaptation.</summary>
    public AdaptationOptions Options { get; init; } = new();
}

/// <summary>The stages of AA-CLIP.</summary>
public enum TrainingStage
{
    /// <summary>Stage 1: text adapters, which give the anchors.</summary>
    Text,

    /// <summary>
    /// Stage 2: image adapters, with the text adapters in the output folder, or with plain CLIP's anchors if there are none.
    /// </summary>
    Image,

    /// <summary>Stage 1, then stage 2.</summary>
    Both,
}

/// <summary>Progress after a training step.</summary>
/// <param name="Stage">"text" or "image".</param>
/// <param name="Epoch">Number of the epoch, from 1.</param>
/// <param name="Epochs">Epochs of the stage.</param>
/// <param name="Step">Number of the step in the epoch, from 1.</param>
/// <param name="Steps">Steps per epoch.</param>
/// <param name="Loss">Loss of the step.</param>
/// <param name="Mean">Mean loss of the epoch so far.</param>
public readonly record struct TrainingProgress(string Stage, int Epoch, int Epochs, int Step, int Steps, double Loss, double Mean);

/// <summary>Settings that a training folder records when the training starts.</summary>
/// <param name="Clip">File name of the CLIP weights.</param>
/// <param name="ClipSha256">Their hash; null in records of older programs.</param>
/// <param name="Data">Name of the data set.</param>
/// <param name="Images">Number of images.</param>
/// <param name="ImagesSha256">Hash of the list of images.</param>
/// <param name="Options">What else determines the result.</param>
internal sealed record TrainingSettings(
    string Clip,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ClipSha256,
    string Data,
    int Images,
    string ImagesSha256,
    AdaptationOptions Options
);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(TrainingSettings))]
internal sealed partial class TrainingJson : JsonSerializerContext;
