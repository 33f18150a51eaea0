using System.Text.Json;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Results;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using static AaClip.Functions.Answers;

namespace AaClip.Functions;

/// <summary>Results over HTTP.</summary>
public sealed class ReadResults(ResultStore results, ModelHost models)
{
    /// <summary>
    /// GET results/{camera}/{image}: the newest result of an image, 404 if it has none. Images without a folder have camera "default".
    /// </summary>
    [Function("ReadResult")]
    [Operation("The newest result of an image, of the live model.", "results")]
    [Answer(200, "The result.", typeof(ResultDocument))]
    [Answer(400, "No image is named.")]
    [Answer(404, "The image has no result yet, or was skipped.")]
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
    /// GET results: a page of results from the index, newest image first. All of these may be left out: camera, model ("name@version", or
    /// "*" for all; by default the live one), verdict (several with commas), class, part, job, from and to (ISO 8601, of the image's stored
    /// time; since is from), minScore, maxScore, top (1 to 1000, by default 50), after (the next of the page before).
    /// </summary>
    [Function("ListResults")]
    [Operation("A page of results, newest image first.", "results")]
    [Query("camera", "Only results of this camera.")]
    [Query("model", "Only results of this model, name@version; * for all. Default: the live model.")]
    [Query("verdict", "Only these verdicts, separated by commas: normal, anomalous, failed.")]
    [Query("class", "Only images of this class.")]
    [Query("part", "Only images of this part.")]
    [Query("job", "Only results that this job asked for.")]
    [Query("generated", "Only images that a check calls generated, or camera.")]
    [Query("from", "Only images stored from then on.", Type = "date-time")]
    [Query("since", "The same as from.", Type = "date-time")]
    [Query("to", "Only images stored before then.", Type = "date-time")]
    [Query("minScore", "Only calibrated scores of at least this.", Type = "number")]
    [Query("maxScore", "Only calibrated scores below this.", Type = "number")]
    [Query("top", "Number of results, 1 to 1000. Default: 50.", Type = "integer")]
    [Query("after", "The next of the page before.")]
    [Answer(200, "The page.", typeof(ResultList))]
    [Answer(400, "A parameter is unknown or has no such value.")]
    public async Task<IActionResult> List(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "results")] HttpRequest request,
        CancellationToken cancellation
    )
    {
        try
        {
            if (Requests.UnknownParameter(request.Query, ResultQueryText.Parameters) is { } unknown)
                return Refuse($"The parameter '{unknown}' is not known: there are {string.Join(", ", ResultQueryText.Parameters)}.");
            ResultQuery query = ResultQueryText.Read(name => request.Query[name], out int top);
            query = query.Model switch
            {
                null => query with { Model = await models.LiveIdAsync(cancellation) },
                "*" => query with { Model = null },
                _ => query,
            };
            List<ResultRow> rows = await results.Index.QueryAsync(query, cancellation).Take(top).ToListAsync(cancellation);
            ResultList list = new(query.Model, rows, rows.Count == top ? rows[^1].Cursor : null);
            return Json(JsonSerializer.Serialize(list, ResultListJson.Default.ResultList));
        }
        catch (ArgumentException e)
        {
            return Refuse(e.Message);
        }
    }
}
