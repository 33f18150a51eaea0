using System.Globalization;
using AaClip.Evaluation.Metrics;
using AaClip.Reports;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.References;

namespace AaClip.Evaluation.Report;

/// <summary>
/// The evaluation as one self-contained HTML file: a table, ROC curves, histograms of the scores, and for each class the images that are
/// scored best and worst, with heatmaps. evaluation.liquid is the template; this class provides its values.
/// </summary>
public static class HtmlReport
{
    private const int Shown = 3; // images per group
    private const int ThumbWidth = 240;
    private const int Bins = 30;

    private static readonly HtmlPage Page = new(typeof(HtmlReport), "evaluation.liquid");

    /// <summary>Writes the report.</summary>
    /// <param name="path">Output file; an existing file is replaced.</param>
    /// <param name="scorer">Scores the shown images again, to get their maps.</param>
    /// <param name="references">Patches that the images were compared with; null for none.</param>
    public static void Write(
        string path,
        AnomalyScorer scorer,
        string data,
        Domain domain,
        IReadOnlyList<ClassReport> classes,
        ReferencePatches? references = null,
        CancellationToken cancellation = default
    )
    {
        string html = Page.Render(
            $"{scorer.Model.Id} on {data}",
            new
            {
                Model = scorer.Model.Id.ToString(),
                Data = data,
                Normal = classes.Sum(c => c.Normal),
                Anomalous = classes.Sum(c => c.Anomalous),
                Size = scorer.Model.Architecture.ImageSize,
                Provider = scorer.Provider.ToString(),
                Rows = Rows(classes),
                Classes = classes.Select(c => Class(scorer, c, domain, references, cancellation)).ToArray(),
            }
        );
        WholeFile.Write(path, html);
    }

    private static object[] Rows(IReadOnlyList<ClassReport> classes)
    {
        double?[][] values = [.. classes.Select(Values)];
        List<object> rows = [.. classes.Select((c, i) => Row(c.ClassName, c.Normal, c.Anomalous, values[i]))];
        if (classes.Count > 1)
        {
            double?[] means = [.. Enumerable.Range(0, values[0].Length).Select(k => values.Average(v => v[k]))];
            rows.Add(Row("mean of classes", classes.Sum(c => c.Normal), classes.Sum(c => c.Anomalous), means, mean: true));
        }

        return [.. rows];
    }

    private static double?[] Values(ClassReport c) =>
        [
            c.Pixels.Auroc,
            c.Pixels.Ap,
            c.Pixels.Aupro,
            c.Published.Auroc,
            c.Published.Ap,
            c.Published.F1Max,
            c.PerImage.Auroc,
            c.PerImage.Ap,
            c.PerImage.F1Max,
        ];

    private static object Row(string name, int normal, int anomalous, double?[] values, bool mean = false)
    {
        string[] percents = [.. values.Select(v => v is { } value ? F1(100 * value) : "–")];
        return new
        {
            Name = name,
            Normal = normal,
            Anomalous = anomalous,
            Values = percents,
            Mean = mean,
        };
    }

    private static object Class(
        AnomalyScorer scorer,
        ClassReport one,
        Domain domain,
        ReferencePatches? references,
        CancellationToken cancellation
    )
    {
        (double least, double most) = (one.Images.Min(i => i.Raw), one.Images.Max(i => i.Raw));
        return new
        {
            Name = one.ClassName,
            Curve = Curve(one),
            Bars = Bars(one, least, most),
            Least = F3(least),
            Most = F3(most),
            Groups = Groups(scorer, one, domain, references, cancellation),
        };
    }

    // ROC curve of the images by their own scores, as points in a square of 200 × 180; "" if all images have the same label.
    private static string Curve(ClassReport one)
    {
        Ranking ranking = Ranking.Of([.. one.Images.Select(i => (float)i.Raw)], [.. one.Images.Select(i => i.Anomalous)]);
        return ranking.Defined ? string.Join(' ', ranking.Curve().Select(p => $"{F1(40 + 200 * p.Fpr)},{F1(190 - 180 * p.Tpr)}")) : "";
    }

