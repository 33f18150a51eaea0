using System.Text.Json.Serialization;
using AaClip.Import.Clip;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Training.Losses;

namespace AaClip.Training.Pretraining;

/// <summary>Options for training a small CLIP-shaped model from scratch.</summary>
public sealed record PretrainingOptions
{
    /// <summary>Model shape of the demonstration; its vocabulary is learned.</summary>
    public static ClipArchitecture Demo { get; } = new(128, 8, new TowerShape(128, 8, 4, 512), new TowerShape(96, 3, 3, 384), 32, 0, 96);

    /// <summary>
    /// A twentieth of its computation: patches of 16 pixels, a narrower image tower of four blocks. For the first model of a cascade.
    /// </summary>
    public static ClipArchitecture Small { get; } = new(128, 16, new TowerShape(96, 4, 3, 384), new TowerShape(96, 3, 3, 384), 32, 0, 96);

    /// <summary>Sizes of the towers. The vocabulary size in it is ignored; the learned vocabulary decides.</summary>
    public ClipArchitecture Shape { get; init; } = Demo;

    /// <summary>Total number of steps; the learning rate falls to zero over them.</summary>
    public int Steps { get; init; } = 3000;

    /// <summary>Batch size.</summary>
    public int Batch { get; init; } = 24;

    /// <summary>Highest learning rate.</summary>
    public double Rate { get; init; } = 1e-3;

    /// <summary>Whether normal pairs of all classes are positives in the contrast of images and captions (after OFF-CLIP).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public NormalPairs NormalPairs { get; init; }

    /// <summary>Steps between two checkpoints.</summary>
    public int SaveEvery { get; init; } = 250;

    /// <summary>Seed of weights, images and sentences.</summary>
    public int Seed { get; init; } = 7;

    /// <summary>Execution provider of the graph.</summary>
    public Provider Provider { get; init; } = Provider.Cpu;

    /// <summary>Number of CPU threads; 0 takes all cores.</summary>
    public int Threads { get; init; }
}
