using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Failures;
using AaClip.Pipeline.Results;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues.Models;

namespace AaClip.Pipeline.Operations;

/// <summary>
/// Checks from listings that every image has a result: 1. results by model, with duplicates and wrong names; 2. images: each one that is
/// not skipped needs a result of its current version, or of the same content if only metadata changed; 3. pictures without results, and
/// results without pictures; 4. queues; 5. alerts. Images are listed before results, so that an image that arrives meanwhile is not
/// reported as missing.
/// </summary>
/// <param name="camera">Only images of this camera; null for all.</param>
/// <param name="model">"name@version" of the model of which every image needs a result; null for any model.</param>
public sealed class Verification(StorageClients storage, string? camera, string? model)
{
    // Number of model changes, in the order of the results, that is too high for promotions and rollbacks
    private const int Switches = 4;
    private static readonly TimeSpan Stale = TimeSpan.FromDays(1);

    private readonly Dictionary<string, ResultSummary> _results = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Model, string Image), List<ResultSummary>> _byImage = [];
    private readonly List<(DateTimeOffset Time, string Model)> _live = []; // results of new images, without jobs
    private readonly Dictionary<(string Model, string Image, string Version), string> _versions = [];
    private readonly List<string> _doubled = [],
        _givenUp = [];

    /// <summary>
    /// Reads all alerts of the queue instead of the first 32. This hides them for a moment, so downstream systems receive them slightly
    /// later.
    /// </summary>
    public bool AllAlerts { get; init; }

    /// <summary>Runs the check. Call it once per instance.</summary>
    /// <exception cref="InvalidDataException">The camera profiles in storage cannot be read.</exception>
    public async Task<VerifyReport> RunAsync(CancellationToken cancellation)
    {
        CameraSet cameras = await CamerasAsync(cancellation);
        List<(string Name, string ETag, ImageContent Content)> images = await ImagesAsync(cancellation);

        // 1. Results
        await ReadResultsAsync(cancellation);

        // 2. Images
        int skipped = 0;
        HashSet<string> current = new(StringComparer.Ordinal);
        List<string> missing = [];
        string[] models = model is null ? [.. _results.Values.Select(r => r.Model).Distinct()] : [model];
        foreach ((string name, string etag, ImageContent content) in images)
        {
            (string owner, string path) = ImageName.Of(name);
            string[] own = [.. models.Select(m => ResultOf(m, name, etag, content)).OfType<string>()];
            current.UnionWith(own);
            if (cameras.Find(owner) is not { } profile || profile.SkippedBy(path) is not null || content.Bytes == 0) // as RouteUpload does
                skipped++;
            else if (own.Length == 0)
                missing.Add($"{name} ({etag})");
        }

        // 3. Pictures
        HashSet<string> maps = await StemsAsync(ContainerNames.Maps, cancellation),
            heatmaps = await StemsAsync(ContainerNames.Heatmaps, cancellation);
        HashSet<string> stems = [.. _results.Keys.Select(Stem)];

        // 4. Queues, 5. Alerts
        Dictionary<string, int> queues = await QueuesAsync(cancellation);
        List<string> alerts = await AlertIdsAsync(cancellation);
        return new VerifyReport
        {
            Images = images.Count,
            Skipped = skipped,
            Accounted = images.Count - skipped - missing.Count,
            Models = _results.Values.CountBy(r => r.Model).OrderBy(m => m.Key, StringComparer.Ordinal).ToDictionary(),
            Older = _results.Count - current.Count,
            Missing = missing,
            Doubled = _doubled,
            WithoutMap = [.. _results.Values.Where(r => r.Verdict != Verdict.Failed && !maps.Contains(Stem(r.Blob))).Select(r => r.Blob)],
            Failed =
            [
                .. _results
                    .Values.Where(r => r.Verdict == Verdict.Failed && current.Contains(r.Blob))
                    .Select(r => $"{r.Image ?? r.Blob}: {r.Failure}"),
            ],
            PastFailures = _results.Values.Count(r => r.Verdict == Verdict.Failed && !current.Contains(r.Blob)),
            Mixed = Mixed(),
            Orphans =
            [
                .. maps.Except(stems).Select(m => $"{ContainerNames.Maps}/{m}.png"),
                .. heatmaps.Except(stems).Select(h => $"{ContainerNames.Heatmaps}/{h}.jpg"),
            ],
            GivenUp = _givenUp,
            Queues = queues,
            Waiting = await WaitingAsync(queues.Keys, cancellation),
            Alerts = alerts.Count,
            RepeatedAlerts = [.. alerts.CountBy(a => a).Where(a => a.Value > 1).Select(a => a.Key)],
        };
    }

    // The result of the current version, or of another version with the same content, if only metadata changed.
    private string? ResultOf(string model, string image, string etag, ImageContent content)
    {
        string exact = new ImageVersion(image, etag).Result(model);
        return _results.ContainsKey(exact)
            ? exact
            : _byImage.GetValueOrDefault((model, image))?.FirstOrDefault(r => r.Content?.IsSame(content) == true)?.Blob;
    }

    // Two hosts with different models use one storage account: each scores some of the images, so the models alternate.
    private string[] Mixed()
    {
        string[] order = [.. _live.OrderBy(r => r.Time).Select(r => r.Model)];
        int switches = order.Zip(order.Skip(1)).Count(pair => pair.First != pair.Second);
        return switches < Switches
            ? []
            : [.. order.CountBy(m => m).OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => $"{m.Key}: {m.Value} new images")];
    }

    private async Task<List<string>> WaitingAsync(IEnumerable<string> queues, CancellationToken cancellation)
    {
        List<string> waiting = [];
        foreach (string name in queues)
        {
            PeekedMessage[] first = await storage.Queue(name).PeekMessagesAsync(32, cancellation);
            if (first.Min(m => m.InsertedOn) is { } oldest && TimeProvider.System.GetUtcNow() - oldest >= Stale)
                waiting.Add(FormattableString.Invariant($"{name}: since {oldest.ToLocalTime():yyyy-MM-dd HH:mm}"));
        }

        return waiting;
    }

    private async Task<CameraSet> CamerasAsync(CancellationToken cancellation)
    {
        try
        {
            BlobDownloadResult file = await storage
                .Container(ContainerNames.Config)
                .GetBlobClient(CameraProfiles.Blob)
                .DownloadContentAsync(cancellation);
            return CameraSet.Parse(file.Content.ToMemory(), $"{ContainerNames.Config}/{CameraProfiles.Blob}");
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return CameraSet.Default;
        }
    }

    private async Task<List<(string, string, ImageContent)>> ImagesAsync(CancellationToken cancellation)
    {
        List<(string, string, ImageContent)> images = [];
        // Images without a folder belong to camera "default"; no prefix selects them.
        string? prefix = camera is null or ImageName.RootCamera ? null : camera + "/";
        await foreach (BlobItem blob in ListAsync(ContainerNames.Images, BlobTraits.None, prefix, cancellation))
            if (camera is null || ImageName.Of(blob.Name).Camera == camera)
                images.Add((blob.Name, blob.Properties.ETag?.ToString().Trim('"') ?? "", ImageContent.Of(blob.Properties)));
        return images;
    }

    private async Task ReadResultsAsync(CancellationToken cancellation)
    {
        await foreach (BlobItem blob in ListAsync(ContainerNames.Results, BlobTraits.Metadata, null, cancellation))
        {
            if (blob.Name.StartsWith(BlobNames.Failed + "/", StringComparison.Ordinal))
            {
                if (FailedMessage.Waits(blob.Metadata))
                    _givenUp.Add(blob.Name);
                continue;
            }

            if (ResultSummary.FromMetadata(blob.Name, blob.Metadata) is not { } summary || (camera is not null && summary.Camera != camera))
                continue;
            string id = summary.Model;
            if (model is not null && id != model)
                continue;
            _results.Add(blob.Name, summary);
            if (summary.Job is null)
                _live.Add((summary.Time, id));
            if (summary.Image is not { } image)
                continue; // the name was too long for metadata
            if (!_byImage.TryGetValue((id, image), out List<ResultSummary>? versions))
                _byImage[(id, image)] = versions = [];
            versions.Add(summary);
            string version = Path.GetFileNameWithoutExtension(blob.Name[(blob.Name.LastIndexOf('/') + 1)..]);
            if (!_versions.TryAdd((id, image, version), blob.Name))
                _doubled.Add($"{blob.Name}, same image version as {_versions[(id, image, version)]}");
            else if (
                new ImageVersion(image, version).Result(id) is var own
                && own != blob.Name
                && !version.Contains('~', StringComparison.Ordinal)
            )
                _doubled.Add($"{blob.Name}, expected the name {own}");
        }
    }

    private async Task<HashSet<string>> StemsAsync(string container, CancellationToken cancellation)
    {
        HashSet<string> stems = new(StringComparer.Ordinal);
        await foreach (
            BlobItem blob in ListAsync(container, BlobTraits.None, model is null ? null : BlobNames.Prefix(model, camera), cancellation)
        )
            if (camera is null || blob.Name.Split('/', 3) is [_, var folder, _] && folder == camera)
                stems.Add(Stem(blob.Name));
        return stems;
    }

    private async Task<Dictionary<string, int>> QueuesAsync(CancellationToken cancellation)
    {
        Dictionary<string, int> counts = [];
        foreach (string name in QueueNames.All)
        {
            try
            {
                QueueProperties queue = await storage.Queue(name).GetPropertiesAsync(cancellation);
                if (queue.ApproximateMessagesCount > 0)
                    counts[name] = queue.ApproximateMessagesCount;
            }
            catch (RequestFailedException e) when (e.Status == 404)
            {
                // The queue does not exist yet, so it is empty.
            }
        }

        return counts;
    }

    private async Task<List<string>> AlertIdsAsync(CancellationToken cancellation)
    {
        try
        {
            return await AlertQueue.IdsAsync(storage.Queue(QueueNames.Alerts), AllAlerts, cancellation);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return [];
        }
    }

    private async IAsyncEnumerable<BlobItem> ListAsync(
        string container,
        BlobTraits traits,
        string? prefix,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation
    )
    {
        BlobContainerClient client = storage.Container(container);
        if (!await client.ExistsAsync(cancellation))
            yield break;
        await foreach (BlobItem blob in client.GetBlobsAsync(new GetBlobsOptions { Traits = traits, Prefix = prefix }, cancellation))
            yield return blob;
    }

    private static string Stem(string blob) => blob[..blob.LastIndexOf('.')]; // without ".json", ".png" or ".jpg"
}
