namespace AaClip.Evaluation.DataSets;

/// <summary>An image of which somebody knows whether it is anomalous.</summary>
public sealed record LabelledImage
{
    /// <summary>The file, as an absolute path.</summary>
    public required string Path { get; init; }

    /// <summary>Mask of the anomaly, non-zero where it is; null for a normal image, and where nobody drew one.</summary>
    public string? MaskPath { get; init; }

    /// <summary>Whether it is anomalous.</summary>
    public required bool Anomalous { get; init; }

    /// <summary>What the object is called, as <see cref="Scoring.Text.ClassNames"/> takes it: "MVTec/bottle", or words.</summary>
    public required string ClassName { get; init; }
}
