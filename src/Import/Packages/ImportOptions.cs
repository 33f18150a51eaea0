using AaClip.Graphs;
using AaClip.Scoring.Packages;

namespace AaClip.Import.Packages;

/// <summary>What to import, and how the package is to be.</summary>
public sealed record ImportOptions
{
    /// <summary>CLIP weights: a .pt, .pth, .bin or .safetensors file, or a folder with one.</summary>
    public required string Clip { get; init; }

    /// <summary>Folder of the new package; must not exist yet, for a package never changes.</summary>
    public required string Output { get; init; }

    /// <summary>
    /// CLIP's vocabulary: bpe_simple_vocab_16e6.txt.gz, or a folder with vocab.json and merges.txt. Null looks beside the weights.
    /// </summary>
    public string? Vocabulary { get; init; }

    /// <summary>Folder or file of AA-CLIP adapters; null imports plain CLIP.</summary>
    public string? Adapters { get; init; }

    /// <summary>Epoch of the image adapters; null takes the newest.</summary>
    public int? Epoch { get; init; }

    /// <summary>Side of the input in pixels, a multiple of the patch. Default 518, as published.</summary>
    public int Size { get; init; } = 518;

    /// <summary>
    /// How the image tower is stored. The text tower is float32 in every package: anchors are made once per class and kept.
    /// </summary>
    public Precision Precision { get; init; } = Precision.Fp32;

    /// <summary>Non-linearity; default as published (specification 0.1).</summary>
    public Activation Activation { get; init; } = Activation.Gelu;

    /// <summary>Blocks that are compared with the anchors, counted from 1; null takes the quarters: 6, 12, 18, 24 of 24.</summary>
    public IReadOnlyList<int>? Levels { get; init; }

    /// <summary>Weight of the image adapters in the mix, 0 to 1. Default 0.1, as published.</summary>
    public double ImageShare { get; init; } = 0.1;

    /// <summary>Weight of the text adapters in the mix, 0 to 1. Default 0.1, as published.</summary>
    public double TextShare { get; init; } = 0.1;

    /// <summary>Attention heads of the image tower; null takes width / 64, CLIP's rule.</summary>
    public int? VisionHeads { get; init; }

    /// <summary>Attention heads of the text tower; null takes width / 64, CLIP's rule.</summary>
    public int? TextHeads { get; init; }

    /// <summary>Classes whose anchors the package shall carry.</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>Name of the model (<see cref="ModelManifest.IsLabel"/>); null takes the output folder's name.</summary>
    public string? Name { get; init; }

    /// <summary>Version of the model; null takes the first digits of the hash of its content.</summary>
    public string? Version { get; init; }
}

/// <summary>How far an import is.</summary>
/// <param name="Step">What is being done, for people.</param>
/// <param name="Done">Weights done.</param>
/// <param name="Total">Weights in all.</param>
public readonly record struct ImportProgress(string Step, int Done, int Total);
