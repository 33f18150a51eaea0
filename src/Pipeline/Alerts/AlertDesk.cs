using AaClip.Pipeline.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Alerts;

/// <summary>Open alerts, and the decisions of people on them.</summary>
public sealed class AlertDesk
{
    private readonly AlertStore _store;
    private readonly AlertRaiser _alerts;

    internal AlertDesk(AlertStore store, AlertRaiser alerts) => (_store, _alerts) = (store, alerts);

    /// <summary>
    /// A desk for a program that may not send to the receivers: it stores the decisions, and the workers deliver what they change, within
    /// half a minute.
    /// </summary>
    public static AlertDesk WithoutReceivers(StorageClients storage, TimeProvider time)
    {
        AlertStore store = new(storage, time);
        return new AlertDesk(store, new AlertRaiser(store, [], Options.Create(new AlertOptions()), time, NullLogger<AlertRaiser>.Instance));
    }

    /// <summary>Lists the open alerts of all cameras, ordered by camera, then anomaly, silence, drift.</summary>
    public async Task<IReadOnlyList<CameraAlert>> OpenAsync(CancellationToken cancellation = default)
    {
        List<CameraAlert> open = [];
        await foreach (string camera in _store.OpenAsync(cancellation))
            open.AddRange(CameraAlert.Of(camera, await _store.GetAsync(camera, cancellation)));
        return [.. open.OrderBy(a => a.Camera, StringComparer.Ordinal).ThenBy(a => a.Kind)];
    }

    /// <summary>
    /// Acknowledges an open alert of a camera, and tells the receivers. If it is acknowledged already, nothing changes, so that a repeated
    /// request has no effect.
    /// </summary>
    /// <param name="alertId">Only this alert; null for the open one about anomalous images, whichever it is.</param>
    /// <returns>The alert; null if there is no such open alert.</returns>
    public Task<CameraAlert?> AcknowledgeAsync(string camera, string? alertId, AlertMark mark, CancellationToken cancellation = default) =>
        DecideAsync(camera, alertId, (state, id) => AlertMarks.Acknowledge(state, camera, id, mark), cancellation);

    /// <summary>Closes an open alert of a camera, and tells the receivers.</summary>
    /// <param name="alertId">Only this alert; null for the open one about anomalous images, whichever it is.</param>
    /// <returns>The alert as it was; null if there is no such open alert.</returns>
    public Task<CameraAlert?> CloseAsync(string camera, string? alertId, AlertMark mark, CancellationToken cancellation = default) =>
        DecideAsync(camera, alertId, (state, id) => AlertMarks.Close(state, camera, id, mark), cancellation);

    private async Task<CameraAlert?> DecideAsync(
        string camera,
        string? alertId,
        Func<AlertState, string, AlertDecision> decide,
        CancellationToken cancellation
    )
    {
        CameraAlert? found = null;
        await _alerts.DecideAsync(
            camera,
            state =>
            {
                found = CameraAlert
                    .Of(camera, state)
                    .FirstOrDefault(a => alertId is null ? a.Kind == AlertKind.Anomaly : a.AlertId == alertId);
                if (found is null)
                    return new(state, AlertOutcome.NotCounted, []);
                AlertDecision decision = decide(state, found.AlertId);
                found = CameraAlert.Of(camera, decision.State).FirstOrDefault(a => a.AlertId == found.AlertId) ?? found;
                return decision;
            },
            cancellation
        );
        return found;
    }
}

/// <summary>An open alert of a camera, for the API. Fields that its kind does not have are absent.</summary>
/// <param name="Acknowledged">Who acknowledged it; absent if nobody did.</param>
public sealed record CameraAlert(string Camera, string AlertId, AlertKind Kind, DateTimeOffset OpenedAt, AlertMark? Acknowledged = null)
{
    /// <summary>The highest severity band reached; only of anomalous images.</summary>
    public string? Severity { get; init; }

    /// <summary>Number of alerting images so far; only of anomalous images.</summary>
    public int? Images { get; init; }

    /// <summary>The highest calibrated score so far, 0 to 1; only of anomalous images.</summary>
    public double? Score { get; init; }

    /// <summary>The image with this score: its name in the images container; only of anomalous images.</summary>
    public string? Image { get; init; }

    /// <summary>Class of the object on it; only of anomalous images.</summary>
    public string? ObjectClass { get; init; }

    /// <summary>Since when the camera is silent; only of silence.</summary>
    public AlertSilence? Silence { get; init; }

    /// <summary>How much the scores have moved; only of drift.</summary>
    public AlertDrift? Drift { get; init; }

    internal static IEnumerable<CameraAlert> Of(string camera, AlertState state)
    {
        if (state.Open is { } open)
            yield return new CameraAlert(camera, open.Id, AlertKind.Anomaly, open.OpenedAt, open.Acknowledged)
            {
                Severity = open.Severity,
                Images = open.Images,
                Score = open.Worst.Calibrated,
                Image = open.Worst.Image,
                ObjectClass = open.Worst.ObjectClass,
            };
        if (state.Silence is { Dismissed: false } silence)
            yield return new CameraAlert(camera, silence.Id, AlertKind.Silence, silence.OpenedAt, silence.Acknowledged)
            {
                Silence = silence.Silence,
            };
        if (state.Drift is { Dismissed: false } drift)
            yield return new CameraAlert(camera, drift.Id, AlertKind.Drift, drift.OpenedAt, drift.Acknowledged) { Drift = drift.Drift };
    }
}
