using System.Text;
using System.Text.Json;
using AaClip.Pipeline.Storage;

namespace AaClip.Pipeline.Jobs;

/// <summary>What a job has found: jobs/{id}/report.json.</summary>
/// <param name="Job">The job, with all counts.</param>
/// <param name="Agreement">Share of the images judged by both with the same verdict.</param>
/// <param name="MeanDifference">Mean absolute difference of the calibrated scores.</param>
/// <param name="Flips">Images whose verdict changed, the largest difference first; at most <see cref="JobReporter.MostFlips"/>. All are in
/// jobs/{id}/flips.</param>
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

    private readonly JobReportPage _page = new(storage);

    /// <summary>Writes both files.</summary>
    public async Task WriteAsync(Job job, CancellationToken cancellation = default)
    {
        PriorityQueue<Compared, double> largest = new(); // the smallest of them is at its head
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
        JobReport report = new(job, job.Found.Agreement, job.Found.MeanDifference, flips);
        await jobs.WriteReportAsync(
            job.Id,
            JsonFile,
            JsonSerializer.SerializeToUtf8Bytes(report, JobJson.Default.JobReport),
            "application/json",
            cancellation
        );
        string html = await _page.RenderAsync(report, cancellation);
        await jobs.WriteReportAsync(job.Id, HtmlFile, Encoding.UTF8.GetBytes(html), "text/html; charset=utf-8", cancellation);
    }

    private static double Difference(Compared flip) => Math.Abs((flip.After.Score ?? 0) - (flip.Before.Score ?? 0));
}
