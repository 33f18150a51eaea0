using AaClip.Synthesis.Defects;
using AaClip.Synthesis.Drawing;

namespace AaClip.Synthesis;

/// <summary>A class of inspected objects: a surface or a part.</summary>
public sealed class ObjectClass
{
    internal ObjectClass(string name, IReadOnlyList<DefectKind> defects, Action<Canvas, SeededRandom> draw) =>
        (Name, Defects, Draw) = (name, defects, draw);

    /// <summary>Name as in prompts: "hex nut".</summary>
    public string Name { get; }

    /// <summary>Kinds of defects that the class supports.</summary>
    public IReadOnlyList<DefectKind> Defects { get; }

    internal Action<Canvas, SeededRandom> Draw { get; }

    // On irregular surfaces a bend is not visible, so they have no Bent.
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
