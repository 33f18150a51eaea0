using System.Text.Json.Serialization;

namespace AaClip.Pipeline.Jobs;

/// <summary>Totals of the comparison of old and new results.</summary>
public sealed record Comparison
{
    /// <summary>Number of bins of the histograms of calibrated scores, 0 to 1.</summary>
    public const int Bins = 20;

    /// <summary>Number of images with an outcome.</summary>
    public long Images { get; init; }

    /// <summary>
    /// Number of images by old and new outcome, such as "normal → anomalous". Old: normal, anomalous, failed, none. New: the same, and
    /// overwritten or deleted.
    /// </summary>
    public IReadOnlyDictionary<string, long> Counts { get; init; } = new SortedDictionary<string, long>(StringComparer.Ordinal);

    /// <summary>Number of images with an old and a new score.</summary>
    public long Pairs { get; init; }

    /// <summary>Sum of the absolute differences of the calibrated scores.</summary>
    public double Differences { get; init; }

    /// <summary>Histogram of the old scores of these images.</summary>
    public IReadOnlyList<long> Old { get; init; } = new long[Bins];

    /// <summary>Histogram of the new scores of these images.</summary>
    public IReadOnlyList<long> New { get; init; } = new long[Bins];

    /// <summary>Number of images that both models judged normal or anomalous.</summary>
    [JsonIgnore]
    public long Judged => Of("normal", "normal") + Of("anomalous", "anomalous") + Flips;

    /// <summary>Number of images whose verdict changed between normal and anomalous.</summary>
    [JsonIgnore]
    public long Flips => Of("normal", "anomalous") + Of("anomalous", "normal");

    /// <summary>Share of <see cref="Judged"/> with the same verdict; null if there are none.</summary>
    [JsonIgnore]
    public double? Agreement => Judged == 0 ? null : 1 - (double)Flips / Judged;

    /// <summary>Mean absolute difference of the calibrated scores; null without pairs.</summary>
    [JsonIgnore]
    public double? MeanDifference => Pairs == 0 ? null : Differences / Pairs;

    /// <summary>Returns the number of images with these outcomes.</summary>
    public long Of(string before, string after) => Counts.GetValueOrDefault($"{before} → {after}");

    /// <summary>Returns these totals plus a page's images.</summary>
    public Comparison With(IReadOnlyCollection<Compared> page)
    {
        SortedDictionary<string, long> counts = new(Counts.ToDictionary(), StringComparer.Ordinal);
        long[] before = [.. Old],
            after = [.. New];
        long pairs = Pairs;
        double differences = Differences;
        foreach (Compared image in page)
        {
            string key = $"{image.Before.Word} → {image.After.Word}";
            counts[key] = counts.GetValueOrDefault(key) + 1;
            if (image is not { Before.Score: { } a, After.Score: { } b })
                continue;
            pairs++;
            differences += Math.Abs(a - b);
            before[Bin(a)]++;
            after[Bin(b)]++;
        }

        return new Comparison
        {
            Images = Images + page.Count,
            Counts = counts,
            Pairs = pairs,
            Differences = differences,
            Old = before,
            New = after,
        };

        static int Bin(double score) => Math.Clamp((int)(score * Bins), 0, Bins - 1);
    }
}
