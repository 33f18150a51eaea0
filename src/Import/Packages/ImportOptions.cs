using AaClip.Graphs;
using AaClip.Scoring.Packages;

namespace AaClip.Import.Packages;

/// <summary>What to import, and the properties of the package.</summary>
public sealed record ImportOptions
{
    /// <summary>CLIP weights: a .pt, .pth, .bin or .safetensors file, or a folder with one.</summary>
    public required string Clip { get; init; }

    /// <summary>Folder of the new package; must not exist yet, because a package is never changed.</summary>
    public required string Output { get; init; }

    /// <summary>
    /// Name of the method (<see cref="Methods.MethodInfo.All"/>); null recognises it from the checkpoint: AA-CLIP if there is none.
    /// </summary>
    public string? Method { get; init; }

    /// <summary>Checkpoint of the method: learned prompts (also AdaCLIP's), or AA-CLIP's adapters; null for methods without one.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>A prompt pack (docs/methods.md); null for the method's own prompts.</summary>
    public string? Prompts { get; init; }

    /// <summary>Whether to repair the patch features as SC-CLIP does; only for plain CLIP.</summary>
    public bool Clean { get; init; }

    /// <summary>Views of an image whose scores are averaged, for AnoVL: 1, 5 or 22; null for 1.</summary>
    public int? Views { get; init; }

    /// <summary>First block with a correlation path, counted from 1; null for the method's own.</summary>
    public int? FirstBlock { get; init; }

    /// <summary>
    /// CLIP's vocabulary: bpe_simple_vocab_16e6.txt.gz, or a folder with vocab.json and merges.txt. Null searches the weights' folder.
    /// </summary>
    public string? Vocabulary { get; init; }

    /// <summary>Folder or file of AA-CLIP adapters, the same as a <see cref="Checkpoint"/> with them; null imports plain CLIP.</summary>
    public string? Adapters { get; init; }

    /// <summary>Epoch of the image adapters; null means the latest.</summary>
    public int? Epoch { get; init; }

    /// <summary>Width and height of the input in pixels, a multiple of the patch size; null for the method's own, 518 for most.</summary>
    public int? Size { get; init; }

    /// <summary>
    /// Precision of the image tower. The text tower is float32 in every package, because anchors are computed only once per class and
    /// cached.
    /// </summary>
    public Precision Precision { get; init; } = Precision.Fp32;

    /// <summary>Activation function; null for the method's own (specification 0.1).</summary>
    public Activation? Activation { get; init; }

    /// <summary>
    /// Blocks that are compared with the anchors, counted from 1; null for the method's own: for AA-CLIP and AdaCLIP after each quarter of
    /// the tower (6, 12, 18, 24 of 24), for the others the last block.
    /// </summary>
    public IReadOnlyList<int>? Levels { get; init; }

    /// <summary>Weight of the image adapters in the mix, 0 to 1. Default 0.1, as published.</summary>
    public double ImageShare { get; init; } = 0.1;

    /// <summary>Weight of the text adapters in the mix, 0 to 1. Default 0.1, as published.</summary>
    public double TextShare { get; init; } = 0.1;

    /// <summary>
    /// Attention heads of the image tower; null means the number in config.json in the weights' folder, otherwise width / 64.
    /// </summary>
    public int? VisionHeads { get; init; }

    /// <summary>
    /// Attention heads of the text tower; null means the number in config.json in the weights' folder, otherwise width / 64.
    /// </summary>
    public int? TextHeads { get; init; }

    /// <summary>Classes whose anchors are computed and stored in the package.</summary>
    public IReadOnlyList<string> Classes { get; init; } = [];

    /// <summary>Whether to refuse CLIP weights that are not in <see cref="Known"/>.</summary>
    public bool RequireKnown { get; init; }

    /// <summary>The published files; a test has others.</summary>
    public KnownFiles Known { get; init; } = KnownFiles.Published;

    /// <summary>Name of the model (<see cref="ModelManifest.IsLabel"/>); null means the output folder's name.</summary>
    public string? Name { get; init; }

    /// <summary>Version of the model; null means the first digits of the hash of its content.</summary>
    public string? Version { get; init; }
}

/// <summary>Progress of an import.</summary>
/// <param name="Step">Text that describes the current step to the user.</param>
/// <param name="Done">Number of weights done.</param>
/// <param name="Total">Number of all weights.</param>
public readonly record struct ImportProgress(string Step, int Done, int Total);
