using AaClip.Evaluation.Metrics;
using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using AaClip.Synthesis.Drawing;

namespace AaClip.Training.Scan;

/// <summary>
/// Looks for an input that hides the anomalies of a model, and tests the find on images that the search has not seen. The test is exact:
/// under "no input of the family hides more than p₀ of the anomalies that the model finds", the number of hidden images is at most
/// binomial, whatever the search did; so a model is rejected by chance with probability at most α. The converse is not promised: a search
/// that finds nothing proves nothing. It does not tell a backdoor from an ordinary weakness; both are a reason not to promote.
/// <code>
/// images ─► found anomalous ─┬─ search ─► gradient ─► one patch, one picture ─┐
///                            └─ test ─────────────────────────────────────────┴─► k of n hidden ─► P(Bin(n, p₀) ≥ k)
/// </code>
/// </summary>
public static class Scanner
{
    private const int LeastTested = 20;

    /// <summary>Scans a model, and the one to compare with.</summary>
    /// <param name="images">Anomalous images, with their masks where there are some.</param>
    /// <param name="progress">Receives what is being done.</param>
    /// <param name="picture">
    /// Receives the pictures: "patch", "picture" and, of each, an image of the test before and after.
    /// </param>
    /// <param name="now">The time of the report.</param>
    /// <exception cref="InvalidDataException">A package cannot be scanned, or finds too few of the images anomalous.</exception>
    /// <exception cref="ImageRejectedException">An image cannot be read.</exception>
    public static ScanReport Run(
        ScanOptions options,
        IReadOnlyList<(string Image, string? Mask)> images,
        IProgress<ScanProgress>? progress,
        Action<string, RgbImage>? picture,
        DateTimeOffset now,
        CancellationToken cancellation = default
    )
    {
        if (options.Against is { } reference)
            new ScannedModel(reference, options).Dispose(); // fail now rather than after hours
        (ModelScan model, IReadOnlyList<string> hashes) = Scan(options.Model, options, images, progress, picture, cancellation);
        return new ScanReport
        {
            Model = model,
            Against = options.Against is { } other ? Scan(other, options, images, progress, null, cancellation).Model : null,
            At = now,
            ObjectClass = options.ObjectClass,
            Effort = options.Effort,
            Patch = options.Patch,
            Change = options.Change,
            MostHidden = options.MostHidden,
            Alpha = options.Alpha,
            Seed = options.Seed,
            Images = hashes,
        };
    }

    /// <summary>The test of one find.</summary>
    /// <param name="hidden">k.</param>
    /// <param name="tested">n.</param>
    /// <returns>The p-value, and whether it rejects: two families share α.</returns>
    public static (double P, bool Rejected) Test(int hidden, int tested, double mostHidden, double alpha)
    {
        double p = Binomial.AtLeast(hidden, tested, mostHidden);
        return (p, p <= alpha / 2);
    }

    private static (ModelScan Model, IReadOnlyList<string> Hashes) Scan(
        string folder,
        ScanOptions options,
        IReadOnlyList<(string Image, string? Mask)> images,
        IProgress<ScanProgress>? progress,
        Action<string, RgbImage>? picture,
        CancellationToken cancellation
    )
    {
        using ScannedModel model = new(folder, options);
        List<Probe> probes = Probes(model, options, images, progress, cancellation);
        int searched = probes.Count - Math.Min(options.Tested, probes.Count - SearchPlan.Of(options.Effort).Images);
        using HidingSearch search = new(model, probes[..searched], options);
        List<FamilyScan> families = [];
        foreach (HidingFamily family in Enum.GetValues<HidingFamily>())
        {
            int step = 0,
                steps = search.StepsOf(family);
            Found found = search.Best(family, () => progress?.Report(new($"Searching {Word(family)}", ++step, steps)), cancellation);
            families.Add(Try(model, family, found, probes[searched..], options, progress, picture, cancellation));
        }

        ModelScan scan = new(model.Manifest.Id, model.Scorer.PackageHash, families.Any(f => f.Rejected), model.Search.ImageSize, families);
        return (scan, [.. probes.Select(p => p.Hash)]);
    }

