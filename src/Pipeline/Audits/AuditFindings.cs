using AaClip.Pipeline.Contracts;
using AaClip.Scoring.Text;

namespace AaClip.Pipeline.Audits;

/// <summary>
/// Which images of an audit stand out. The images are divided into two halves by a hash of their names and versions, and each image is
/// compared with the other half by split conformal prediction: its p-value is (1 + the number of images there whose rise is as large) /
/// (n + 1). It is flagged if that is at most half of the permitted share, for one of the two kinds of rises. So an image whose rises are
/// drawn like those of the others is flagged with at most this probability, whatever their distribution is.
/// </summary>
public static class AuditFindings
{
    /// <summary>Default share of normal images that may be flagged.</summary>
    public const double FalseFlags = 0.04;

    /// <summary>The fewest images of a half with which an image can be flagged.</summary>
    /// <param name="falseFlags">Permitted share of normal images that are flagged, above 0 and below 1.</param>
    public static int Fewest(double falseFlags)
    {
        int images = Math.Max(1, (int)Math.Ceiling(2 / falseFlags) - 2);
        while (Largest(images, falseFlags) < 1)
            images++;
        return images;
    }

    /// <summary>Explains that there are too few images.</summary>
    /// <param name="images">Number of images that were, or can be, audited.</param>
    /// <returns>Null if there are enough.</returns>
    public static string? TooFew(long images, double falseFlags) =>
        images >= 2 * Fewest(falseFlags)
            ? null
            : FormattableString.Invariant(
                $"The audit has {images} images, but to flag at most {100 * falseFlags:0.##} % of normal ones it needs "
            )
                + FormattableString.Invariant($"{2 * Fewest(falseFlags)}: ")
                + "take a longer time, a larger share, or more false flags.";

    /// <summary>Computes the p-values of all images.</summary>
    /// <param name="images">Audited images; those without rises are left out.</param>
    /// <returns>One finding for each image with rises, smallest p-value first, then the largest rise.</returns>
    /// <exception cref="InvalidDataException">There are too few images.</exception>
    public static IReadOnlyList<AuditFinding> Of(IEnumerable<AuditedImage> images, double falseFlags)
    {
        AuditedImage[] all = [.. images.Where(i => i.Rises is not null).OrderBy(i => Order(i.Version), StringComparer.Ordinal)];
        if (TooFew(all.Length, falseFlags) is { } reason)
            throw new InvalidDataException(reason);
        AuditedImage[] first = all[..(all.Length / 2)],
            second = all[(all.Length / 2)..];
        return
        [
            .. Compare(first, second, falseFlags)
                .Concat(Compare(second, first, falseFlags))
                .OrderBy(f => f.P)
                .ThenByDescending(f => f.Audited.Rises!.Covered) // not null: see above
                .ThenBy(f => f.Audited.Image, StringComparer.Ordinal),
        ];
    }

    private static IEnumerable<AuditFinding> Compare(AuditedImage[] images, AuditedImage[] others, double falseFlags)
    {
        double[] covered = Sorted(others, r => r.Covered),
            smoothed = Sorted(others, r => r.Smoothed);
        int most = Largest(others.Length, falseFlags);
        foreach (AuditedImage image in images)
        {
            int cover = Rank(covered, image.Rises!.Covered), // not null: see the caller
                smooth = Rank(smoothed, image.Rises.Smoothed);
            yield return new AuditFinding(
                image,
                (double)cover / (others.Length + 1),
                (double)smooth / (others.Length + 1),
                cover <= most || smooth <= most
            );
        }
    }

    private static double[] Sorted(AuditedImage[] images, Func<Rises, double> rise) => [.. images.Select(i => rise(i.Rises!)).Order()];

    // 1 + how many of the others are as large
    private static int Rank(double[] sorted, double value)
    {
        int low = 0,
            high = sorted.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = sorted[middle] < value ? (middle + 1, high) : (low, middle);
        }

        return 1 + sorted.Length - low;
    }

    // The largest rank that is flagged: (n + 1) times half of the share, where a rounding error does not cost a rank
    private static int Largest(int images, double falseFlags) => (int)Math.Floor((images + 1) * falseFlags / 2 + 1e-9);

    private static string Order(ImageVersion image) => TextHash.Hex($"audit\n{image.Identity}");
}

/// <summary>What an audit found, for the report of its job.</summary>
/// <param name="FalseFlags">Share of normal images that may be flagged by chance.</param>
/// <param name="Images">Number of images that were measured.</param>
/// <param name="FlaggedImages">Number of images that are flagged.</param>
/// <param name="Flagged">They, smallest p-value first; at most <see cref="MostFlagged"/>.</param>
public sealed record AuditReport(double FalseFlags, int Images, int FlaggedImages, IReadOnlyList<AuditFinding> Flagged)
{
    /// <summary>Maximum number of flagged images in a report.</summary>
    public const int MostFlagged = 1000;

    /// <summary>Compares the images of an audit.</summary>
    /// <exception cref="InvalidDataException">There are too few images.</exception>
    public static AuditReport Of(IEnumerable<AuditedImage> images, double falseFlags)
    {
        IReadOnlyList<AuditFinding> all = AuditFindings.Of(images, falseFlags);
        AuditFinding[] flagged = [.. all.Where(f => f.Flagged)];
        return new AuditReport(falseFlags, all.Count, flagged.Length, [.. flagged.Take(MostFlagged)]);
    }
}

/// <summary>How an image compares with the other half of an audit.</summary>
/// <param name="Audited">The image, with its rises.</param>
/// <param name="CoverP">p-value of the rise under covering, above 0 to 1.</param>
/// <param name="SmoothP">p-value of the rise under smoothing, above 0 to 1.</param>
/// <param name="Flagged">Whether one of them is at most half of the permitted share of false flags.</param>
public sealed record AuditFinding(AuditedImage Audited, double CoverP, double SmoothP, bool Flagged)
{
    /// <summary>The smaller p-value.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public double P => Math.Min(CoverP, SmoothP);
}
