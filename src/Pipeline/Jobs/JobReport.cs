using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using AaClip.Pipeline.Storage;
using Azure;
using Azure.Storage.Blobs;

namespace AaClip.Pipeline.Jobs;

/// <summary>How a job stands, for people and programs.</summary>
public sealed record JobProgress
{
    /// <summary>The job's id.</summary>
    public required string Id { get; init; }

    /// <summary>Where it stands.</summary>
    public required JobStatus Status { get; init; }

    /// <summary>Why it has failed; null otherwise.</summary>
    public string? Reason { get; init; }

    /// <summary>What is done.</summary>
    public required RescoreMode Mode { get; init; }

    /// <summary>The new model.</summary>
    public required string Model { get; init; }

    /// <summary>The old model.</summary>
    public string? Against { get; init; }

    /// <summary>Images until now, or in all where <see cref="Listed"/>.</summary>
    public required long Images { get; init; }

    /// <summary>Whether all images are listed.</summary>
    public required bool Listed { get; init; }

    /// <summary>Images accounted for.</summary>
    public required long Done { get; init; }

    /// <summary>Images whose verdict changed.</summary>
    public required long Flips { get; init; }

    /// <summary>Seconds left at the pace until now; null while that is not known.</summary>
    public double? SecondsLeft { get; init; }

    /// <summary>When it was started.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last took a step.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Of a job.</summary>
    public static JobProgress Of(Job job, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(job);
        return new JobProgress
        {
            Id = job.Id,
            Status = job.Status,
            Reason = job.Reason,
            Mode = job.Request.Mode,
            Model = job.Request.Model,
            Against = job.Request.Against,
            Images = job.Images,
            Listed = job.ListedAll,
            Done = job.Found.Images,
            Flips = job.Found.Flips,
            SecondsLeft = job.Left(now) is { } left ? Math.Round(left.TotalSeconds) : null,
            CreatedAt = job.CreatedAt,
            UpdatedAt = job.UpdatedAt,
        };
    }
}

/// <summary>What a job has found: jobs/{id}/report.json.</summary>
/// <param name="Job">The job, with all counts.</param>
/// <param name="Agreement">Share of the images judged by both with the same verdict.</param>
/// <param name="MeanDifference">Mean absolute difference of the calibrated scores.</param>
/// <param name="Flips">Images whose verdict changed, the largest difference first; at most <see cref="JobReporter.MostFlips"/>. All are in jobs/{id}/flips.</param>
public sealed record JobReport(Job Job, double? Agreement, double? MeanDifference, IReadOnlyList<Compared> Flips);

/// <summary>Writes a job's report: JSON, and one HTML file with its pictures in it.</summary>
public sealed class JobReporter(StorageClients storage, JobStore jobs)
{
    /// <summary>Flips that a report names.</summary>
    public const int MostFlips = 1000;

    /// <summary>The report for programs.</summary>
    public const string JsonFile = "report.json";

    /// <summary>The report for people.</summary>
    public const string HtmlFile = "report.html";

    private const int Pictures = 24;
    private const int PictureBytes = 512 * 1024;

    private readonly BlobContainerClient _heatmaps = storage.Container(ContainerNames.Heatmaps);

    /// <summary>Writes both files.</summary>
    public async Task WriteAsync(Job job, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(job);
        PriorityQueue<Compared, double> largest = new(); // the smallest of them is at its head
        await foreach (Compared flip in jobs.FlipsAsync(job.Id, cancellation).ConfigureAwait(false))
        {
            largest.Enqueue(flip, Difference(flip));
            if (largest.Count > MostFlips)
                largest.Dequeue();
        }

        Compared[] flips = [.. largest.UnorderedItems.Select(f => f.Element).OrderByDescending(Difference).ThenBy(f => f.Image, StringComparer.Ordinal)];
        JobReport report = new(job, job.Found.Agreement, job.Found.MeanDifference, flips);
        await jobs.WriteReportAsync(job.Id, JsonFile, JsonSerializer.SerializeToUtf8Bytes(report, JobJson.Default.JobReport), "application/json", cancellation).ConfigureAwait(false);
        string html = await HtmlAsync(report, cancellation).ConfigureAwait(false);
        await jobs.WriteReportAsync(job.Id, HtmlFile, Encoding.UTF8.GetBytes(html), "text/html; charset=utf-8", cancellation).ConfigureAwait(false);
    }

