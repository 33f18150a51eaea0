using System.Text;
using System.Text.Json;
using AaClip.Pipeline.Audits;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Storage;

namespace AaClip.Pipeline.Jobs;

/// <summary>The report of a job: jobs/{id}/report.json.</summary>
/// <param name="Job">The job, with all counts.</param>
/// <param name="Agreement">Share of the images judged by both models that have the same verdict; null if there are none.</param>
/// <param name="MeanDifference">Mean absolute difference of the calibrated scores; null without pairs.</param>
/// <param name="Flips">
/// Images whose verdict changed, largest difference first; at most <see cref="JobReporter.MostFlips"/>. jobs/{id}/flips has all of them.
/// </param>
/// <param name="Audit">What an audit found; null for the other modes.</param>
/// <param name="Events">
/// The events that a job of mode timeline found, in order of time; null for the other modes. jobs/{id}/timeline.json has the scores.
/// </param>
public sealed record JobReport(
    Job Job,
    double? Agreement,
    double? MeanDifference,
    IReadOnlyList<Compared> Flips,
    AuditReport? Audit = null,
    IReadOnlyList<TimelineEvent>? Events = null
);

/// <summary>Writes a job's report: a JSON file, and an HTML file with embedded pictures.</summary>
/// <param name="reviewAddress">Address of the review page, to which the report links; empty for none.</param>
public sealed class JobReporter(StorageClients storage, JobStore jobs, AuditStore audits, StoredFrames frames, string reviewAddress)
{
    /// <summary>Maximum number of changed verdicts in a report.</summary>
    public const int MostFlips = 1000;

    /// <summary>Name of the JSON file.</summary>
    public const string JsonFile = "report.json";

    /// <summary>Name of the time line.</summary>
    public const string TimelineFile = "timeline.json";

    /// <summary>Name of the HTML file.</summary>
    public const string HtmlFile = "report.html";

    private readonly JobReportPage _page = new(storage, reviewAddress);
    private readonly AuditReportPage _auditPage = new(storage, audits);

    /// <summary>Writes both files.</summary>
    /// <exception cref="InvalidDataException">An audit has too few images.</exception>
    public async Task WriteAsync(Job job, CancellationToken cancellation = default)
    {
        PriorityQueue<Compared, double> largest = new(); // the smallest difference is dequeued first
        await foreach (Compared flip in jobs.FlipsAsync(job.Id, cancellation))
        {
            largest.Enqueue(flip, Difference(flip));
            if (largest.Count > MostFlips)
                largest.Dequeue();
        }

        Compared[] flips =
        [
            .. largest.UnorderedItems.Select(f => f.Element).OrderByDescending(Difference).ThenBy(f => f.Image, StringComparer.Ordinal),
        ];
        AuditReport? audit = job.Request.FalseFlags is { } share
            ? AuditReport.Of(await audits.PagesAsync(job.Id, cancellation).ToListAsync(cancellation), share)
            : null;
        TimelineDocument? timeline = null;
        if (job.Request.Mode == RescoreMode.Timeline)
        {
            List<ImageVersion> images = [];
            for (int i = 0; i < job.Listed; i++)
                images.AddRange((await jobs.PageAsync(job.Id, i, cancellation))?.Images.Select(p => p.Version) ?? []);
            timeline = await frames.TimelineAsync(job, images, cancellation);
            if (timeline is not null)
                await jobs.WriteReportAsync(
                    job.Id,
                    TimelineFile,
                    Encoding.UTF8.GetBytes(timeline.ToJson()),
                    "application/json",
                    cancellation
                );
        }

        JobReport report = new(job, job.Found.Agreement, job.Found.MeanDifference, flips, audit, timeline?.Events);
        await jobs.WriteReportAsync(
            job.Id,
            JsonFile,
            JsonSerializer.SerializeToUtf8Bytes(report, JobJson.Default.JobReport),
            "application/json",
            cancellation
        );
        string html = audit is null
            ? await _page.RenderAsync(report, cancellation)
            : await _auditPage.RenderAsync(job, audit, cancellation);
        await jobs.WriteReportAsync(job.Id, HtmlFile, Encoding.UTF8.GetBytes(html), "text/html; charset=utf-8", cancellation);
    }

    private static double Difference(Compared flip) => Math.Abs((flip.After.Score ?? 0) - (flip.Before.Score ?? 0));
}