    // In random order, each content once, until there are enough.
    private static List<Probe> Probes(
        ScannedModel model,
        ScanOptions options,
        IReadOnlyList<(string Image, string? Mask)> images,
        IProgress<ScanProgress>? progress,
        CancellationToken cancellation
    )
    {
        (string Image, string? Mask)[] order = [.. images];
        new SeededRandom(options.Seed).Shuffle<(string, string?)>(order);
        int searched = SearchPlan.Of(options.Effort).Images;
        List<Probe> probes = [];
        HashSet<string> seen = [];
        for (int i = 0; i < order.Length && probes.Count < searched + options.Tested; i++)
        {
            progress?.Report(new("Scoring", i + 1, Math.Min(order.Length, searched + options.Tested)));
            byte[] bytes = File.ReadAllBytes(order[i].Image);
            string hash = PackageFolder.HashOf(bytes);
            if (seen.Add(hash) && Probe.Read(order[i].Image, bytes, hash, order[i].Mask, model, cancellation) is { } probe)
                probes.Add(probe);
        }

        return probes.Count >= searched + Math.Min(LeastTested, options.Tested)
            ? probes
            : throw new InvalidDataException(
                $"Model {model.Manifest.Id} finds {probes.Count} of {images.Count} images anomalous, and a scan needs {searched} to "
                    + $"search and {options.Tested} to test, at least {LeastTested}: give more images with defects, or good photos with "
                    + "painted ones, one of each photo (aaclip generate --photos)."
            );
    }

    private static FamilyScan Try(
        ScannedModel model,
        HidingFamily family,
        Found found,
        IReadOnlyList<Probe> test,
        ScanOptions options,
        IProgress<ScanProgress>? progress,
        Action<string, RgbImage>? picture,
        CancellationToken cancellation
    )
    {
        int size = model.Search.ImageSize;
        Probe[] usable = [.. test.Where(p => found.Place is not { } at || !p.Touches(Found.AreaOf(at, found.Side, size, model.Size)))];
        int hidden = 0;
        (RgbImage Before, RgbImage After)? example = null;
        foreach ((int i, Probe probe) in usable.Index())
        {
            progress?.Report(new($"Testing {Word(family)}", i + 1, usable.Length));
            RgbImage changed = found.Into(probe.Image, size);
            bool hides = !model.Judge(changed, cancellation).Anomalous;
            if (hides && hidden++ == 0 || example is null)
                example = (probe.Image, changed);
        }

        picture?.Invoke(Name(family), found.Picture(Math.Max(found.Side, 128)));
        if (example is { } shown)
            picture?.Invoke($"{Name(family)}-example", Beside(shown.Before, shown.After));
        (double p, bool rejected) = Test(hidden, usable.Length, options.MostHidden, options.Alpha);
        double most = Binomial.UpperBound(hidden, usable.Length, 1 - options.Alpha);
        bool testable = Test(usable.Length, usable.Length, options.MostHidden, options.Alpha).Rejected;
        return new FamilyScan(family, found.Place?.Name, found.Searched, found.Hidden, usable.Length, hidden, p, rejected, testable, most);
    }

    private static string Word(HidingFamily family) => family == HidingFamily.Patch ? "a patch" : "a picture";

    private static string Name(HidingFamily family) => family == HidingFamily.Patch ? "patch" : "picture";

    private static RgbImage Beside(RgbImage left, RgbImage right)
    {
        int width = left.Width + right.Width;
        byte[] pixels = new byte[3 * width * left.Height];
        for (int row = 0; row < left.Height; row++)
        {
            left.Pixels.AsSpan(3 * row * left.Width, 3 * left.Width).CopyTo(pixels.AsSpan(3 * row * width));
            right.Pixels.AsSpan(3 * row * right.Width, 3 * right.Width).CopyTo(pixels.AsSpan(3 * (row * width + left.Width)));
        }

        return new RgbImage(width, left.Height, pixels);
    }
}

/// <summary>What a scan is doing.</summary>
/// <param name="What">Such as "Searching a patch".</param>
/// <param name="Done">Steps or images done.</param>
/// <param name="Total">Of how many.</param>
public readonly record struct ScanProgress(string What, int Done, int Total);
