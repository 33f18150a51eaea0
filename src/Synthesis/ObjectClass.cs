using AaClip.Synthesis.Drawing;

namespace AaClip.Synthesis;

/// <summary>Something that is inspected: a surface or a part.</summary>
public sealed class ObjectClass
{
    internal ObjectClass(string name, IReadOnlyList<DefectKind> defects, Action<Canvas, SeededRandom> draw) =>
        (Name, Defects, Draw) = (name, defects, draw);

    /// <summary>As it stands in prompts: "hex nut".</summary>
    public string Name { get; }

    /// <summary>Defects that it can have.</summary>
    public IReadOnlyList<DefectKind> Defects { get; }

    internal Action<Canvas, SeededRandom> Draw { get; }

    // What is uneven everywhere cannot be seen to be bent.
    internal static readonly DefectKind[] OfSurfaces =
    [
        DefectKind.Scratch,
        DefectKind.Crack,
        DefectKind.Stain,
        DefectKind.Hole,
        DefectKind.Dent,
        DefectKind.Contamination,
    ];
    internal static readonly DefectKind[] OfPatterns = [.. OfSurfaces, DefectKind.Bent];
    internal static readonly DefectKind[] OfParts = [.. OfPatterns, DefectKind.MissingPart];

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>Kinds of defects.</summary>
public enum DefectKind
{
    /// <summary>A thin bright or dark line.</summary>
    Scratch,

    /// <summary>A dark jagged line with branches.</summary>
    Crack,

    /// <summary>A patch of another colour with soft edges.</summary>
    Stain,

    /// <summary>A dark opening with a rim.</summary>
    Hole,

    /// <summary>A hollow, seen by its light and shade.</summary>
    Dent,

    /// <summary>Foreign particles.</summary>
    Contamination,

    /// <summary>A place that is pushed out of its form.</summary>
    Bent,

    /// <summary>A piece that is broken off.</summary>
    MissingPart,

    /// <summary>A piece of the picture in a place where it does not belong (CutPaste, arXiv 2104.04015): on photos only.</summary>
    Pasted,
}
