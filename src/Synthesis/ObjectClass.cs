using AaClip.Synthesis.Defects;
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
