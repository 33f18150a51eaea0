using System.Globalization;
using System.Net;
using System.Text;
using AaClip.Evaluation.Metrics;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;

namespace AaClip.Evaluation.Report;

/// <summary>
/// The evaluation as one HTML file that needs nothing else: table, ROC curves, histograms of the scores, and of each class the images that it
/// judges best and worst, with heatmaps.
/// </summary>
public static class HtmlReport
{
    private const int Shown = 3;       // images of a kind
    private const int ThumbWidth = 240;
    private const int Bins = 30;

    private const string Style = """
        body{font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:1080px;padding:16px;color:#1c2024;background:#fff}
        h1{font-size:1.4em;margin:.2em 0}h2{font-size:1.15em;margin:1.6em 0 .4em;border-bottom:1px solid #d8dde2}
        .wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums;white-space:nowrap;font-size:.88em}
        th,td{padding:3px 7px;text-align:right;border-bottom:1px solid #e6e9ec}th:first-child,td:first-child{text-align:left}
        th{font-weight:600;background:#f4f6f8}tr.mean td{font-weight:600}.row{display:flex;flex-wrap:wrap;gap:14px}
        figure{margin:0;width:240px}figure img{width:100%;border-radius:4px;display:block}figcaption{font-size:.82em;color:#5a6370;overflow-wrap:anywhere}
        svg{max-width:100%;height:auto}.note{color:#5a6370;font-size:.88em}
        """;

    /// <summary>Writes the file.</summary>
    /// <param name="path">Replaced as a whole.</param>
    /// <param name="scorer">Scores the images that are shown once more, for their maps.</param>
    public static void Write(string path, AnomalyScorer scorer, string data, Domain domain, IReadOnlyList<ClassReport> classes, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(scorer);
        ArgumentNullException.ThrowIfNull(classes);
        StringBuilder html = new();
        html.Append(CultureInfo.InvariantCulture, $"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width,initial-scale=1\"><title>{Text(scorer.Model.Id)} on {Text(data)}</title><style>{Style}</style>");
        html.Append(CultureInfo.InvariantCulture, $"<h1>{Text(scorer.Model.Id)} on {Text(data)}</h1><p class=note>{classes.Sum(c => c.Normal)} normal and {classes.Sum(c => c.Anomalous)} anomalous images, {scorer.Model.Architecture.ImageSize} px, {scorer.Provider}.</p>");
        Table(html, classes);
        foreach (ClassReport one in classes)
        {
            html.Append(CultureInfo.InvariantCulture, $"<h2>{Text(one.ClassName)}</h2><div class=row>");
            Curve(html, one);
            Histogram(html, one);
            html.Append("</div>");
            Images(html, scorer, one, domain, cancellation);
        }

        File.WriteAllText(path + ".tmp", html.ToString());
        File.Move(path + ".tmp", path, overwrite: true);
    }

    private static void Table(StringBuilder html, IReadOnlyList<ClassReport> classes)
    {
        html.Append("<div class=wide><table><tr><th>class<th>normal<th>anomalous<th>pixel AUROC<th>pixel AP<th>AUPRO<th>image AUROC<th>image AP<th>F1-max<th>alone: AUROC<th>alone: AP<th>alone: F1-max</tr>");
        double?[][] values = [.. classes.Select(c => (double?[])[c.Pixels.Auroc, c.Pixels.Ap, c.Pixels.Aupro, c.Published.Auroc, c.Published.Ap, c.Published.F1Max, c.PerImage.Auroc, c.PerImage.Ap, c.PerImage.F1Max])];
        for (int i = 0; i < classes.Count; i++)
            Row(html, "", classes[i].ClassName, classes[i].Normal, classes[i].Anomalous, values[i]);
        if (classes.Count > 1)
            Row(html, " class=mean", "mean of classes", classes.Sum(c => c.Normal), classes.Sum(c => c.Anomalous), [.. Enumerable.Range(0, values[0].Length).Select(k => values.Average(v => v[k]))]);
        html.Append("</table></div><p class=note>Percent. <b>image</b>: the published protocol, whose scores are spread over all test images of a class. <b>alone</b>: the score that a service gives each image by itself. A dash is not defined: only one kind of image is there.</p>");
    }

    private static void Row(StringBuilder html, string kind, string name, int normal, int anomalous, double?[] values)
    {
        html.Append(CultureInfo.InvariantCulture, $"<tr{kind}><td>{Text(name)}<td>{normal}<td>{anomalous}");
        foreach (double? value in values)
            html.Append("<td>").Append(value is { } v ? FormattableString.Invariant($"{100 * v:F1}") : "–");
        html.Append("</tr>");
    }

