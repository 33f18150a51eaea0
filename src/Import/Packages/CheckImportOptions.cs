using AaClip.Scoring.Packages;

namespace AaClip.Import.Packages;

/// <summary>A check for generated pictures that is to be imported, and the properties of its package.</summary>
public sealed record CheckImportOptions
{
    /// <summary>C2P-CLIP's weights: the released .zip, the .pth in it, or a checkpoint of the training code.</summary>
    public required string Check { get; init; }

    /// <summary>Folder of the new package; must not exist yet, because a package is never changed.</summary>
    public required string Output { get; init; }

    /// <summary>α of unmerged LoRA layers, above 0; null for the released form, which has none.</summary>
    public double? LoraAlpha { get; init; }

    /// <summary>Precision of the image tower.</summary>
    public Precision Precision { get; init; } = Precision.Fp32;

    /// <summary>Activation function; null for the published QuickGELU.</summary>
    public Activation? Activation { get; init; }

    /// <summary>Attention heads; null for the number in config.json beside the weights, otherwise width / 64.</summary>
    public int? Heads { get; init; }

    /// <summary>Name of the model (<see cref="ModelManifest.IsLabel"/>); null for the output folder's name.</summary>
    public string? Name { get; init; }

    /// <summary>Version of the model; null for the first digits of the hash of its content.</summary>
    public string? Version { get; init; }
}
