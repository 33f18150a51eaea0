using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;

namespace AaClip.Cli.Operate;

/// <summary><c>aaclip jobs</c>: lists rescoring jobs; show, follow, pause, resume, cancel, report.</summary>
internal static class JobsCommand
{
    public static Command Create()
    {
        Option<bool> json = new("--json") { Description = "One JSON object per line." };
        Account account = new();
        Verb command = new(
            "jobs",
            "Lists rescoring jobs, or shows and controls one of them.",
            "aaclip jobs",
            "aaclip jobs follow 20260131-081500-3f2a",
            "aaclip jobs pause 20260131-081500-3f2a",
            "aaclip jobs report 20260131-081500-3f2a --out report/"
        )
        {
            json,
        };
        account.AddTo(command);
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(async () =>
                {
                    JobServices services = new(await account.OpenAsync(parsed, cancellation));
                    List<JobProgress> jobs = [];
                    await foreach (Job job in services.ListAsync(cancellation))
                        jobs.Add(JobProgress.Of(job, TimeProvider.System.GetUtcNow()));
                    if (parsed.GetValue(json))
                        foreach (JobProgress job in jobs)
                            Console.WriteLine(JsonSerializer.Serialize(job, JobJson.Default.JobProgress));
                    else if (jobs.Count > 0)
                        Tables.Write(
                            ["job", "status", "mode", Column.Name("model"), Column.Name("against"), "images", "done", "changed", "left"],
                            jobs.Select(Cells)
                        );
                    if (jobs.Count == 0)
                        Console.Error.WriteLine("No jobs.");
                    return 0;
                })
        );

        command.Add(One("show", "Shows a job.", (services, id, _, c) => services.Jobs.FindAsync(id, c)));
        command.Add(One("follow", "Shows a job's progress until it stops.", (services, id, _, c) => services.FollowAsync(id, c)));
        command.Add(One("pause", "Pauses a job.", (services, id, _, c) => services.Jobs.PauseAsync(id, c)));
        command.Add(One("resume", "Continues a paused or failed job.", (services, id, _, c) => services.Jobs.ResumeAsync(id, c)));
        command.Add(
            One(
                "cancel",
                "Ends a job, which cannot be resumed; its results are kept.",
                (services, id, _, c) => services.Jobs.CancelAsync(id, c)
            )
        );
        Option<string> output = new("--out")
        {
            Description = "Folder for report.html and report.json.",
            HelpName = "DIR",
            Required = true,
        };
        command.Add(
            One(
                "report",
                "Copies the report of a job that is done.",
                async (services, id, parsed, c) =>
                {
                    Job job = await services.Jobs.FindAsync(id, c);
                    await services.SaveReportAsync(id, parsed.GetValue(output)!, c);
                    return job;
                },
                output
            )
        );
        return command;
    }

    private static Verb One(
        string name,
        string description,
        Func<JobServices, string, ParseResult, CancellationToken, Task<Job>> work,
        params Option[] options
    )
    {
        Argument<string> id = new("ID") { Description = "The job's id." };
        Option<bool> json = new("--json") { Description = "The job as one JSON object." };
        Account account = new();
        Verb command = new(name, description, $"aaclip jobs {name} 20260131-081500-3f2a") { id, json };
        foreach (Option option in options)
            command.Options.Add(option);
        account.AddTo(command);
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(async () =>
                {
                    JobServices services = new(await account.OpenAsync(parsed, cancellation));
                    Job job = await work(services, parsed.GetValue(id)!, parsed, cancellation);
                    JobServices.Write(job, parsed.GetValue(json));
                    return job.Status == JobStatus.Failed ? Run.Failed : 0;
                })
        );
        return command;
    }

    private static string[] Cells(JobProgress job) =>
        [
            job.Id,
            JobService.Word(job.Status),
            job.Mode.ToString().ToLowerInvariant(),
            job.Model,
            job.Against ?? "",
            $"{job.Images}{(job.Listed ? "" : "+")}",
            job.Done.ToString(CultureInfo.InvariantCulture),
            job.Flips.ToString(CultureInfo.InvariantCulture),
            job.SecondsLeft is { } left ? TimeSpan.FromSeconds(left).ToString("c", CultureInfo.InvariantCulture) : "",
        ];
}