    // 260 × 220 with axes; images by their own scores.
    private static void Curve(StringBuilder html, ClassReport one)
    {
        Ranking ranking = RankingOf(one);
        html.Append("<svg width=260 height=230 viewBox=\"0 0 260 230\" role=img aria-label=\"ROC curve\"><rect x=40 y=10 width=200 height=180 fill=none stroke=#c6ccd2 /><line x1=40 y1=190 x2=240 y2=10 stroke=#dfe3e7 />");
        if (ranking.Defined)
        {
            html.Append("<polyline fill=none stroke=#0b6e4f stroke-width=2 points=\"");
            foreach ((double fpr, double tpr) in ranking.Curve())
                html.Append(CultureInfo.InvariantCulture, $"{40 + 200 * fpr:F1},{190 - 180 * tpr:F1} ");
            html.Append("\"/>");
        }

        html.Append("<g font-size=11 fill=#5a6370><text x=140 y=218 text-anchor=middle>normal images called anomalous</text><text x=14 y=100 text-anchor=middle transform=\"rotate(-90 14 100)\">defects found</text><text x=40 y=203>0</text><text x=240 y=203 text-anchor=end>1</text></g></svg>");
    }

    private static void Histogram(StringBuilder html, ClassReport one)
    {
        double least = one.Images.Min(i => i.Raw), most = one.Images.Max(i => i.Raw), width = Math.Max(most - least, 1e-9);
        int[] normal = new int[Bins], anomalous = new int[Bins];
        foreach (ScoredImage image in one.Images)
            (image.Anomalous ? anomalous : normal)[Math.Min(Bins - 1, (int)(Bins * (image.Raw - least) / width))]++;
        double highest = Math.Max(1, Math.Max(normal.Max(), anomalous.Max()));
        html.Append("<svg width=420 height=230 viewBox=\"0 0 420 230\" role=img aria-label=\"Histogram of scores\"><line x1=20 y1=190 x2=400 y2=190 stroke=#c6ccd2 />");
        for (int i = 0; i < Bins; i++)
        {
            double x = 20 + 380.0 * i / Bins;
            Bar(x, normal[i], "#2f6fb3");
            Bar(x + 190.0 / Bins, anomalous[i], "#c2452d");
        }

        html.Append(CultureInfo.InvariantCulture, $"<g font-size=11 fill=#5a6370><text x=20 y=205>{least:F3}</text><text x=400 y=205 text-anchor=end>{most:F3}</text><text x=210 y=222 text-anchor=middle>score of the image alone: <tspan fill=#2f6fb3>normal</tspan>, <tspan fill=#c2452d>anomalous</tspan></text></g></svg>");

        void Bar(double x, int count, string color)
        {
            if (count > 0)
                html.Append(CultureInfo.InvariantCulture, $"<rect x={x:F1} y={190 - 170 * count / highest:F1} width={180.0 / Bins:F1} height={170 * count / highest:F1} fill={color} />");
        }
    }

    private static void Images(StringBuilder html, AnomalyScorer scorer, ClassReport one, Domain domain, CancellationToken cancellation)
    {
        ScoredImage[] anomalous = [.. one.Images.Where(i => i.Anomalous).OrderBy(i => i.Raw)], normal = [.. one.Images.Where(i => !i.Anomalous).OrderBy(i => i.Raw)];
        (string Title, IEnumerable<ScoredImage> Images)[] groups =
        [
            ("Defects that look most normal", anomalous.Take(Shown)),
            ("Normal images that look worst", normal.Reverse().Take(Shown)),
            ("Defects that stand out most", anomalous.Reverse().Take(Shown)),
        ];
        HeatmapOptions scale = scorer.Model.Calibrations.Count > 0 ? scorer.Model.CalibrationFor(one.ClassName).HeatmapScale : Spread(one);
        foreach ((string title, IEnumerable<ScoredImage> images) in groups.Where(g => g.Images.Any()))
        {
            html.Append(CultureInfo.InvariantCulture, $"<h3>{title}</h3><div class=row>");
            foreach (ScoredImage image in images)
            {
                cancellation.ThrowIfCancellationRequested();
                RgbImage picture = ImageDecoder.Decode(File.ReadAllBytes(image.Path), image.Path, new DecodeOptions { Parity = true }).Image;
                ImageScore score = scorer.Score(picture, scorer.AnchorsOf(one.ClassName), domain, cancellation);
                RgbImage small = Bicubic.Resize(picture, ThumbWidth, Math.Max(1, ThumbWidth * picture.Height / picture.Width));
                string both = Convert.ToBase64String(ImageEncoder.Jpeg(Beside(small, Heatmap.Overlay(small, score.Map, scale)), 82));
                html.Append(CultureInfo.InvariantCulture, $"<figure style=\"width:480px;max-width:100%\"><img alt=\"\" src=\"data:image/jpeg;base64,{both}\"><figcaption>{Text(Path.GetFileName(Path.GetDirectoryName(image.Path)) ?? "")}/{Text(Path.GetFileName(image.Path))}: {image.Raw:F3}</figcaption></figure>");
            }

            html.Append("</div>");
        }
    }

    // Without a calibration the class's own maxima span the colours: the middle one is their median.
    private static HeatmapOptions Spread(ClassReport one)
    {
        float[] maxima = [.. one.Images.Select(i => i.MapMax).Order()];
        float middle = maxima[maxima.Length / 2], high = Math.Max(maxima[^1], middle + 1e-3f);
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

    private static Ranking RankingOf(ClassReport one) => Ranking.Of([.. one.Images.Select(i => (float)i.Raw)], [.. one.Images.Select(i => i.Anomalous)]);

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
