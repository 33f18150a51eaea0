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

    /// <summary>Lists the open alerts of all cameras, ordered by camera.</summary>
    public async Task<IReadOnlyList<CameraAlert>> OpenAsync(CancellationToken cancellation = default)
    {
        List<CameraAlert> open = [];
        await foreach (string camera in _store.OpenAsync(cancellation))
            if ((await _store.GetAsync(camera, cancellation)).Open is { } alert)
                open.Add(CameraAlert.Of(camera, alert));
        return [.. open.OrderBy(a => a.Camera, StringComparer.Ordinal)];
    }

    /// <summary>
    /// Acknowledges the open alert of a camera, and tells the receivers. If it is acknowledged already, nothing changes, so that a repeated
    /// request has no effect.
    /// </summary>
    /// <param name="alertId">Only this alert; null for the open one, whichever it is.</param>
    /// <returns>The alert; null if there is no such open alert.</returns>
    public Task<CameraAlert?> AcknowledgeAsync(string camera, string? alertId, AlertMark mark, CancellationToken cancellation = default) =>
        DecideAsync(camera, alertId, state => AlertMarks.Acknowledge(state, camera, mark), cancellation);

    /// <summary>Closes the open alert of a camera, and tells the receivers.</summary>
    /// <param name="alertId">Only this alert; null for the open one, whichever it is.</param>
    /// <returns>The alert as it was; null if there is no such open alert.</returns>
    public Task<CameraAlert?> CloseAsync(string camera, string? alertId, AlertMark mark, CancellationToken cancellation = default) =>
        DecideAsync(camera, alertId, state => AlertMarks.Close(state, camera, mark), cancellation);

    private async Task<CameraAlert?> DecideAsync(
        string camera,
        string? alertId,
        Func<AlertState, AlertDecision> decide,
        CancellationToken cancellation
    )
    {
        OpenAlert? found = null;
        await _alerts.DecideAsync(
            camera,
            state =>
            {
                found = state.Open is { } open && (alertId is null || open.Id == alertId) ? open : null;
                AlertDecision decision = found is null ? new(state, AlertOutcome.NotCounted, []) : decide(state);
                found = found is null ? null : decision.State.Open ?? found;
                return decision;
            },
            cancellation
        );
        return found is null ? null : CameraAlert.Of(camera, found);
    }
}

/// <summary>An alert of a camera, for the API.</summary>
/// <param name="Score">The highest calibrated score so far, 0 to 1.</param>
/// <param name="Image">The image with this score: its name in the images container.</param>
/// <param name="Acknowledged">Who acknowledged it; absent if nobody did.</param>
public sealed record CameraAlert(
    string Camera,
    string AlertId,
    string Severity,
    DateTimeOffset OpenedAt,
    int Images,
    double Score,
    string Image,
    string ObjectClass,
    AlertMark? Acknowledged
)
{
    internal static CameraAlert Of(string camera, OpenAlert alert) =>
        new(
            camera,
            alert.Id,
            alert.Severity,
            alert.OpenedAt,
            alert.Images,
            alert.Worst.Calibrated,
            alert.Worst.Image,
            alert.Worst.ObjectClass,
            alert.Acknowledged
        );
}
