using System.Globalization;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Storage;
using AaClip.Reports;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace AaClip.Pipeline.Jobs;

/// <summary>
/// Makes a job's report as one HTML file with embedded pictures. job.liquid is the template; this class provides its data.
/// </summary>
internal sealed class JobReportPage(StorageClients storage, string reviewAddress)
{
    private const int Pictures = 24;
    private const int PictureBytes = 512 * 1024;

    private static readonly HtmlPage Page = new(typeof(JobReportPage), "job.liquid");

    private readonly BlobContainerClient _heatmaps = storage.Container(ContainerNames.Heatmaps);

    /// <summary>Reads the heatmaps of the images with the largest differences, and renders the page.</summary>
    public async Task<string> RenderAsync(JobReport report, CancellationToken cancellation)
    {
        (Job job, Comparison found) = (report.Job, report.Job.Found);
        string against = job.Request.Against ?? "";
        List<object> figures = [];
        foreach (Compared flip in report.Flips.Take(Pictures))
            figures.AddRange(await FigureAsync(job.Request.Model, against, flip, cancellation));
        string[] befores = [.. found.Counts.Keys.Select(k => k.Split(" → ")[0]).Distinct()];
        string[] afters = [.. found.Counts.Keys.Select(k => k.Split(" → ")[1]).Distinct().Order(StringComparer.Ordinal)];
        return Page.Render(
            job.Id,
            new
            {
                job.Id,
                Mode = job.Request.Mode switch
                {
                    RescoreMode.Full => "Scored again",
                    RescoreMode.Threshold => "Judged again",
                    _ => "Compared",
                },
                job.Request.Model,
                Against = against,
                Begun = Time(job.CreatedAt),
                Ended = Time(job.UpdatedAt),
                Selection = Selection(job.Request),
                found.Images,
                Flipped = found.Flips,
                Agreement = report.Agreement is { } share ? Text("F1", 100 * share) : "",
                Afters = afters,
                Rows = befores.Select(b => new { Before = b, Counts = afters.Select(a => found.Of(b, a)).ToArray() }).ToArray(),
                found.Pairs,
                MeanDifference = Text("F3", report.MeanDifference),
                Bars = Bars(found),
                Review = ReviewLink(job.Request, against),
                OneHeatmap = job.Request.Mode == RescoreMode.Threshold,
                Figures = figures,
                Flips = report.Flips.Select(f => Row(job.Request.Model, against, f)).ToArray(),
                More = found.Flips - report.Flips.Count,
            }
        );
    }

    // The view of the review page that compares the two models; it takes one camera or all.
    private string ReviewLink(RescoreRequest wanted, string against)
    {
        if (reviewAddress.Length == 0 || against.Length == 0 || against == wanted.Model)
            return "";
        (string Name, string? Value)[] parameters =
        [
            ("a", against),
            ("b", wanted.Model),
            ("camera", wanted.Cameras is [{ } only] ? only : null),
            ("from", wanted.From?.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)),
            ("to", wanted.To?.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)),
        ];
        return $"{reviewAddress}/compare?"
            + string.Join('&', parameters.Where(p => p.Value is not null).Select(p => $"{p.Name}={Uri.EscapeDataString(p.Value!)}"));
    }

    private static object Selection(RescoreRequest wanted) =>
        new
        {
            Prefix = wanted.Prefix ?? "",
            Cameras = wanted.Cameras ?? [],
            From = wanted.From is { } from ? Time(from) : "",
            To = wanted.To is { } to ? Time(to) : "",
            Verdicts = wanted.Verdicts?.Select(v => v.ToString().ToLowerInvariant()).ToArray() ?? [],
        };

    // 640 × 160 units; each bin has the old and the new bar side by side.
    private static object[] Bars(Comparison found)
    {
        double most = Math.Max(1, found.Old.Concat(found.New).Max()),
            bin = 640.0 / Comparison.Bins,
            half = bin / 2 - 1;
        return
        [
            .. found.Old.Select((count, i) => Bar("first", i * bin, half, 160 * count / most)),
            .. found.New.Select((count, i) => Bar("second", i * bin + half, half, 160 * count / most)),
        ];
    }

    private static object Bar(string kind, double x, double width, double height) =>
        new
        {
            Kind = kind,
            X = Text("F1", x),
            Y = Text("F1", 160 - height),
            Width = Text("F1", width),
            Height = Text("F1", height),
        };

    /// <returns>One figure with the old and the new heatmap of an image; empty if it has neither.</returns>
    private async Task<object[]> FigureAsync(string model, string against, Compared flip, CancellationToken cancellation)
    {
        List<object> heatmaps = [];
        foreach (string one in (string[])[against, model])
            if (await HeatmapAsync(one, flip, cancellation) is { } jpeg)
                heatmaps.Add(new { Model = one, Jpeg = jpeg });
        return heatmaps.Count == 0
            ? []
            :
            [
                new
                {
                    Heatmaps = heatmaps,
                    flip.Image,
                    Before = Words(flip.Before),
                    After = Words(flip.After),
                },
            ];
    }

    /// <returns>The model's heatmap of an image, Base64; null if there is none, or if it is larger than 512 KB.</returns>
    private async Task<string?> HeatmapAsync(string model, Compared flip, CancellationToken cancellation)
    {
        try
        {
            BlobClient blob = _heatmaps.GetBlobClient(flip.Version.Heatmap(model));
            Response<BlobDownloadResult> found = await blob.DownloadContentAsync(cancellation);
            ReadOnlyMemory<byte> bytes = found.Value.Content.ToMemory();
            return bytes.Length is > 0 and <= PictureBytes ? Convert.ToBase64String(bytes.Span) : null;
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    private object Row(string model, string against, Compared flip) =>
        new
        {
            flip.Image,
            Before = Words(flip.Before),
            After = Words(flip.After),
            ImageLink = Link(ContainerNames.Images, flip.Image),
            BeforeLink = Link(ContainerNames.Results, flip.Version.Result(against)),
            AfterLink = Link(ContainerNames.Results, flip.Version.Result(model)),
        };

    private string Link(string container, string blob) => storage.Container(container).GetBlobClient(blob).Uri.AbsoluteUri;

    private static string Words(Outcome outcome) => $"{outcome.Word} {Text("F3", outcome.Score)}";

    private static string Text(string format, double? value) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "";

    private static string Time(DateTimeOffset time) => time.ToString("u", CultureInfo.InvariantCulture);
}