    private static double Difference(Compared flip) => Math.Abs((flip.After.Score ?? 0) - (flip.Before.Score ?? 0));

    private async Task<string> HtmlAsync(JobReport report, CancellationToken cancellation)
    {
        (Job job, Comparison found) = (report.Job, report.Job.Found);
        StringBuilder html = new();
        html.Append(CultureInfo.InvariantCulture, $$"""
            <!doctype html><html lang="en"><meta charset="utf-8"><title>{{Text(job.Id)}}</title>
            <style>body{font:15px system-ui,sans-serif;margin:2em auto;max-width:70em;color:#222}table{border-collapse:collapse;margin:1em 0}td,th{padding:.3em .8em;text-align:right;border-bottom:1px solid #ddd}
            th:first-child,td:first-child{text-align:left}figure{display:inline-block;margin:.4em;width:22em;vertical-align:top}figure img{width:49%;margin-right:1%}figcaption{font-size:12px;overflow-wrap:anywhere}.big{font-size:28px}.old{fill:#8aa}.new{fill:#c63;opacity:.7}</style>
            <h1>Job {{Text(job.Id)}}</h1>
            <p>{{Text(Mode(job.Request.Mode))}} {{Text(job.Request.Model)}} against {{Text(job.Request.Against ?? "")}}, from {{job.CreatedAt:u}} to {{job.UpdatedAt:u}}.{{Text(Selection(job.Request))}}</p>
            <p class="big">{{found.Images}} images, {{found.Flips}} changed their verdict{{(report.Agreement is { } a ? string.Create(CultureInfo.InvariantCulture, $"; {100 * a:F1} % agreement") : "")}}.</p>
            """);
        html.Append("<table><tr><th>old \\ new");
        string[] befores = [.. found.Counts.Keys.Select(k => k.Split(" → ")[0]).Distinct()], afters = [.. found.Counts.Keys.Select(k => k.Split(" → ")[1]).Distinct().Order(StringComparer.Ordinal)];
        foreach (string after in afters)
            html.Append("<th>").Append(after);
        foreach (string before in befores)
        {
            html.Append("<tr><td>").Append(before);
            foreach (string after in afters)
                html.Append(CultureInfo.InvariantCulture, $"<td>{found.Of(before, after)}");
        }

        html.Append("</table>");
        if (found.Pairs > 0)
            html.Append(CultureInfo.InvariantCulture, $"<h2>Scores</h2><p>{found.Pairs} images have both. The threshold is 0.5. Mean absolute difference {report.MeanDifference:F3}.</p>{Histogram(found)}");

        if (report.Flips.Count > 0)
        {
            html.Append("<h2>Changed verdicts</h2><p>The largest difference first").Append(job.Request.Mode == RescoreMode.Threshold ? "; the heatmap is the one of the first scoring.</p>" : "; the old model's heatmap, then the new one's.</p>");
            foreach (Compared flip in report.Flips.Take(Pictures))
            {
                string[] pictures = [await PictureAsync(job.Request.Against!, flip, cancellation).ConfigureAwait(false), await PictureAsync(job.Request.Model, flip, cancellation).ConfigureAwait(false)];
                if (pictures.Any(p => p.Length > 0))
                    html.Append(CultureInfo.InvariantCulture, $"<figure>{pictures[0]}{pictures[1]}<figcaption>{Text(flip.Image)}<br>{flip.Before.Word} {flip.Before.Score:F3} → {flip.After.Word} {flip.After.Score:F3}</figcaption></figure>");
            }

            html.Append("<table><tr><th>image<th>old<th>new<th>links");
            foreach (Compared flip in report.Flips)
                html.Append(CultureInfo.InvariantCulture, $"<tr><td>{Text(flip.Image)}<td>{flip.Before.Word} {flip.Before.Score:F3}<td>{flip.After.Word} {flip.After.Score:F3}<td>{Link(ContainerNames.Images, flip.Image, "image")} {Link(ContainerNames.Results, BlobNames.Result(job.Request.Against!, flip.Image, flip.ETag), "old")} {Link(ContainerNames.Results, BlobNames.Result(job.Request.Model, flip.Image, flip.ETag), "new")}");
            html.Append("</table>");
            if (report.Flips.Count < found.Flips)
                html.Append(CultureInfo.InvariantCulture, $"<p>{found.Flips - report.Flips.Count} more are in jobs/{Text(job.Id)}/flips.</p>");
        }

        return html.Append("</html>\n").ToString();
    }

