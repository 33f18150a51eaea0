using System.Text.Json.Serialization;

namespace AaClip.Pipeline.Jobs;

/// <summary>Old results against new ones, added up.</summary>
public sealed record Comparison
{
    /// <summary>Bins of the histograms, over calibrated scores from 0 to 1.</summary>
    public const int Bins = 20;

    /// <summary>Images accounted for.</summary>
    public long Images { get; init; }

    /// <summary>
    /// Images by what the old model said and what became of them: "normal → anomalous". Old: normal, anomalous, failed, none. New: those,
    /// and overwritten or deleted.
    /// </summary>
    public IReadOnlyDictionary<string, long> Counts { get; init; } = new SortedDictionary<string, long>(StringComparer.Ordinal);

    /// <summary>Images with both scores.</summary>
    public long Pairs { get; init; }

    /// <summary>Sum of the absolute differences of the calibrated scores.</summary>
    public double Differences { get; init; }

    /// <summary>Old scores of images with both, by bin.</summary>
    public IReadOnlyList<long> Old { get; init; } = new long[Bins];

    /// <summary>New scores of images with both, by bin.</summary>
    public IReadOnlyList<long> New { get; init; } = new long[Bins];

    /// <summary>Images on which both give a verdict.</summary>
    [JsonIgnore]
    public long Judged => Of("normal", "normal") + Of("anomalous", "anomalous") + Flips;

    /// <summary>Images whose verdict changed between normal and anomalous.</summary>
    [JsonIgnore]
    public long Flips => Of("normal", "anomalous") + Of("anomalous", "normal");

    /// <summary>Share of <see cref="Judged"/> with the same verdict; null where there is none.</summary>
    [JsonIgnore]
    public double? Agreement => Judged == 0 ? null : 1 - (double)Flips / Judged;

    /// <summary>Mean absolute difference of the calibrated scores; null where there is none.</summary>
    [JsonIgnore]
    public double? MeanDifference => Pairs == 0 ? null : Differences / Pairs;

    /// <summary>A count.</summary>
    public long Of(string before, string after) => Counts.GetValueOrDefault($"{before} → {after}");

    /// <summary>This and a page's images.</summary>
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
