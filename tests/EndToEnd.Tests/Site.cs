using AaClip.LocalHost;
using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AaClip.EndToEnd.Tests;

/// <summary>
/// A plant with its own storage: cameras drop images, workers score them with a small model of random weights, results and alerts arrive.
/// </summary>
internal sealed class Site : IAsyncDisposable
{
    /// <summary>Settings with which a message that fails is soon given up on.</summary>
    public static readonly Dictionary<string, string?> FewAttempts = new()
    {
        ["AzureFunctionsJobHost__extensions__queues__maxDequeueCount"] = "2",
        ["AzureFunctionsJobHost__extensions__queues__visibilityTimeout"] = "00:00:00",
    };

    /// <summary>The built function app.</summary>
    public static readonly string Functions = Path.Combine(
        AppContext.BaseDirectory,
        "..",
        "..",
        "Functions",
        new DirectoryInfo(AppContext.BaseDirectory).Name
    );

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(10); // of a wait; it only ends a hang
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    // In the order of the flow: if a queue is seen empty, the messages that it caused are in a later queue.
    private static readonly string[] Flow =
    [
        QueueNames.Uploads,
        QueueNames.UploadsPoison,
        QueueNames.Score,
        QueueNames.ScorePoison,
        QueueNames.Rescore,
        QueueNames.RescorePoison,
        QueueNames.ScoreBulk,
        QueueNames.ScoreBulkPoison,
        QueueNames.Scored,
        QueueNames.ScoredPoison,
    ];

    private readonly List<FunctionHost> _workers = [];

    private Site(string connection)
    {
        Connection = connection;
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([KeyValuePair.Create<string, string?>(StorageConnection.Setting, connection)])
            .Build();
        Storage = new StorageClients(configuration, Options.Create(new StorageOptions()));
        Results = new ResultStore(Storage);
        Model = TinyPackage.Random();
        ModelId = ModelPackage.Open(Model).Manifest.Id;
    }

    public string Connection { get; }

    public StorageClients Storage { get; }

    public ResultStore Results { get; }

    /// <summary>Folder of the model package.</summary>
    public string Model { get; }

    /// <summary>"name@version".</summary>
    public string ModelId { get; }

    public LogLines Log { get; } = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Creates storage and, if given, camera profiles; starts no worker.</summary>
    public static async Task<Site> OpenAsync(AzuriteFixture azurite, string? cameras = null)
    {
        Site site = new(azurite.NewAccount());
        await site.Storage.EnsureCreatedAsync(Cancellation);
        if (cameras is not null)
            await site.SetCamerasAsync(cameras);
        return site;
    }

    /// <summary>Opens storage that exists.</summary>
    /// <param name="connection">Its connection string.</param>
    public static async Task<Site> OpenAsync(string connection)
    {
        Site site = new(connection);
        await site.Storage.EnsureCreatedAsync(Cancellation);
        return site;
    }

    /// <summary>Starts a worker; it stops with the site at the latest.</summary>
    public async Task<FunctionHost> StartWorkerAsync(
        Dictionary<string, string?>? settings = null,
        Func<LocalHostOptions, LocalHostOptions>? change = null
    )
    {
        LocalHostOptions options = new()
        {
            Functions = Functions,
            Settings = new Dictionary<string, string?>(
                new Dictionary<string, string?>
                {
                    [StorageConnection.Setting] = Connection,
                    ["Model__Path"] = Model,
                    ["Model__Provider"] = "cpu",
                    ["Cameras__RefreshSeconds"] = "0",
                }
                    .Where(own => settings?.ContainsKey(own.Key) != true)
                    .Concat(settings ?? [])
            ),
            Logging = logging => logging.AddProvider(Log),
            Port = 0,
            MaxPollingInterval = TimeSpan.FromMilliseconds(200),
            WatchInterval = TimeSpan.FromMilliseconds(100),
        };
        FunctionHost worker = await FunctionHost.StartAsync(change is null ? options : change(options), Cancellation);
        _workers.Add(worker);
        return worker;
    }

    /// <summary>Replaces config/cameras.json.</summary>
    public Task SetCamerasAsync(string json) =>
        Storage
            .Container(ContainerNames.Config)
            .GetBlobClient("cameras.json")
            .UploadAsync(BinaryData.FromString(json), overwrite: true, Cancellation);

    /// <summary>Drops a picture as a camera would.</summary>
    /// <returns>Its ETag, without quotes.</returns>
    public Task<string> DropAsync(string name, int seed) => DropAsync(name, ImageEncoder.Png(Pictures.Draw(seed)));

    /// <summary>Drops a file.</summary>
    /// <returns>Its ETag, without quotes.</returns>
    public async Task<string> DropAsync(string name, byte[] content) =>
        (
            await Storage
                .Container(ContainerNames.Images)
                .GetBlobClient(name)
                .UploadAsync(BinaryData.FromBytes(content), overwrite: true, Cancellation)
        )
            .Value.ETag.ToString()
            .Trim('"');

