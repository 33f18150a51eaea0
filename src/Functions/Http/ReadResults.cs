using System.Globalization;
using System.Text.Json;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Results;
using AaClip.Pipeline.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.Functions;

/// <summary>HTTP API of the live model's results.</summary>
public sealed class ReadResults(ResultStore results, ModelHost models)
{
    private const int DefaultTop = 50,
        LargestTop = 1000;

    /// <summary>
    /// GET results/{camera}/{image}: the newest result of an image, 404 if it has none. Images without a folder have camera "default".
    /// </summary>
    [Function("ReadResult")]
    public async Task<IActionResult> One(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "results/{camera}/{*image}")] HttpRequest request,
        string camera,
        string image,
        CancellationToken cancellation
    )
    {
        if (string.IsNullOrEmpty(camera) || string.IsNullOrEmpty(image))
            return Refuse("Name an image: results/{camera}/{image}, or list with results?camera=NAME.");
        string model = await models.LiveIdAsync(cancellation);
        ResultDocument? result = await results.LatestAsync(model, $"{camera}/{image}", cancellation);
        return result is null
            ? Text(
                StatusCodes.Status404NotFound,
                $"Image '{camera}/{image}' has no result of model {model}: it may still be in the queue, or it was skipped."
            )
            : Json(JsonSerializer.Serialize(result, ResultJson.Default.ResultDocument));
    }

    /// <summary>
    /// GET results?camera=&amp;since=&amp;top=: summaries of results, newest first. All parameters are optional; since is ISO 8601, top is
    /// 1 to 1000, default 50.
    /// </summary>
    [Function("ListResults")]
    public async Task<IActionResult> List(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "results")] HttpRequest request,
        CancellationToken cancellation
    )
    {
        string? camera = request.Query["camera"].ToString() is { Length: > 0 } name ? name : null;
        DateTimeOffset? since = null;
        if (request.Query["since"].ToString() is { Length: > 0 } sinceText)
        {
            if (
                !DateTimeOffset.TryParse(
                    sinceText,
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal,
                    out DateTimeOffset instant
                )
            )
                return Refuse($"since is '{sinceText}', expected a time in ISO 8601 such as 2026-01-31T08:00:00Z.");
            since = instant;
        }

        int top = DefaultTop;
        if (
            request.Query["top"].ToString() is { Length: > 0 } topText
            && (!int.TryParse(topText, CultureInfo.InvariantCulture, out top) || top is < 1 or > LargestTop)
        )
            return Refuse($"top is '{topText}', expected 1 to {LargestTop}.");
        string model = await models.LiveIdAsync(cancellation);
        ResultList list = new(model, await results.NewestAsync(model, camera, since, top, cancellation));
        return Json(JsonSerializer.Serialize(list, ResultListJson.Default.ResultList));
    }

    private static ContentResult Json(string json) =>
        new()
        {
            Content = json,
            ContentType = "application/json",
            StatusCode = StatusCodes.Status200OK,
        };

    private static ContentResult Refuse(string message) => Text(StatusCodes.Status400BadRequest, message);

    private static ContentResult Text(int status, string message) =>
        new()
        {
            Content = message,
            ContentType = "text/plain; charset=utf-8",
            StatusCode = status,
        };
}
