namespace AaClip.Scoring.Maps;

/// <summary>A connected part of an image whose scores are at or above the threshold.</summary>
public sealed record Region
{
    /// <summary>Left edge of the bounding box, in pixels of the original image.</summary>
    public required int X { get; init; }

    /// <summary>Top edge, in pixels of the original image.</summary>
    public required int Y { get; init; }

    /// <summary>Width of the bounding box in pixels, at least 1.</summary>
    public required int Width { get; init; }

    /// <summary>Height of the bounding box in pixels, at least 1.</summary>
    public required int Height { get; init; }

    /// <summary>Highest score in the region.</summary>
    public required float Peak { get; init; }

    /// <summary>Area of the region (not of its bounding box) as a fraction of the image: above 0, at most 1.</summary>
    public required double AreaFraction { get; init; }
}