    private static string Mode(RescoreMode mode) => mode switch { RescoreMode.Full => "Scored again:", RescoreMode.Threshold => "Judged again:", _ => "Compared:" };

    private static string Selection(RescoreRequest wanted)
    {
        StringBuilder text = new();
        if (wanted.Prefix is { } prefix)
            text.Append(CultureInfo.InvariantCulture, $" Names beginning with {prefix}.");
        if (wanted.Cameras is { } cameras)
            text.Append(CultureInfo.InvariantCulture, $" Cameras {string.Join(", ", cameras)}.");
        if (wanted.From is { } from)
            text.Append(CultureInfo.InvariantCulture, $" Stored from {from:u}.");
        if (wanted.To is { } to)
            text.Append(CultureInfo.InvariantCulture, $" Stored before {to:u}.");
        if (wanted.Verdicts is { } verdicts)
            text.Append(CultureInfo.InvariantCulture, $" Old verdict {string.Join(" or ", verdicts.Select(v => v.ToString().ToLowerInvariant()))}.");
        return text.ToString();
    }

    private static string Histogram(Comparison found)
    {
        const int Width = 640, Height = 160;
        double most = Math.Max(1, found.Old.Concat(found.New).Max());
        StringBuilder svg = new();
        svg.Append(CultureInfo.InvariantCulture, $"<svg width=\"{Width}\" height=\"{Height + 40}\" role=\"img\" aria-label=\"Histograms of old and new scores\">");
        for (int i = 0; i < Comparison.Bins; i++)
        {
            double x = (double)i * Width / Comparison.Bins, half = Width / 2.0 / Comparison.Bins - 1, a = Height * found.Old[i] / most, b = Height * found.New[i] / most;
            svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"old\" x=\"{x:F1}\" y=\"{Height - a:F1}\" width=\"{half:F1}\" height=\"{a:F1}\"/><rect class=\"new\" x=\"{x + half:F1}\" y=\"{Height - b:F1}\" width=\"{half:F1}\" height=\"{b:F1}\"/>");
        }

        svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{Width / 2}\" x2=\"{Width / 2}\" y1=\"0\" y2=\"{Height}\" stroke=\"#222\" stroke-dasharray=\"3\"/><text x=\"0\" y=\"{Height + 15}\">0</text><text x=\"{Width / 2 - 10}\" y=\"{Height + 15}\">0.5</text><text x=\"{Width - 10}\" y=\"{Height + 15}\">1</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<rect class=\"old\" x=\"0\" y=\"{Height + 24}\" width=\"12\" height=\"12\"/><text x=\"16\" y=\"{Height + 35}\">old</text><rect class=\"new\" x=\"60\" y=\"{Height + 24}\" width=\"12\" height=\"12\"/><text x=\"76\" y=\"{Height + 35}\">new</text></svg>");
        return svg.ToString();
    }

    /// <returns>The model's heatmap of an image; nothing where there is none, or a huge one.</returns>
    private async Task<string> PictureAsync(string model, Compared flip, CancellationToken cancellation)
    {
        try
        {
            Response<Azure.Storage.Blobs.Models.BlobDownloadResult> blob = await _heatmaps.GetBlobClient(BlobNames.Heatmap(model, flip.Image, flip.ETag)).DownloadContentAsync(cancellation).ConfigureAwait(false);
            ReadOnlyMemory<byte> bytes = blob.Value.Content.ToMemory();
            return bytes.Length <= PictureBytes ? $"<img alt=\"{Text(model)}\" title=\"{Text(model)}\" src=\"data:image/jpeg;base64,{Convert.ToBase64String(bytes.Span)}\">" : "";
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return "";
        }
    }

    private string Link(string container, string blob, string text) => $"<a href=\"{Text(storage.Container(container).GetBlobClient(blob).Uri.AbsoluteUri)}\">{text}</a>";

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
