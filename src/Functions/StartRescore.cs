using System.Text.Json;
using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.Functions;

/// <summary>Rescoring jobs over HTTP: start, list, look at, pause, resume, cancel.</summary>
public sealed class StartRescore(JobService service, JobStore jobs, ModelHost models, TimeProvider time)
{
    private const long LargestBody = 256 * 1024;

    /// <summary>POST rescore: starts a job; the body is a <see cref="RescoreRequest"/>. 202 with the job's progress; 400 when the request makes no sense; 409 when another job has its id.</summary>
    [Function(nameof(StartRescore))]
    public async Task<IActionResult> Start([HttpTrigger(AuthorizationLevel.Function, "post", Route = "rescore")] HttpRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.ContentLength > LargestBody)
            return Text(StatusCodes.Status413PayloadTooLarge, $"The body has {request.ContentLength} bytes, more than {LargestBody}.");
        RescoreRequest? wanted;
        try
        {
            wanted = await JsonSerializer.DeserializeAsync(request.Body, JobJson.Default.RescoreRequest, cancellation).ConfigureAwait(false);
        }
        catch (JsonException e)
        {
            return Text(StatusCodes.Status400BadRequest, $"The body is not a rescoring request: {e.Message} Example: {{ \"model\": \"aaclip@3f2a91bc\", \"cameras\": [\"line1\"], \"mode\": \"full\" }}");
        }

        return wanted is null
            ? Text(StatusCodes.Status400BadRequest, "The body is null: send a rescoring request such as { \"model\": \"aaclip@3f2a91bc\" }.")
            : await AnswerAsync(async () => await service.StartAsync(wanted, await models.LiveIdAsync(cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false), StatusCodes.Status202Accepted).ConfigureAwait(false);
    }

    /// <summary>GET rescore: the progress of all jobs.</summary>
    [Function("ListRescores")]
    public async Task<IActionResult> List([HttpTrigger(AuthorizationLevel.Function, "get", Route = "rescore")] HttpRequest request, CancellationToken cancellation)
    {
        List<JobProgress> all = [];
        await foreach (Job job in jobs.ListAsync(cancellation).ConfigureAwait(false))
            all.Add(JobProgress.Of(job, time.GetUtcNow()));
        return Json(JsonSerializer.Serialize(all, JobJson.Default.IReadOnlyListJobProgress), StatusCodes.Status200OK);
    }

    /// <summary>GET rescore/{id}: a job's progress; 404 when there is none.</summary>
    [Function("ReadRescore")]
    public Task<IActionResult> One([HttpTrigger(AuthorizationLevel.Function, "get", Route = "rescore/{id}")] HttpRequest request, string id, CancellationToken cancellation) =>
        AnswerAsync(async () => (await service.FindAsync(id, cancellation).ConfigureAwait(false)).Job, StatusCodes.Status200OK);

    /// <summary>POST rescore/{id}/{action}: pause, resume or cancel. 404 when there is no such job, 409 when it cannot be done any more.</summary>
    [Function("ChangeRescore")]
    public Task<IActionResult> Change([HttpTrigger(AuthorizationLevel.Function, "post", Route = "rescore/{id}/{action}")] HttpRequest request, string id, string action, CancellationToken cancellation) => action switch
    {
        "pause" => AnswerAsync(() => service.PauseAsync(id, cancellation), StatusCodes.Status200OK),
        "resume" => AnswerAsync(() => service.ResumeAsync(id, cancellation), StatusCodes.Status200OK),
        "cancel" => AnswerAsync(() => service.CancelAsync(id, cancellation), StatusCodes.Status200OK),
        _ => Task.FromResult<IActionResult>(Text(StatusCodes.Status404NotFound, $"There is no action '{action}': pause, resume or cancel.")),
    };

    private async Task<IActionResult> AnswerAsync(Func<Task<Job>> work, int status)
    {
        try
        {
            return Json(JsonSerializer.Serialize(JobProgress.Of(await work().ConfigureAwait(false), time.GetUtcNow()), JobJson.Default.JobProgress), status);
        }
        catch (ArgumentException e)
        {
            return Text(e.ParamName == "id" ? StatusCodes.Status404NotFound : StatusCodes.Status400BadRequest, e.Message.Split(" (Parameter", 2)[0]);
        }
        catch (InvalidOperationException e)
        {
            return Text(StatusCodes.Status409Conflict, e.Message);
        }
    }

    private static ContentResult Json(string json, int status) => new ContentResult { Content = json, ContentType = "application/json", StatusCode = status };

    private static ContentResult Text(int status, string message) => new ContentResult { Content = message, ContentType = "text/plain; charset=utf-8", StatusCode = status };
}
