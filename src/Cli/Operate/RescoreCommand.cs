using System.CommandLine;
using System.Text.Json;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Storage;

namespace AaClip.Cli.Operate;

/// <summary><c>aaclip rescore</c>: scores or judges stored images again, and compares.</summary>
internal static class RescoreCommand
{
    public static Command Create()
    {
        Option<string> model = new("--model")
        {
            Description = "The new model: a package's folder, which is published first, or name@version.",
            HelpName = "MODEL",
            Required = true,
        };
        Option<string?> against = new("--against")
        {
            Description = "The old model, with whose results is compared. Default: the live one.",
            HelpName = "NAME@VERSION",
        };
        Option<RescoreMode> mode = new("--mode")
        {
            Description =
                "full scores the images again; threshold judges their stored maps again by the new calibration and the cameras' "
                + "present profiles, without a model run; compare only compares results that both models have.",
            CustomParser = Values.Word<RescoreMode>(),
        };
        Option<string?> prefix = new("--prefix") { Description = "Images whose names begin so. Default: all.", HelpName = "TEXT" };
        Option<string[]> cameras = new("--camera")
        {
            Description = "Images of this camera; may be repeated. Default: all.",
            HelpName = "NAME",
        };
        Option<DateTimeOffset?> from = Since.Option("Images stored since: a duration back from now (30m, 2h, 7d), or a time.", "--from");
        Option<DateTimeOffset?> to = Since.Option("Images stored before.", "--to");
        Option<Verdict[]> verdicts = new("--verdict")
        {
            Description = "Images to which the old model gave this verdict; may be repeated. Default: all.",
            CustomParser = Values.Words<Verdict>(),
        };
        Option<string?> id = new("--id")
        {
            Description =
                "The job's id; the same request with the same id is the same job (give times, not durations). Default: a new one.",
            HelpName = "ID",
        };
        Option<int> pageSize = new("--page-size")
        {
            Description = "Images that are sent and accounted for at a time.",
            DefaultValueFactory = _ => RescoreRequest.DefaultPageSize,
            HelpName = "N",
            CustomParser = Values.Whole(1, 5000),
        };
        Option<int> inFlight = new("--in-flight")
        {
            Description = "Images that wait in the queue at most.",
            DefaultValueFactory = _ => RescoreRequest.DefaultInFlight,
            HelpName = "N",
            CustomParser = Values.Whole(1, 100_000),
        };
        Option<string?> report = new("--report")
        {
            Description = "Folder for a copy of the report when the job is done.",
            HelpName = "DIR",
        };
        Option<bool> detach = new("--detach") { Description = "Starts the job and does not wait: see 'aaclip jobs'." };
        Option<bool> json = new("--json") { Description = "The job as one JSON object." };
        Account account = new();
        Verb command = new(
            "rescore",
            "Scores stored images with another model, behind new images, and reports what would change. The workers of the account "
                + "do it: 'aaclip up' on this machine, or the deployed functions. Ctrl-C leaves the job going.",
            "aaclip rescore --model models/better --camera line1 --from 7d --report report/",
            "aaclip rescore --model aaclip@3f2a91bc --mode threshold --id new-masks",
            "aaclip rescore --model aaclip@9c0d11ee --mode compare --from 2d"
        )
        {
            model,
            against,
            mode,
            prefix,
            cameras,
            from,
            to,
            verdicts,
            id,
            pageSize,
            inFlight,
            report,
            detach,
            json,
        };
        account.AddTo(command);
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(async () =>
                {
                    StorageClients storage = await account.OpenAsync(parsed, cancellation);
                    JobServices services = new(storage);
                    string? live = await services.LiveAsync(cancellation);
                    RescoreRequest request = new()
                    {
                        Id = parsed.GetValue(id),
                        Model = await services.PublishedAsync(parsed.GetValue(model)!, cancellation),
                        Against = parsed.GetValue(against),
                        Mode = parsed.GetValue(mode),
                        Prefix = parsed.GetValue(prefix),
                        Cameras = parsed.GetValue(cameras) is { Length: > 0 } names ? names : null,
                        From = parsed.GetValue(from),
                        To = parsed.GetValue(to),
                        Verdicts = parsed.GetValue(verdicts) is { Length: > 0 } chosen ? chosen : null,
                        PageSize = parsed.GetValue(pageSize),
                        InFlight = parsed.GetValue(inFlight),
                    };
                    Job job = await services.Jobs.StartAsync(request, live, cancellation);
                    Console.Error.WriteLine($"Job {job.Id}: {job.Request.Model} against {job.Request.Against ?? "the live model"}.");
                    if (!parsed.GetValue(detach))
                        job = await services.FollowAsync(job.Id, cancellation);
                    if (parsed.GetValue(json))
                        Console.WriteLine(
                            JsonSerializer.Serialize(JobProgress.Of(job, TimeProvider.System.GetUtcNow()), JobJson.Default.JobProgress)
                        );
                    else
                        JobServices.Write(job);
                    if (job.Status == JobStatus.Done && parsed.GetValue(report) is { } folder)
                        await services.SaveReportAsync(job.Id, folder, cancellation);
                    return job.Status is JobStatus.Running or JobStatus.Done ? 0 : Run.Failed;
                })
        );
        return command;
    }
}