    private static object[] Bars(ClassReport one, double least, double most)
    {
        double width = Math.Max(most - least, 1e-9);
        int[] normal = new int[Bins],
            anomalous = new int[Bins];
        foreach (ScoredImage image in one.Images)
            (image.Anomalous ? anomalous : normal)[Math.Min(Bins - 1, (int)(Bins * (image.Raw - least) / width))]++;
        double highest = Math.Max(1, Math.Max(normal.Max(), anomalous.Max()));
        return [.. Series("first", 0, normal), .. Series("second", 0.5, anomalous)];

        IEnumerable<object> Series(string kind, double shift, int[] counts) =>
            from bin in Enumerable.Range(0, Bins)
            where counts[bin] > 0
            let height = 170 * counts[bin] / highest
            let x = 20 + 380 * (bin + shift) / Bins
            select new
            {
                Kind = kind,
                X = F1(x),
                Y = F1(190 - height),
                Width = F1(180.0 / Bins),
                Height = F1(height),
            };
    }

    private static object[] Groups(
        AnomalyScorer scorer,
        ClassReport one,
        Domain domain,
        ReferencePatches? references,
        CancellationToken cancellation
    )
    {
        ScoredImage[] anomalous = [.. one.Images.Where(i => i.Anomalous).OrderBy(i => i.Raw)];
        ScoredImage[] normal = [.. one.Images.Where(i => !i.Anomalous).OrderBy(i => i.Raw)];
        (string Title, IEnumerable<ScoredImage> Images)[] groups =
        [
            ("Defects that look most normal", anomalous.Take(Shown)),
            ("Normal images that look worst", normal.Reverse().Take(Shown)),
            ("Defects that stand out most", anomalous.Reverse().Take(Shown)),
        ];
        HeatmapOptions scale = (references?.Calibration ?? scorer.Model.CalibrationFor(one.ClassName)) is { IsNeutral: false } calibration
            ? calibration.HeatmapScale
            : Spread(one);
        object Show(ScoredImage image) => Figure(scorer, one.ClassName, image, scale, domain, references, cancellation);
        return [.. from g in groups where g.Images.Any() select new { g.Title, Figures = g.Images.Select(Show).ToArray() }];
    }

    private static object Figure(
        AnomalyScorer scorer,
        string className,
        ScoredImage image,
        HeatmapOptions scale,
        Domain domain,
        ReferencePatches? references,
        CancellationToken cancellation
    )
    {
        cancellation.ThrowIfCancellationRequested();
        RgbImage picture = ImageDecoder.Decode(File.ReadAllBytes(image.Path), image.Path, new DecodeOptions { Parity = true }).Image;
        ImageScore score = scorer.Score(picture, scorer.AnchorsOf(className), domain, references, cancellation);
        RgbImage small = Resampling.Resize(picture, ThumbWidth, Math.Max(1, ThumbWidth * picture.Height / picture.Width));
        return new
        {
            Jpeg = Convert.ToBase64String(ImageEncoder.Jpeg(Beside(small, Heatmap.Overlay(small, score.Map, scale)), 82)),
            Caption = $"{Path.GetFileName(Path.GetDirectoryName(image.Path))}/{Path.GetFileName(image.Path)}: {F3(image.Raw)}",
        };
    }

    // Without a calibration, the colours span the map maxima of the class; the middle colour is at their median.
    private static HeatmapOptions Spread(ClassReport one)
    {
        float[] maxima = [.. one.Images.Select(i => i.MapMax).Order()];
        float middle = maxima[maxima.Length / 2],
            high = Math.Max(maxima[^1], middle + 1e-3f);
        return HeatmapOptions.Spanning(middle - (high - middle), middle, high);
    }

    private static RgbImage Beside(RgbImage left, RgbImage right)
    {
        byte[] pixels = new byte[left.Pixels.Length * 2];
        int row = left.Width * 3;
        for (int y = 0; y < left.Height; y++)
        {
            left.Pixels.AsSpan(y * row, row).CopyTo(pixels.AsSpan(2 * y * row));
            right.Pixels.AsSpan(y * row, row).CopyTo(pixels.AsSpan((2 * y + 1) * row));
        }

        return new RgbImage(left.Width * 2, left.Height, pixels);
    }

    private static string F1(double value) => value.ToString("F1", CultureInfo.InvariantCulture);

    private static string F3(double value) => value.ToString("F3", CultureInfo.InvariantCulture);
}
