using System.Globalization;
using AaClip.Pipeline.Audits;
using AaClip.Pipeline.Storage;
using AaClip.Reports;
using AaClip.Scoring.Images;

namespace AaClip.Pipeline.Jobs;

/// <summary>
/// Makes an audit's report as one HTML file with embedded pictures. audit.liquid is the template; this class provides its data.
/// </summary>
internal sealed class AuditReportPage(StorageClients storage, AuditStore audits)
{
    private const int Pictures = 48;

    private static readonly HtmlPage Page = new(typeof(AuditReportPage), "audit.liquid");

    /// <summary>Reads the pictures of the cells of the images that stand out most, and renders the page.</summary>
    public async Task<string> RenderAsync(Job job, AuditReport report, CancellationToken cancellation)
    {
        List<object> figures = [];
        foreach (AuditFinding finding in report.Flagged.Take(Pictures))
            if (await audits.ReadAsync(job.Id, job.Request.Model, finding.Audited.Version, cancellation) is { Rises.Picture: { } jpeg })
                figures.Add(
                    new
                    {
                        Jpeg = jpeg,
                        finding.Audited.Image,
                        Cell = Words(finding.Audited.Rises!.Cell), // a finding has rises
                    }
                );
        return Page.Render(
            job.Id,
            new
            {
                job.Id,
                job.Request.Model,
                Camera = job.Request.Cameras is [{ } camera] ? camera : "",
                From = job.Request.From is { } from ? Time(from) : "",
                To = job.Request.To is { } to ? Time(to) : "",
                Share = Percent(job.Request.Share ?? 1),
                report.Images,
                NotMeasured = job.Found.Images - report.Images,
                report.FlaggedImages,
                FalseFlags = Percent(report.FalseFlags),
                ByChance = Text("F1", report.FalseFlags * report.Images),
                Figures = figures,
                Rows = report.Flagged.Select(Row).ToArray(),
                More = report.FlaggedImages - report.Flagged.Count,
            }
        );
    }

    private object Row(AuditFinding finding)
    {
        Rises rises = finding.Audited.Rises!; // a finding has rises
        return new
        {
            finding.Audited.Image,
            Link = storage.Container(ContainerNames.Images).GetBlobClient(finding.Audited.Image).Uri.AbsoluteUri,
            Raw = Text("F4", rises.Raw),
            Covered = Text("F4", rises.Covered),
            CoverP = Text("G3", finding.CoverP),
            Cell = Words(rises.Cell),
            Smoothed = Text("F4", rises.Smoothed),
            rises.Filter,
            SmoothP = Text("G3", finding.SmoothP),
        };
    }

    private static string Words(ImageCell cell) =>
        string.Create(CultureInfo.InvariantCulture, $"{cell.Width} x {cell.Height} at {cell.X}, {cell.Y}");

    private static string Percent(double share) => Text("0.##", 100 * share);

    private static string Text(string format, double value) => value.ToString(format, CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset time) => time.ToString("u", CultureInfo.InvariantCulture);
}
