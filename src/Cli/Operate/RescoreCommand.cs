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
            Description = "The old model, for comparison. Default: the live one.",
            HelpName = "NAME@VERSION",
        };
        Option<RescoreMode> mode = new("--mode")
        {
            Description =
                "full scores the images again; threshold judges their stored maps again by the new calibration and the cameras' "
                + "current profiles, without a model run; compare only compares results that both models have; timeline finds events "
                + "in the sequence of a camera's images with a temporal model.",
            CustomParser = Values.Word(except: RescoreMode.Audit), // has its own verb
        };
        Option<string?> prefix = new("--prefix")
        {
            Description = "Only images whose names begin with this text. Default: all.",
            HelpName = "TEXT",
        };
        Option<string[]> cameras = new("--camera")
        {
            Description = "Only images of this camera; may be repeated. Default: all.",
            HelpName = "NAME",
        };
        Option<DateTimeOffset?> from = Since.Option(
            "Only images stored since then: a duration back from now (30m, 2h, 7d), or a time.",
            "--from"
        );
        Option<DateTimeOffset?> to = Since.Option("Only images stored before then.", "--to");
        Option<Verdict[]> verdicts = new("--verdict")
        {
            Description = "Only images to which the old model gave this verdict; may be repeated. Default: all.",
            CustomParser = Values.Words<Verdict>(),
        };
        Option<string?> id = new("--id")
        {
            Description = "The job's id; the same request with the same id is the same job (give times, not durations). Default: a new id.",
            HelpName = "ID",
        };
        Option<int> pageSize = new("--page-size")
        {
            Description = "Images that are sent and accounted for together.",
            DefaultValueFactory = _ => RescoreRequest.DefaultPageSize,
            HelpName = "N",
            CustomParser = Values.Whole(1, 5000),
        };
        Option<int> inFlight = new("--in-flight")
        {
            Description = "Most images that may wait in the queue.",
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
            "Scores stored images with another model and reports what would change. New images go first. The workers of the account "
                + "do the work: 'aaclip up' on this machine, or the deployed functions. Ctrl-C does not stop the job.",
            "aaclip rescore --model models/better --camera line1 --from 7d --report report/",
            "aaclip rescore --model aaclip@3f2a91bc --mode threshold --id new-masks",
            "aaclip rescore --model aaclip@9c0d11ee --mode compare --from 2d",
            "aaclip rescore --model models/vad --mode timeline --camera hall --from 2h --report report/"
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
                    Console.Error.WriteLine(
                        request.Mode == RescoreMode.Timeline
                            ? $"Job {job.Id}: events by {job.Request.Model}."
                            : $"Job {job.Id}: {job.Request.Model} against {job.Request.Against ?? "the live model"}."
                    );
                    if (!parsed.GetValue(detach))
                        job = await services.FollowAsync(job.Id, cancellation);
                    JobServices.Write(job, parsed.GetValue(json));
                    if (job is { Status: JobStatus.Done, Request.Mode: RescoreMode.Timeline } && !parsed.GetValue(json))
                        await services.WriteEventsAsync(job.Id, cancellation);
                    if (job.Status == JobStatus.Done && parsed.GetValue(report) is { } folder)
                        await services.SaveReportAsync(job.Id, folder, cancellation);
                    return job.Status is JobStatus.Running or JobStatus.Done ? 0 : Run.Failed;
                })
        );
        return command;
    }
}
