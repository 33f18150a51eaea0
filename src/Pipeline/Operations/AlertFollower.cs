using System.Text.Json;
using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Storage;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues.Models;

namespace AaClip.Pipeline.Operations;

/// <summary>A change of an alert, read without receiving its message.</summary>
/// <param name="Id">Id of the event, different for each change.</param>
/// <param name="Time">When the change happened.</param>
/// <param name="Camera">Camera of the alert.</param>
/// <param name="Kind">What the alert is about.</param>
/// <param name="Change">"opened", "updated", "acknowledged" or "closed"; of a generated image "flagged".</param>
/// <param name="Severity">Severity after the change; null for silence and drift, as all that follows.</param>
/// <param name="Images">Number of alerting images so far.</param>
/// <param name="Score">Highest calibrated score of the alert.</param>
/// <param name="Image">Blob name of the image with this score, or of the generated one.</param>
/// <param name="Heatmap">Blob name of its heatmap; null if there is none.</param>
public sealed record SeenAlert(
    string Id,
    DateTimeOffset Time,
    string Camera,
    AlertKind Kind,
    string Change,
    string? Severity = null,
    int? Images = null,
    double? Score = null,
    string? Image = null,
    string? Heatmap = null
)
{
    /// <summary>Id of the alert, the same for all its changes.</summary>
    public required string AlertId { get; init; }
}

/// <summary>
/// Reports each change of an alert once, without receiving messages. It peeks at the first 32 messages of the queue, and reads the cameras'
/// alert states, which also have changes that downstream systems have already received. An alert is missed if it opens, closes and is
/// received between two calls.
/// </summary>
/// <param name="camera">Only alerts of this camera; null for all.</param>
public sealed class AlertFollower(StorageClients storage, string? camera)
{
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (ETag ETag, AlertState State)> _states = new(StringComparer.Ordinal);

    /// <summary>Severity of the open alerts about anomalous images, by camera, as of the last call.</summary>
    public IReadOnlyDictionary<string, string> Open { get; private set; } = new Dictionary<string, string>();

    /// <summary>Number of changes that are not yet delivered to every receiver, as of the last call.</summary>
    public int Undelivered => _states.Values.Sum(s => s.State.Outbox.Count);

    /// <summary>Reads the queue and the states once.</summary>
    /// <returns>Changes not reported before, oldest first.</returns>
    public async Task<IReadOnlyList<SeenAlert>> LookAsync(CancellationToken cancellation)
    {
        List<SeenAlert> fresh = [];
        foreach (SeenAlert line in (await PeekAsync(cancellation)).Concat(await StatesAsync(cancellation)))
            if ((camera is null || line.Camera == camera) && _told.Add(line.Id))
                fresh.Add(line);
        return [.. fresh.OrderBy(l => l.Time)];
    }

    private async Task<IReadOnlyList<SeenAlert>> PeekAsync(CancellationToken cancellation)
    {
        List<SeenAlert> lines = [];
        try
        {
            foreach (
                PeekedMessage message in (
                    await storage.Queue(QueueNames.Alerts).PeekMessagesAsync(AlertQueue.MaxMessages, cancellation)
                ).Value
            )
                if (AlertQueue.Read(message.Body) is { } alert)
                    lines.Add(
                        new SeenAlert(
                            alert.Envelope.Id,
                            alert.Envelope.Time ?? alert.Anomaly?.Image.Time ?? alert.Data.OpenedAt,
                            alert.Data.Camera,
                            alert.Kind,
                            alert.Change,
                            alert.Anomaly?.Severity,
                            alert.Anomaly?.Images,
                            alert.Anomaly?.Score.Calibrated,
                            alert.Anomaly?.Image.Blob ?? alert.Generated?.Image.Blob,
                            alert.Anomaly?.Heatmap?.Blob
                        )
                        {
                            AlertId = alert.Data.AlertId,
                        }
                    );
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // The queue does not exist yet: there are no alerts.
        }

        return lines;
    }

