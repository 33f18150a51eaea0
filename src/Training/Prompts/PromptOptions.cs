using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;

namespace AaClip.Training.Prompts;

/// <summary>Options of a training of learned prompts; null means the published value of the method.</summary>
public sealed record PromptOptions
{
    /// <summary>"crane" or "anomalyclip".</summary>
    public required string Method { get; init; }

    /// <summary>Side of the input image in pixels, a multiple of the patch size.</summary>
    public int Size { get; init; } = 518;

    /// <summary>Passes over the images: 5 for Crane, 15 for AnomalyCLIP.</summary>
    public int? Epochs { get; init; }

    /// <summary>Images in a step: 8.</summary>
    public int? Batch { get; init; }

    /// <summary>Learning rate: 0.001.</summary>
    public double? Rate { get; init; }

    /// <summary>Whether CLIP's feature of the image is a row of the sentences while training: true for Crane.</summary>
    public bool? ImageContext { get; init; }

    /// <summary>Activation function of the towers: QuickGELU.</summary>
    public Activation? Activation { get; init; }

    /// <summary>Attention heads of the image tower; null takes those of config.json, else width / 64.</summary>
    public int? VisionHeads { get; init; }

    /// <summary>Attention heads of the text tower; null takes those of config.json, else width / 64.</summary>
    public int? TextHeads { get; init; }

    /// <summary>Seed of the initial prompts and the order of the images.</summary>
    public int Seed { get; init; } = 111;

    /// <summary>Execution provider of the graphs.</summary>
    public Provider Provider { get; init; } = Provider.Cpu;

    /// <summary>Number of CPU threads; 0 takes all cores.</summary>
    public int Threads { get; init; }
}