    /// <summary>Puts a message on a queue.</summary>
    public Task SendAsync(string queue, string text) => Storage.Queue(queue).SendMessageAsync(text, Cancellation);

    /// <summary>Waits for the result of an image version.</summary>
    public Task<ResultDocument> ResultAsync(string image, string etag) =>
        WaitAsync($"a result of {image}", () => Results.ReadAsync(new ImageVersion(image, etag).Result(ModelId), Cancellation));

    /// <summary>Waits for the results of many images by repeated listings, and reads them.</summary>
    public async Task<ResultDocument[]> ResultsAsync(IReadOnlyList<(string Name, string ETag)> images)
    {
        string[] names = [.. images.Select(image => new ImageVersion(image.Name, image.ETag).Result(ModelId))];
        await WaitAsync(
            $"{images.Count} results",
            async () => new HashSet<string>(await BlobsAsync(ContainerNames.Results)).IsSupersetOf(names) ? this : null
        );
        return await Task.WhenAll(images.Select(image => ResultAsync(image.Name, image.ETag)));
    }

    /// <summary>Waits until every message is processed.</summary>
    public Task QuietAsync() =>
        WaitAsync(
            "empty queues",
            async () =>
            {
                foreach (string queue in Flow)
                    if (await CountAsync(queue) > 0)
                        return null;
                return this;
            }
        );

    /// <summary>Messages of a queue, hidden ones too.</summary>
    public async Task<int> CountAsync(string queue) =>
        (await Storage.Queue(queue).GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount;

    /// <summary>Waits until the queue holds that many alert events, and reads all without taking them; 32 at most.</summary>
    public Task<AlertEvent[]> AlertsAsync(int count) =>
        WaitAsync(
            $"{count} alert events",
            async () =>
            {
                AlertEvent[] events = await PeekAlertsAsync();
                return events.Length >= count ? events : null;
            }
        );

    /// <summary>
    /// Events of anomalous and of generated images that are in the queue now, among its first 32. In a slow run a camera may become silent.
    /// </summary>
    public async Task<AlertEvent[]> PeekAlertsAsync()
    {
        PeekedMessage[] messages = (await Storage.Queue(QueueNames.Alerts).PeekMessagesAsync(32, Cancellation)).Value;
        return [.. messages.Select(m => AlertEvent.Parse(m.Body)).Where(e => e.Kind is AlertKind.Anomaly or AlertKind.Generated)];
    }

    /// <summary>Names of the blobs of a container.</summary>
    public async Task<string[]> BlobsAsync(string container, string? prefix = null)
    {
        List<string> names = [];
        await foreach (BlobItem blob in Storage.Container(container).GetBlobsAsync(new GetBlobsOptions { Prefix = prefix }, Cancellation))
            names.Add(blob.Name);
        return [.. names];
    }

    /// <summary>Reads a blob.</summary>
    public async Task<byte[]> ReadAsync(string container, string blob) =>
        (await Storage.Container(container).GetBlobClient(blob).DownloadContentAsync(Cancellation)).Value.Content.ToArray();

    /// <summary>Raw scores of pictures, by scoring them once with a camera of their own.</summary>
    public async Task<double[]> RawScoresAsync(params int[] seeds)
    {
        string[] etags = await Task.WhenAll(seeds.Select(seed => DropAsync($"probe/{seed}.png", seed)));
        ResultDocument[] results = await Task.WhenAll(seeds.Zip(etags, (seed, etag) => ResultAsync($"probe/{seed}.png", etag)));
        await QuietAsync();
        return [.. results.Select(r => r.Score.Raw!.Value)]; // pictures have a score
    }

    /// <summary>Polls until <paramref name="look"/> returns a value.</summary>
    public async Task<T> WaitAsync<T>(string what, Func<Task<T?>> look)
        where T : class
    {
        DateTimeOffset end = TimeProvider.System.GetUtcNow() + Deadline;
        while (true)
        {
            if (await look() is { } found)
                return found;
            if (TimeProvider.System.GetUtcNow() >= end)
                Assert.Fail(
                    $"Waited in vain for {what}. {await StateAsync()} The log ends with:\n{string.Join('\n', Log.All.TakeLast(20))}"
                );
            await Task.Delay(Look, Cancellation);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (FunctionHost worker in _workers)
            await worker.DisposeAsync();
        TestContext.Current.TestOutputHelper?.WriteLine(
            string.Join(
                '\n',
                Log.All.Where(line =>
                        line.StartsWith("Error", StringComparison.Ordinal) || line.StartsWith("Warn", StringComparison.Ordinal)
                    )
                    .Distinct()
                    .Take(20)
            )
        );
    }

    private async Task<string> StateAsync()
    {
        int[] counts = await Task.WhenAll(Flow.Select(CountAsync));
        return $"There are {(await BlobsAsync(ContainerNames.Results)).Length} results; "
            + $"{string.Join(", ", Flow.Zip(counts, (queue, count) => $"{queue} {count}"))}.";
    }
}
