using AaClip.Scoring.Images;

namespace AaClip.Scoring.Packages;

/// <summary>The content of model.json in a package that tells generated pictures from photos: see <see cref="CheckPackage"/>.</summary>
public sealed record CheckManifest
{
    /// <summary>The format; higher than those that older programs read, which therefore refuse the package and say why.</summary>
    public const int Schema = 3;

    /// <summary>Format of this file; a reader refuses a newer one.</summary>
    public required int SchemaVersion { get; init; }

    /// <summary>Kind of the package: "check".</summary>
    public required string Kind { get; init; }

    /// <summary>Name of the model, for example "c2p".</summary>
    public required string Name { get; init; }

    /// <summary>Version of the model; name@version never changes its content.</summary>
    public required string Version { get; init; }

    /// <summary>Sizes of the image tower.</summary>
    public required VisionArchitecture Architecture { get; init; }

    /// <summary>Non-linearity of the MLPs.</summary>
    public required Activation Activation { get; init; }

    /// <summary>How the weights are stored.</summary>
    public required Precision Precision { get; init; }

    /// <summary>What is done to an image before the model.</summary>
    public required Preprocessing Preprocessing { get; init; }

    /// <summary>
    /// α of the LoRA layers that were merged at import, where r of them was their rank: W + α/r · B·A. Null if the file had none.
    /// </summary>
    public double? LoraAlpha { get; init; }

    /// <summary>Every other file of the package by its name.</summary>
    public required IReadOnlyDictionary<string, PackageFile> Files { get; init; }

    /// <summary>Where the weights came from.</summary>
    public required Provenance Provenance { get; init; }
}