    private async Task<IReadOnlyList<SeenAlert>> StatesAsync(CancellationToken cancellation)
    {
        List<SeenAlert> lines = [];
        BlobContainerClient container = storage.Container(ContainerNames.State);
        try
        {
            await foreach (BlobItem blob in container.GetBlobsAsync(new GetBlobsOptions { Prefix = "alerts/" }, cancellation))
                if (
                    blob.Properties.ETag is { } etag
                    && (!_states.TryGetValue(blob.Name, out var known) || known.ETag != etag)
                    && await ReadAsync(container, blob.Name, cancellation) is { } state
                )
                {
                    string name = Camera(blob.Name);
                    lines.AddRange(Changes(name, known.State?.Open, state));
                    lines.AddRange(Changes(name, AlertKind.Silence, known.State?.Silence, state.Silence, state));
                    lines.AddRange(Changes(name, AlertKind.Drift, known.State?.Drift, state.Drift, state));
                    lines.AddRange(state.Outbox.Where(p => p.Change.Generated is not null).Select(p => Flagged(p.Change)));
                    _states[blob.Name] = (etag, state);
                }
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // The container does not exist yet: there are no alerts.
        }

        Open = _states
            .Where(s => s.Value.State.Open is not null)
            .ToDictionary(s => Camera(s.Key), s => s.Value.State.Open!.Severity, StringComparer.Ordinal); // not null: filtered
        return lines;
    }

    private static IEnumerable<SeenAlert> Changes(string camera, OpenAlert? before, AlertState now)
    {
        if (before is not null && now.Open?.Id != before.Id)
            yield return Line(camera, before with { Sequence = before.Sequence + 1 }, "closed", now.Closed?.At ?? before.Worst.Time);
        if (now.Open is { } open)
            yield return Line(
                camera,
                open,
                open.Sequence == 1 ? "opened" : "updated",
                open.Sequence == 1 ? open.OpenedAt : open.Worst.Time
            );
    }

    private static IEnumerable<SeenAlert> Changes(
        string camera,
        AlertKind kind,
        OpenCondition? before,
        OpenCondition? now,
        AlertState state
    )
    {
        // When it was closed stands in the outbox, if anywhere.
        if (before is { Dismissed: false } && now?.Id != before.Id)
            yield return Line(before, before.Sequence + 1, "closed");
        if (now is { Dismissed: true } && before is { Dismissed: false } && before.Id == now.Id)
            yield return Line(now, now.Sequence, "closed");
        if (now is { Dismissed: false })
            yield return now.Acknowledged is { } mark
                ? Line(now, now.Sequence, "acknowledged") with
                {
                    Time = mark.At,
                }
                : Line(now, now.Sequence, "opened") with
                {
                    Time = now.OpenedAt,
                };

        SeenAlert Line(OpenCondition condition, int sequence, string change)
        {
            string id = FormattableString.Invariant($"{condition.Id}-{sequence}-{change}");
            DateTimeOffset time = state.Outbox.FirstOrDefault(p => p.Change.Id == id)?.Change.Time ?? TimeProvider.System.GetUtcNow();
            return new SeenAlert(id, time, camera, kind, change) { AlertId = condition.Id };
        }
    }

    private static SeenAlert Flagged(AlertChange change) =>
        new(change.Id, change.Time, change.Camera, change.Kind, change.TypeName, Image: change.Generated?.Image)
        {
            AlertId = change.AlertId,
        };

    private static SeenAlert Line(string camera, OpenAlert alert, string change, DateTimeOffset time) =>
        new(
            FormattableString.Invariant($"{alert.Id}-{alert.Sequence}-{change}"),
            time,
            camera,
            AlertKind.Anomaly,
            change,
            alert.Severity,
            alert.Images,
            alert.Worst.Calibrated,
            alert.Worst.Image,
            alert.Worst.Heatmap
        )
        {
            AlertId = alert.Id,
        };

    // A name that was cut ends with a hash; it is returned as stored.
    private static string Camera(string blob) => Uri.UnescapeDataString(blob["alerts/".Length..^".json".Length]);

    private static async Task<AlertState?> ReadAsync(BlobContainerClient container, string name, CancellationToken cancellation)
    {
        try
        {
            BlobDownloadResult blob = await container.GetBlobClient(name).DownloadContentAsync(cancellation);
            return JsonSerializer.Deserialize(blob.Content.ToMemory().Span, AlertJson.Default.AlertState);
        }
        catch (JsonException)
        {
            return null; // written by a newer program; its alerts are still read from the queue
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }
}
