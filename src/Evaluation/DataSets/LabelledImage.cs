namespace AaClip.Evaluation.DataSets;

/// <summary>An image with its label.</summary>
public sealed record LabelledImage
{
    /// <summary>Absolute path of the file.</summary>
    public required string Path { get; init; }

    /// <summary>Path of the mask, non-zero at anomalous pixels; null for normal images, and for anomalous ones without a mask.</summary>
    public string? MaskPath { get; init; }

    /// <summary>True if it is anomalous.</summary>
    public required bool Anomalous { get; init; }

    /// <summary>Name of the object, for <see cref="Scoring.Text.ClassNames"/>: "MVTec/bottle", or plain words.</summary>
    public required string ClassName { get; init; }
}
