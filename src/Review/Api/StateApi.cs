using AaClip.Pipeline.Cameras;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Storage;
using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;

namespace AaClip.Review.Api;

/// <summary>How the pipeline is doing: what waits in the queues, and which cameras send.</summary>
internal static class StateApi
{
    private static readonly (string Name, string What)[] Queues =
    [
        (QueueNames.Uploads, "uploads to be routed"),
        (QueueNames.Score, "new images to be scored"),
        (QueueNames.Scored, "results to be checked for alerts"),
        (QueueNames.ScoreBulk, "images of jobs to be scored"),
        (QueueNames.Rescore, "steps of jobs"),
        (QueueNames.Alerts, "alerts that nobody has taken"),
        (QueueNames.UploadsPoison, "uploads that failed"),
        (QueueNames.ScorePoison, "new images that failed"),
        (QueueNames.ScoredPoison, "results that failed"),
        (QueueNames.ScoreBulkPoison, "images of jobs that failed"),
        (QueueNames.RescorePoison, "steps of jobs that failed"),
    ];

    public static void Map(RouteGroupBuilder api) => api.MapGet("/state", GetAsync);

    private static async Task<State> GetAsync(
        StorageClients storage,
        Models models,
        CameraStates cameras,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        DateTimeOffset now = time.GetUtcNow();
        Task<IReadOnlyList<CameraState>> known = cameras.ReadAsync(await models.LiveAsync(cancellation), cancellation);
        QueueState?[] queues = await Task.WhenAll(Queues.Select(q => OfAsync(storage.Queue(q.Name), q.Name, q.What, now, cancellation)));
        return new State(now, [.. queues.OfType<QueueState>()], [.. (await known).Select(CameraView.Of)]);
    }

    private static async Task<QueueState?> OfAsync(
        QueueClient queue,
        string name,
        string what,
        DateTimeOffset now,
        CancellationToken cancellation
    )
    {
        try
        {
            QueueProperties properties = await queue.GetPropertiesAsync(cancellation);
            PeekedMessage? oldest = null;
            if (properties.ApproximateMessagesCount > 0)
                oldest = (await queue.PeekMessageAsync(cancellation)).Value; // null: all are in work
            return new QueueState(name, what, properties.ApproximateMessagesCount, (now - oldest?.InsertedOn)?.TotalSeconds);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null; // the pipeline has never run on this account
        }
    }

    private sealed record State(DateTimeOffset At, IReadOnlyList<QueueState> Queues, IReadOnlyList<CameraView> Cameras);

    private sealed record CameraView(
        string Camera,
        DateTimeOffset Last,
        ResultRow LastRow,
        double? MedianGapSeconds,
        bool Silent,
        double? Psi,
        bool Drift
    )
    {
        public static CameraView Of(CameraState camera) =>
            new(
                camera.Camera,
                camera.Silence.Last,
                camera.LastRow,
                camera.Silence.MedianGap?.TotalSeconds,
                camera.Silence.IsSilent,
                camera.Psi,
                camera.HasDrifted
            );
    }

    /// <param name="OldestSeconds">Age of the oldest message that waits; null if none does.</param>
    private sealed record QueueState(string Name, string What, long Messages, double? OldestSeconds);
}
