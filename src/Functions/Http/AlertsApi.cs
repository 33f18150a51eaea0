using System.Text.Json;
using System.Text.Json.Serialization;
using AaClip.Pipeline.Alerts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using static AaClip.Functions.Answers;

namespace AaClip.Functions;

/// <summary>HTTP API of alerts: list the open ones, acknowledge and close.</summary>
public sealed class AlertsApi(AlertDesk alerts, TimeProvider time)
{
    private const int LargestBody = 16 * 1024;

    // The platform's authentication sets it, and removes it from requests of others.
    private const string PrincipalHeader = "X-MS-CLIENT-PRINCIPAL-NAME";

    /// <summary>GET alerts: the open alerts of all cameras.</summary>
    [Function("ListAlerts")]
    [Operation("The open alerts of all cameras.", "alerts")]
    [Answer(200, "The alerts.", typeof(CameraAlert[]))]
    public async Task<IActionResult> List(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "alerts")] HttpRequest request,
        CancellationToken cancellation
    ) => Json(JsonSerializer.Serialize(await alerts.OpenAsync(cancellation), AlertsApiJson.Default.IReadOnlyListCameraAlert));

    /// <summary>
    /// POST alerts/{camera}/{action}: ack or close an open alert of the camera; the body is an <see cref="AlertRequest"/>. 200 with the
    /// alert; 400 if the request is not valid; 409 if there is no such open alert.
    /// </summary>
    [Function("ChangeAlert")]
    [Operation("Acknowledges (ack) or closes (close) an open alert of a camera.", "alerts")]
    [Body("application/json", typeof(AlertRequest))]
    [Answer(200, "The alert.", typeof(CameraAlert))]
    [Answer(400, "The request is not valid.")]
    [Answer(403, "The request comes from a page of another origin.")]
    [Answer(404, "There is no such action.")]
    [Answer(409, "There is no such open alert.")]
    [Answer(413, "The body is too long.")]
    [Answer(415, "The body is not JSON.")]
    public async Task<IActionResult> Change(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "alerts/{camera}/{action}")] HttpRequest request,
        string camera,
        string action,
        CancellationToken cancellation
    )
    {
        if (action is not ("ack" or "close"))
            return Text(StatusCodes.Status404NotFound, $"There is no action '{action}': ack or close.");
        if (Origin.Fault(request, $"{action} alerts") is { } foreign)
            return Text(StatusCodes.Status403Forbidden, foreign);
        if (!request.HasJsonContentType())
            return Text(StatusCodes.Status415UnsupportedMediaType, $"The body is '{request.ContentType}', expected application/json.");
        AlertRequest? wanted;
        try
        {
            if (await Requests.BodyAsync(request, LargestBody, cancellation) is not { } body)
                return Text(StatusCodes.Status413PayloadTooLarge, $"The body has more than {LargestBody} bytes.");
            wanted = JsonSerializer.Deserialize(body, AlertsApiJson.Default.AlertRequest);
        }
        catch (JsonException)
        {
            wanted = null;
        }

        if (wanted is null)
            return Refuse("The body is not a request. Example: { \"by\": \"kim\", \"note\": \"Camera was moved.\" }");
        string? by = request.Headers[PrincipalHeader] is [{ Length: > 0 } name, ..] ? name : wanted.By;
        if (string.IsNullOrWhiteSpace(by) || by.Length > AlertMark.MaxBy)
            return Refuse($"by has {by?.Length ?? 0} characters, expected 1 to {AlertMark.MaxBy}: say who decides.");
        if (action == "close" && string.IsNullOrWhiteSpace(wanted.Note))
            return Refuse("note is missing: say why the alert is closed.");
        if (wanted.Note?.Length > AlertMark.MaxNote)
            return Refuse($"note has {wanted.Note.Length} characters, expected at most {AlertMark.MaxNote}.");

        AlertMark mark = new(by, wanted.Note, time.GetUtcNow());
        CameraAlert? alert =
            action == "ack"
                ? await alerts.AcknowledgeAsync(camera, wanted.AlertId, mark, cancellation)
                : await alerts.CloseAsync(camera, wanted.AlertId, mark, cancellation);
        return alert is null
            ? Text(
                StatusCodes.Status409Conflict,
                wanted.AlertId is null
                    ? $"Camera '{camera}' has no open alert about images. For silence and drift, send the alertId."
                    : $"Camera '{camera}' has no open alert with this alertId."
            )
            : Json(JsonSerializer.Serialize(alert, AlertsApiJson.Default.CameraAlert));
    }
}

/// <summary>Acknowledges or closes an alert.</summary>
/// <param name="By">Who decides, 1 to 200 characters; the name of a user whom the platform has authenticated takes precedence.</param>
/// <param name="Note">Why, at most 2,000 characters; needed to close.</param>
/// <param name="AlertId">Only this alert; absent for the open one about anomalous images, whichever it is.</param>
public sealed record AlertRequest(string? By = null, string? Note = null, string? AlertId = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow
)]
[JsonSerializable(typeof(IReadOnlyList<CameraAlert>))]
[JsonSerializable(typeof(AlertRequest))]
internal sealed partial class AlertsApiJson : JsonSerializerContext;
