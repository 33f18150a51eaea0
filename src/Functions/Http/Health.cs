using System.Text.Json;
using System.Text.Json.Serialization;
using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Resilience;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.Functions;

/// <summary>
/// GET health: whether images can be scored. 200 if storage responds, the model is loaded (unless Model__Load is false) and no step fails
/// repeatedly; otherwise 503. An invalid cameras.json is reported, but after a valid one was read the status stays 200. GET health/live:
/// whether the process must be restarted.
/// </summary>
public sealed class Health(
    StorageClients storage,
    CameraProfiles cameras,
    ModelHost models,
    CheckHost checks,
    EventModelHost events,
    Infrastructure infrastructure,
    AlertOutbox alerts
)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Reports the state of model, storage, camera profiles, messages and alerts.</summary>
    [Function(nameof(Health))]
    [Operation("Whether images are scored: model, storage, profiles, messages, alerts.", "health")]
    [Answer(200, "Everything works.", typeof(HealthReport))]
    [Answer(503, "Something does not; the report says what and since when.", typeof(HealthReport))]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health")] HttpRequest request,
        CancellationToken cancellation
    )
    {
        (string? storageError, CameraSet? profiles) = await StorageAsync(cancellation);
        if (storageError is null)
            await LookAgainAsync(cancellation);
        ModelState model = models.State;
        InfrastructureState messages = infrastructure.State;
        bool well =
            (model.Loaded || !models.Required)
            && !model.Dead
            && storageError is null
            && messages.Well
            && cameras.State is not { Waiting: true };
        OutboxState? outbox = storageError is null ? await OutboxAsync(cancellation) : null;
        HealthReport report = new(
            well ? "healthy" : "unhealthy",
            model,
            new StorageState(storageError is null, storageError),
            cameras.State,
            messages,
            outbox,
            profiles is not null && checks.Unavailable(profiles.Checks) is { Count: > 0 } unavailable ? unavailable : null,
            profiles is not null && events.Unavailable(profiles.EventModels) is { Count: > 0 } unused ? unused : null
        );
        return new ContentResult
        {
            Content = JsonSerializer.Serialize(report, HealthJson.Default.HealthReport),
            ContentType = "application/json",
            StatusCode = report.Status == "healthy" ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable,
        };
    }

    /// <summary>
    /// For the liveness probe of a container: 503 with the reason if the model is dead, otherwise 200. Does not check storage.
    /// </summary>
    [Function(nameof(Alive))]
    [Operation("Whether the process answers.", "health")]
    [Answer(200, "It does.")]
    public IActionResult Alive([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health/live")] HttpRequest request)
    {
        ModelState model = models.State;
        return new ContentResult
        {
            Content = model.Dead ? model.Note : "alive",
            ContentType = "text/plain; charset=utf-8",
            StatusCode = model.Dead ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK,
        };
    }

    // Undelivered alerts are reported, but do not make the status unhealthy: scoring works.
    private async Task<OutboxState?> OutboxAsync(CancellationToken cancellation)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        try
        {
            return await alerts.StateAsync(limit.Token);
        }
        catch (Exception e)
            when (!cancellation.IsCancellationRequested && (e is OperationCanceledException || InfrastructureException.Is(e)))
        {
            return null;
        }
    }

    // A refused model may be allowed by now, or another one promoted, while no image comes that would find out.
    private async Task LookAgainAsync(CancellationToken cancellation)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        try
        {
            await models.LookAgainAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // The state of before stays.
        }
    }

    // Reads the profiles with the identity of the functions. They may be cached, so a container is checked too.
    private async Task<(string? Error, CameraSet? Profiles)> StorageAsync(CancellationToken cancellation)
    {
        CameraSet? profiles = null;
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        try
        {
            try
            {
                profiles = await cameras.GetAsync(limit.Token);
            }
            catch (InfrastructureException) when (cameras.State is { Waiting: true })
            {
                // Storage responds; the report shows the error of the camera profiles.
            }

            string? error = await storage.Container(ContainerNames.Images).ExistsAsync(limit.Token)
                ? null
                : $"There is no container '{storage.NameOf(ContainerNames.Images)}': create it, or run 'aaclip prepare'.";
            return (error, profiles);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (
                $"Storage did not respond within {Patience.TotalSeconds} seconds: check {StorageConnection.Setting} and the network.",
                profiles
            );
        }
        catch (Exception e) when (InfrastructureException.Is(e))
        {
            return (Fault.Text(e), profiles);
        }
    }
}

/// <summary>The health report.</summary>
/// <param name="Status">"healthy" or "unhealthy".</param>
/// <param name="Model">Whether images can be scored.</param>
/// <param name="Storage">Whether storage responds.</param>
/// <param name="Cameras">Which camera profiles are in force; null before the first read.</param>
/// <param name="Messages">Whether messages can be processed.</param>
/// <param name="Alerts">Undelivered alerts; null if there are none, or if storage did not respond.</param>
/// <param name="Checks">
/// Checks for generated pictures that a camera names and that could not be asked the last time; null if there are none. Images are scored
/// without, so the status stays.
/// </param>
/// <param name="Events">The same of temporal models that find events.</param>
internal sealed record HealthReport(
    string Status,
    ModelState Model,
    StorageState Storage,
    CamerasState? Cameras,
    InfrastructureState Messages,
    OutboxState? Alerts,
    IReadOnlyList<SideModelState>? Checks,
    IReadOnlyList<SideModelState>? Events
);

internal sealed record StorageState(bool Reachable, string? Error);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(HealthReport))]
internal sealed partial class HealthJson : JsonSerializerContext;
