using System.Text.Json;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using static AaClip.Functions.Answers;

namespace AaClip.Functions;

/// <summary>HTTP API of rescoring jobs: start, list, read, pause, resume, cancel.</summary>
public sealed class JobsApi(JobService service, JobStore jobs, ModelHost models, TimeProvider time)
{
    private const int LargestBody = 256 * 1024;
    private const int LongestMessage = 2000;

    /// <summary>
    /// POST rescore: starts a job; the body is a <see cref="RescoreRequest"/>. 202 with the job's progress; 400 if the request is not
    /// valid; 409 if another job has its id.
    /// </summary>
    [Function("StartRescore")]
    [Operation("Starts a rescoring job.", "jobs")]
    [Body("application/json", typeof(RescoreRequest))]
    [Answer(202, "Progress of the job.", typeof(JobProgress))]
    [Answer(400, "The request is not valid.")]
    [Answer(403, "The request comes from a page of another origin.")]
    [Answer(409, "Another job has this id.")]
    [Answer(413, "The body is too long.")]
    [Answer(415, "The body is not JSON.")]
    public async Task<IActionResult> Start(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "rescore")] HttpRequest request,
        CancellationToken cancellation
    )
    {
        if (Origin.Fault(request, "start jobs") is { } foreign)
            return Text(StatusCodes.Status403Forbidden, foreign);
        if (!request.HasJsonContentType())
            return Text(StatusCodes.Status415UnsupportedMediaType, $"The body is '{request.ContentType}', expected application/json.");
        RescoreRequest wanted;
        try
        {
            if (await Requests.BodyAsync(request, LargestBody, cancellation) is not { } body)
                return Text(StatusCodes.Status413PayloadTooLarge, $"The body has more than {LargestBody} bytes.");
            wanted = RescoreRequest.Parse(body);
        }
        catch (JsonException e)
        {
            return Text(
                StatusCodes.Status400BadRequest,
                Limited(
                    $"The body is not a rescoring request: {e.Message} Example: {{ \"model\": \"aaclip@3f2a91bc\", \"cameras\": "
                        + $"[\"line1\"], \"mode\": \"full\" }}"
                )
            );
        }

        return await AnswerAsync(
            async () => await service.StartAsync(wanted, await models.LiveIdAsync(cancellation), cancellation),
            StatusCodes.Status202Accepted
        );
    }

    /// <summary>GET rescore: the progress of all jobs.</summary>
    [Function("ListRescores")]
    [Operation("The progress of all jobs.", "jobs")]
    [Answer(200, "The jobs.", typeof(JobProgress[]))]
    public async Task<IActionResult> List(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "rescore")] HttpRequest request,
        CancellationToken cancellation
    )
    {
        List<JobProgress> all = [];
        await foreach (Job job in jobs.ListAsync(cancellation))
            all.Add(JobProgress.Of(job, time.GetUtcNow()));
        return Json(JsonSerializer.Serialize(all, JobJson.Default.IReadOnlyListJobProgress), StatusCodes.Status200OK);
    }

    /// <summary>GET rescore/{id}: a job's progress; 404 if there is no such job.</summary>
    [Function("ReadRescore")]
    [Operation("The progress of a job.", "jobs")]
    [Answer(200, "The job.", typeof(JobProgress))]
    [Answer(404, "There is no such job.")]
    public Task<IActionResult> One(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "rescore/{id}")] HttpRequest request,
        string id,
        CancellationToken cancellation
    ) => AnswerAsync(() => service.FindAsync(id, cancellation), StatusCodes.Status200OK);

    /// <summary>
    /// POST rescore/{id}/{action}: pause, resume or cancel. 404 if there is no such job, 409 if its state does not allow the action.
    /// </summary>
    [Function("ChangeRescore")]
    [Operation("Pauses (pause), resumes (resume) or cancels (cancel) a job.", "jobs")]
    [Answer(200, "The job.", typeof(JobProgress))]
    [Answer(404, "There is no such job, or no such action.")]
    [Answer(409, "The state of the job does not allow it.")]
    public Task<IActionResult> Change(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "rescore/{id}/{action}")] HttpRequest request,
        string id,
        string action,
        CancellationToken cancellation
    ) =>
        action switch
        {
            "pause" => AnswerAsync(() => service.PauseAsync(id, cancellation), StatusCodes.Status200OK),
            "resume" => AnswerAsync(() => service.ResumeAsync(id, cancellation), StatusCodes.Status200OK),
            "cancel" => AnswerAsync(() => service.CancelAsync(id, cancellation), StatusCodes.Status200OK),
            _ => Task.FromResult<IActionResult>(
                Text(StatusCodes.Status404NotFound, $"There is no action '{action}': pause, resume or cancel.")
            ),
        };

    private async Task<IActionResult> AnswerAsync(Func<Task<Job>> work, int status)
    {
        try
        {
            return Json(JsonSerializer.Serialize(JobProgress.Of(await work(), time.GetUtcNow()), JobJson.Default.JobProgress), status);
        }
        catch (ArgumentException e)
        {
            return Text(
                e.ParamName == "id" ? StatusCodes.Status404NotFound : StatusCodes.Status400BadRequest,
                Limited(e.Message.Split(" (Parameter", 2)[0])
            );
        }
        catch (InvalidOperationException e)
        {
            return Text(StatusCodes.Status409Conflict, Limited(e.Message));
        }
    }

    // Messages repeat invalid input, but only up to this length.
    private static string Limited(string message) => message.Length <= LongestMessage ? message : $"{message[..LongestMessage]} …";
}
