namespace AaClip.Cli.Operate;

/// <summary>What became of an image.</summary>
/// <param name="Image">Blob name.</param>
/// <param name="Why">Why it is not in the data set; null if it is, or if the decision says so.</param>
internal sealed record ExportedImage(string Image, Exported What, string? Why = null);

/// <summary>What became of an image.</summary>
internal enum Exported
{
    /// <summary>It is new.</summary>
    Added,

    /// <summary>It was there, under another decision or with another mask.</summary>
    Changed,

    /// <summary>It was there.</summary>
    Kept,

    /// <summary>It was there, and is not wanted any more.</summary>
    Deleted,

    /// <summary>It is not in the data set.</summary>
    LeftOut,
}
