using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Resilience;
using AaClip.Pipeline.Results;
using AaClip.Pipeline.Scoring;
using AaClip.Pipeline.Storage;
using AaClip.Pipeline.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;
using static AaClip.Functions.Answers;

namespace AaClip.Functions;

/// <summary>Scores an image that a program sends over HTTP.</summary>
public sealed class ScoreApi(
    ImagePush push,
    ResultStore results,
    ModelHost models,
    IOptions<PushOptions> options,
    IOptions<LimitsOptions> limits,
    TimeProvider time
)
{
    private const string RetryAfterSeconds = "5";

    private static readonly TimeSpan MemoryPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestLook = TimeSpan.FromMilliseconds(500);
    private static readonly string[] Known = ["camera", "part"];

    /// <summary>
    /// POST score?camera=NAME: 1. reads the image (<see cref="PushBody"/>); 2. stores it and requests its score; 3. waits for the result,
    /// at most Push__WaitSeconds. 200 with the result document, also for a failed image; 202 with the address of the result if it is not
    /// there in time; 400, 413, 415, 422 (the camera's profile does not take it) or 503 as application/problem+json. The image is stored
    /// with 200 and 202 only.
    /// </summary>
    [Function("PushImage")]
    [Operation("Stores an image, scores it and answers with its result.", "images")]
    [Query("camera", "Camera of the image.", Required = true)]
    [Query("part", "Serial number or lot of the part, at most 128 characters.")]
    [Body("application/octet-stream")]
    [Body("image/*")]
    [Body("multipart/form-data")]
    [Answer(200, "The result; of a failed image, too.", typeof(ResultDocument))]
    [Answer(202, "The image is stored; its result will be at the address.", typeof(PushAccepted))]
    [Answer(400, "Camera, part or body are not valid.", typeof(Problem), Problem = true)]
    [Answer(403, "The request comes from a page of another origin.", typeof(Problem), Problem = true)]
    [Answer(413, "The image has more than Limits__MaxBytes bytes.", typeof(Problem), Problem = true)]
    [Answer(415, "The body is not an image.", typeof(Problem), Problem = true)]
    [Answer(422, "The camera's profile does not take the image.", typeof(Problem), Problem = true)]
    [Answer(503, "The image may not be stored: send it again.", typeof(Problem), Problem = true)]
    public async Task<IActionResult> Push(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "score")] HttpRequest request,
        CancellationToken cancellation
    )
    {
        try
        {
            using Activity? span = Tracing.Start("PushImage", request.Headers.TraceParent, ActivityKind.Server);
            if (Origin.Fault(request, "send images") is { } foreign)
                return Problem.Of(StatusCodes.Status403Forbidden, foreign);
            return await PushAsync(request, cancellation);
        }
        catch (RefusedException e)
        {
            return Problem.Of(e.Status, e.Message);
        }
        catch (Exception e) when (InfrastructureException.Is(e) && !cancellation.IsCancellationRequested)
        {
            request.HttpContext.Response.Headers.RetryAfter = RetryAfterSeconds;
            return Problem.Of(StatusCodes.Status503ServiceUnavailable, $"The image may not be stored, send it again: {Fault.Text(e)}");
        }
    }

    private async Task<IActionResult> PushAsync(HttpRequest request, CancellationToken cancellation)
    {
        if (Requests.UnknownParameter(request.Query, Known) is { } unknown)
            throw Bad($"The parameter '{unknown}' is not known: there are camera and part.");
        string camera = request.Query["camera"].ToString();
        if (ImageName.CameraFault(camera) is { } fault)
            throw Bad($"The camera '{camera}' is not valid: {fault}. Name it with score?camera=NAME.");
        string? part = PushBody.Part(request.Query["part"]);

        ImageVersion image = await StoreAsync(request, camera, part, cancellation);
        if (await ResultAsync(image, cancellation) is { } result)
            return Json(JsonSerializer.Serialize(result, ResultJson.Default.ResultDocument), StatusCodes.Status200OK);

        string address = "/api/results/" + string.Join('/', image.Image.Split('/').Select(Uri.EscapeDataString));
        request.HttpContext.Response.Headers.Location = address;
        PushAccepted accepted = new(image.Image, image.ETag, address);
        return Json(JsonSerializer.Serialize(accepted, PushJson.Default.PushAccepted), StatusCodes.Status202Accepted);
    }

    private async Task<ImageVersion> StoreAsync(HttpRequest request, string camera, string? part, CancellationToken cancellation)
    {
        if (!await push.Memory.WaitAsync(MemoryPatience, cancellation))
            throw new TimeoutException("Other images that were sent are still being stored.");
        try
        {
            // 1. Read
            PushedImage sent = await PushBody.ReadAsync(request, limits.Value.MaxBytes, cancellation);
            if (part is not null && sent.Part is not null && part != sent.Part)
                throw Bad($"The query has part '{part}' and the form '{sent.Part}': send one of them.");
            sent = sent with { Part = part ?? sent.Part, Traceparent = Tracing.Received(request.Headers.TraceParent) };

            // 2. Store and request
            (ImageVersion? image, string? refusal) = await push.StoreAsync(camera, sent, cancellation);
            return image ?? throw new RefusedException(StatusCodes.Status422UnprocessableEntity, refusal ?? "");
        }
        finally
        {
            push.Memory.Release();
        }
    }

    /// <summary>
    /// 3. Waits for the result. From here on the image is stored, so no error of storage is told: the answer is then 202.
    /// </summary>
    /// <returns>Null if there is none in time.</returns>
    private async Task<ResultDocument?> ResultAsync(ImageVersion image, CancellationToken cancellation)
    {
        TimeSpan wait = TimeSpan.FromSeconds(options.Value.WaitSeconds);
        TimeSpan look = FirstLook;
        long start = time.GetTimestamp();
        try
        {
            while (time.GetElapsedTime(start) < wait)
            {
                await Task.Delay(look, time, cancellation);
                look = look * 1.5 < LongestLook ? look * 1.5 : LongestLook;
                if (await results.ReadAsync(image.Result(await models.LiveIdAsync(cancellation)), cancellation) is { } result)
                    return result;
            }
        }
        catch (Exception e) when (InfrastructureException.Is(e) && !cancellation.IsCancellationRequested) { }

        return null;
    }

    private static RefusedException Bad(string message) => new(StatusCodes.Status400BadRequest, message);
}

/// <summary>An image that is stored and will be scored.</summary>
/// <param name="Image">Blob name in the images container.</param>
/// <param name="ETag">Version of the blob, without quotes.</param>
/// <param name="Result">Address of the result: GET answers 404 until the image has one.</param>
internal sealed record PushAccepted(string Image, [property: JsonPropertyName("etag")] string ETag, string Result);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PushAccepted))]
internal sealed partial class PushJson : JsonSerializerContext;
