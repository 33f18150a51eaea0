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
/// GET health: whether images can be scored. 200 when storage answers, the model is loaded (unless Model__Load is false) and messages get
/// through, else 503. A broken cameras.json is told, but is no outage once a good one was read. GET health/live: whether a new process
/// could help.
/// </summary>
public sealed class Health(
    StorageClients storage,
    CameraProfiles cameras,
    ModelHost models,
    Infrastructure infrastructure,
    AlertOutbox alerts
)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Looks at model, storage and camera profiles.</summary>
    [Function(nameof(Health))]
    public async Task<IActionResult> Run(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health")] HttpRequest request,
        CancellationToken cancellation
    )
    {
        string? storageError = await StorageErrorAsync(cancellation);
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
            outbox
        );
        return new ContentResult
        {
            Content = JsonSerializer.Serialize(report, HealthJson.Default.HealthReport),
            ContentType = "application/json",
            StatusCode = report.Status == "healthy" ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable,
        };
    }

    /// <summary>
    /// For the liveness probe of a container: 503 with the reason when the model is dead, else 200. Storage plays no part.
    /// </summary>
    [Function(nameof(Alive))]
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

    // Undelivered alerts are told, and are no outage of scoring.
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

    // Reading the profiles looks at storage as the functions do, with their identity; but it may answer from memory, so a container is
    // asked too.
    private async Task<string?> StorageErrorAsync(CancellationToken cancellation)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        try
        {
            try
            {
                await cameras.GetAsync(limit.Token);
            }
            catch (InfrastructureException) when (cameras.State is { Waiting: true })
            {
                // Storage answers; the state of the cameras tells the rest.
            }

            return await storage.Container(ContainerNames.Images).ExistsAsync(limit.Token)
                ? null
                : $"There is no container '{storage.NameOf(ContainerNames.Images)}': create it, or start with 'aaclip up', which does.";
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return $"Storage has not answered for {Patience.TotalSeconds} seconds: check {StorageConnection.Setting} and the network.";
        }
        catch (Exception e) when (InfrastructureException.Is(e))
        {
            return Fault.Text(e);
        }
    }
}

/// <summary>What health tells.</summary>
/// <param name="Status">"healthy" or "unhealthy".</param>
/// <param name="Model">Whether images can be scored.</param>
/// <param name="Storage">Whether storage answers.</param>
/// <param name="Cameras">Which camera profiles are in force; null before the first look.</param>
/// <param name="Messages">Whether messages get through.</param>
/// <param name="Alerts">Alerts that a receiver lacks; null where storage did not tell.</param>
internal sealed record HealthReport(
    string Status,
    ModelState Model,
    StorageState Storage,
    CamerasState? Cameras,
    InfrastructureState Messages,
    OutboxState? Alerts
);

internal sealed record StorageState(bool Reachable, string? Error);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(HealthReport))]
internal sealed partial class HealthJson : JsonSerializerContext;
