namespace AaClip.Pipeline.Results.Counts;

/// <summary>
/// The raw scores of a camera and a model in a span of time, split by what people decided of the images: what a threshold would do to them
/// is a sum over bins.
/// </summary>
public sealed record ScoreSplit
{
    /// <summary>"name@version".</summary>
    public required string Model { get; init; }

    /// <summary>Camera.</summary>
    public required string Camera { get; init; }

    /// <summary>Images stored from here on.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>Images stored before.</summary>
    public required DateTimeOffset To { get; init; }

    /// <summary>Days with images, UTC.</summary>
    public required int Days { get; init; }

    /// <summary>
    /// Number of bins of each list: bin i holds raw scores in [i/256, (i+1)/256), the first and the last what is outside.
    /// </summary>
    public int Bins { get; } = ScoreBins.Count;

    /// <summary>Scores of images that nobody has decided on.</summary>
    public required IReadOnlyList<long> Undecided { get; init; }

    /// <summary>Scores of images that show nothing wrong.</summary>
    public required IReadOnlyList<long> Fine { get; init; }

    /// <summary>Scores of images that show a defect.</summary>
    public required IReadOnlyList<long> Defect { get; init; }

    /// <summary>Scores of images of which a person could not tell.</summary>
    public required IReadOnlyList<long> Unsure { get; init; }

    /// <summary>Results without a score.</summary>
    public required int Failed { get; init; }

    /// <summary>Results that were anomalous under the threshold of their time.</summary>
    public required int Anomalous { get; init; }

    /// <summary>Whether results were judged by different thresholds.</summary>
    public required bool Mixed { get; init; }
}
