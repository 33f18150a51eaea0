using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using AaClip.Pipeline.Audits;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;

namespace AaClip.Cli.Operate;

/// <summary><c>aaclip audit</c>: looks for marks that hide defects in stored images of a camera.</summary>
internal static class AuditCommand
{
    public static Command Create()
    {
        Option<string> camera = new("--camera")
        {
            Description = "The camera.",
            HelpName = "NAME",
            Required = true,
        };
        Option<DateTimeOffset?> since = Since.Option("Only images stored since then: a duration back from now (2h, 7d), or a time.");
        Option<DateTimeOffset?> to = Since.Option("Only images stored before then.", "--to");
        Option<double> share = new("--share")
        {
            Description = "Share of its normal images that are audited; each takes 52 model runs.",
            DefaultValueFactory = _ => RescoreRequest.DefaultShare,
            HelpName = "X",
            CustomParser = Values.Number<double>(x => x is > 0 and <= 1, "a number above 0 and at most 1"),
        };
        Option<double> falseFlags = new("--false-flags")
        {
            Description = "Share of normal images that may be flagged by chance. The smaller, the more images it takes: 4 divided by it.",
            DefaultValueFactory = _ => AuditFindings.FalseFlags,
            HelpName = "X",
            CustomParser = Values.Number<double>(x => x is >= 0.001 and < 1, "a number from 0.001 to below 1"),
        };
        Option<string?> model = new("--model")
        {
            Description = "The model, whose results say which images are normal. Default: the live one.",
            HelpName = "NAME@VERSION",
        };
        Option<string?> id = new("--id") { Description = "The job's id. Default: a new id.", HelpName = "ID" };
        Option<string?> report = new("--report")
        {
            Description = "Folder for a copy of the report when the job is done.",
            HelpName = "DIR",
        };
        Option<bool> detach = new("--detach") { Description = "Starts the job and does not wait: see 'aaclip jobs'." };
        Option<bool> json = new("--json") { Description = "One JSON object per flagged image; of a job that goes on, the job." };
        Account account = new();
        Verb command = new(
            "audit",
            "Looks for marks that hide defects from the model: covers parts of stored normal images, or smooths them, and flags those "
                + "whose score rises more than that of the others. A flag is a reason to look, and no flag is no proof. A job of the "
                + "workers, behind new images; it changes no result and raises no alert. Ctrl-C does not stop it.",
            "aaclip audit --camera line1 --since 7d --report audit/",
            "aaclip audit --camera line1 --since 1d --share 1 --false-flags 0.02 --detach"
        )
        {
            camera,
            since,
            to,
            share,
            falseFlags,
            model,
            id,
            report,
            detach,
            json,
        };
        account.AddTo(command);
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(async () =>
                {
                    JobServices services = new(await account.OpenAsync(parsed, cancellation));
                    RescoreRequest request = new()
                    {
                        Id = parsed.GetValue(id),
                        Mode = RescoreMode.Audit,
                        Model = parsed.GetValue(model) ?? await services.KnownLiveAsync(cancellation),
                        Cameras = [parsed.GetRequiredValue(camera)],
                        From = parsed.GetValue(since),
                        To = parsed.GetValue(to),
                        Share = parsed.GetValue(share),
                        FalseFlags = parsed.GetValue(falseFlags),
                    };
                    Job job = await services.Jobs.StartAsync(request, await services.LiveAsync(cancellation), cancellation);
                    Console.Error.WriteLine($"Job {job.Id}: audit of {job.Request.Model}.");
                    if (!parsed.GetValue(detach))
                        job = await services.FollowAsync(job.Id, cancellation);
                    if (job.Status == JobStatus.Done)
                        Write((await services.ReportAsync(job.Id, cancellation)).Audit, parsed.GetValue(json));
                    else
                        JobServices.Write(job, parsed.GetValue(json));
                    if (job.Status == JobStatus.Done && parsed.GetValue(report) is { } folder)
                        await services.SaveReportAsync(job.Id, folder, cancellation);
                    return job.Status is JobStatus.Running or JobStatus.Done ? 0 : Run.Failed;
                })
        );
        return command;
    }

    private static void Write(AuditReport? report, bool json)
    {
        if (report is null)
            return; // a job with this id that is no audit would have been refused
        if (json)
            foreach (AuditFinding finding in report.Flagged)
                Console.WriteLine(JsonSerializer.Serialize(finding, JobJson.Default.AuditFinding));
        else if (report.Flagged.Count > 0)
            Tables.Write([Column.Name("image"), "rise when covered", "p", "cell", "rise when smoothed", "p"], report.Flagged.Select(Cells));
        Console.Error.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{report.Images} images measured, {report.FlaggedImages} flagged; of normal images at most "
                    + $"{100 * report.FalseFlags:0.##} % are, by chance."
            )
        );
    }

    private static string[] Cells(AuditFinding finding)
    {
        Rises rises = finding.Audited.Rises!; // a finding has rises
        return
        [
            finding.Audited.Image,
            rises.Covered.ToString("F4", CultureInfo.InvariantCulture),
            finding.CoverP.ToString("G3", CultureInfo.InvariantCulture),
            string.Create(CultureInfo.InvariantCulture, $"{rises.Cell.Width}x{rises.Cell.Height}+{rises.Cell.X}+{rises.Cell.Y}"),
            rises.Smoothed.ToString("F4", CultureInfo.InvariantCulture),
            finding.SmoothP.ToString("G3", CultureInfo.InvariantCulture),
        ];
    }
}
