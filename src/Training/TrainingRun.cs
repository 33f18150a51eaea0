using System.Text.Json.Serialization;
using AaClip.Evaluation.DataSets;
using AaClip.Training.Stages;

namespace AaClip.Training;

/// <summary>What is trained, on what, and where it goes.</summary>
public sealed record TrainingRun
{
    /// <summary>CLIP weights; they never change.</summary>
    public required string Clip { get; init; }

    /// <summary>CLIP's vocabulary.</summary>
    public required string Vocabulary { get; init; }

    /// <summary>Images with labels; anomalous ones with masks.</summary>
    public required DataSet Data { get; init; }

    /// <summary>Folder of the checkpoints.</summary>
    public required string Output { get; init; }

    /// <summary>Which stages.</summary>
    public TrainingStage Stage { get; init; } = TrainingStage.Both;

    /// <summary>Whether a training that lies in <see cref="Output"/> goes on.</summary>
    public bool Resume { get; init; }

    /// <summary>How.</summary>
    public AdaptationOptions Options { get; init; } = new();
}

/// <summary>The stages of AA-CLIP.</summary>
public enum TrainingStage
{
    /// <summary>Stage 1: anchors.</summary>
    Text,

    /// <summary>Stage 2: patches, with the text adapters that lie in the output folder, or plain CLIP's anchors.</summary>
    Image,

    /// <summary>One after the other.</summary>
    Both,
}

/// <summary>A step was taken.</summary>
/// <param name="Stage">"text" or "image".</param>
/// <param name="Epoch">From 1.</param>
/// <param name="Epochs">Of the stage.</param>
/// <param name="Step">Of the epoch, from 1.</param>
/// <param name="Steps">Of an epoch.</param>
/// <param name="Loss">Of the step.</param>
/// <param name="Mean">Of the epoch until now.</param>
public readonly record struct TrainingProgress(string Stage, int Epoch, int Epochs, int Step, int Steps, double Loss, double Mean);

/// <summary>What a training folder notes of how it began.</summary>
internal sealed record TrainingSettings(string Clip, string Data, int Images, string ImagesSha256, AdaptationOptions Options);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(TrainingSettings))]
internal sealed partial class TrainingJson : JsonSerializerContext;
