namespace AaClip.Synthesis.Defects;

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
