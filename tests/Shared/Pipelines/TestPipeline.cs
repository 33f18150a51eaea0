using System.Text.Json;
using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Audits;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Failures;
using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Resilience;
using AaClip.Pipeline.Results;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Scoring;
using AaClip.Pipeline.Storage;
using AaClip.Pipeline.Timelines;
using AaClip.Scoring.Images;
using AaClip.Scoring.Sessions;
using Azure;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AaClip.Tests;

/// <summary>The steps of the pipeline over storage of their own and the tiny model, put together with <c>new</c>.</summary>
internal sealed class TestPipeline : IAsyncDisposable
{
    private readonly ScratchFolder _cache = new(); // of its own: tests damage what lies in it

    private TestPipeline(StorageClients storage, LimitsOptions limits, string? modelPath)
    {
        Storage = storage;
        Cameras = new CameraProfiles(
            storage,
            Options.Create(new CamerasOptions { RefreshSeconds = 0 }),
            TimeProvider.System,
            NullLogger<CameraProfiles>.Instance
        );
        References = new CameraReferences(
            storage,
            Options.Create(new CamerasOptions { RefreshSeconds = 0 }),
            TimeProvider.System,
            NullLogger<CameraReferences>.Instance
        );
        IOptions<ModelOptions> model = Options.Create(
            new ModelOptions
            {
                Path = modelPath ?? TinyPackage.Random(),
                Provider = Provider.Cpu,
                Threads = 1,
                RefreshSeconds = 0,
                Cache = _cache.Path,
            }
        );
        Choice = new ModelRolesStore(storage, model, TimeProvider.System, NullLogger<ModelRolesStore>.Instance);
        Repository = new ModelRepository(storage, model, NullLogger<ModelRepository>.Instance);
        Trust = new ModelTrust(storage, Choice, model, TimeProvider.System, NullLogger<ModelTrust>.Instance);
        Models = new ModelHost(
            model,
            Options.Create(new BatchingOptions()),
            Choice,
            Repository,
            Trust,
            TimeProvider.System,
            NullLogger<ModelHost>.Instance
        );
        Checks = new CheckHost(model, Repository, Trust, TimeProvider.System, NullLogger<CheckHost>.Instance);
        EventModels = new EventModelHost(model, Repository, Trust, TimeProvider.System, NullLogger<EventModelHost>.Instance);
        Features = new FeatureStore(storage);
        Timelines = new TimelineStore(storage);
        Results = new ResultStore(storage);
        Scoring = new ImageScoring(
            storage,
            Cameras,
            References,
            Models,
            Checks,
            EventModels,
            Features,
            Choice,
            Results,
            Options.Create(limits),
            TimeProvider.System,
            NullLogger<ImageScoring>.Instance
        );
        Audits = new AuditStore(storage);
        StoredImages images = new(storage, Options.Create(limits));
        Audit = new ImageAudit(images, Scoring, Cameras, References, Audits, NullLogger<ImageAudit>.Instance);
        Frames = new StoredFrames(
            storage,
            images,
            Scoring,
            EventModels,
            Features,
            new TimelineMaker(EventModels, Features, NullLogger<TimelineMaker>.Instance),
            Cameras
        );
        Store = new JobStore(storage, TimeProvider.System);
        Jobs = new JobService(storage, Store, Repository, TimeProvider.System);
        Runner = new JobRunner(
            storage,
            Store,
            Jobs,
            Cameras,
            Results,
            Models,
            new MapRejudger(storage, Cameras, Results, Models, Repository, Trust, model, TimeProvider.System),
            Audits,
            Frames,
            Options.Create(new ResultsOptions { ReviewAddress = "https://review.example" }),
            TimeProvider.System,
            NullLogger<JobRunner>.Instance
        );
        Sender = new QueueSender(storage);
        Infrastructure = new Infrastructure(TimeProvider.System, NullLogger<Infrastructure>.Instance);
        Outbox = new AlertOutbox(new AlertStore(storage, TimeProvider.System), TimeProvider.System);
        Failures = new FailureRecorder(
            storage,
            Results,
            Cameras,
            Models,
            Jobs,
            Audits,
            Frames,
            TimeProvider.System,
            NullLogger<FailureRecorder>.Instance
        );
    }

    public StorageClients Storage { get; }
    public CameraProfiles Cameras { get; }
    public CameraReferences References { get; }
    public ModelHost Models { get; }
    public CheckHost Checks { get; }
    public EventModelHost EventModels { get; }
    public FeatureStore Features { get; }
    public TimelineStore Timelines { get; }
    public ModelRolesStore Choice { get; }
    public ModelRepository Repository { get; }
    public ModelTrust Trust { get; }
    public StoredFrames Frames { get; }
    public JobStore Store { get; }
    public JobService Jobs { get; }
    public JobRunner Runner { get; }
    public ResultStore Results { get; }
    public ImageScoring Scoring { get; }
    public AuditStore Audits { get; }
    public ImageAudit Audit { get; }
    public FailureRecorder Failures { get; }
    public QueueSender Sender { get; }
    public Infrastructure Infrastructure { get; }
    public AlertOutbox Outbox { get; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<TestPipeline> NewAsync(
        AzuriteFixture azurite,
        LimitsOptions? limits = null,
        string? modelPath = null,
        HttpPipelineTransport? transport = null
    )
    {
        StorageClients storage = await azurite.NewAsync();
        return new(transport is null ? storage : azurite.Through(storage, transport), limits ?? new LimitsOptions(), modelPath);
    }

    /// <summary>A package that finds every picture normal.</summary>
    public static string AllNormal => TinyPackage.Recalibrated(0.95);

    /// <summary>The same weights with a calibration by which every picture is anomalous.</summary>
    public static string AllAnomalous => TinyPackage.Recalibrated(0.05);

    /// <summary>A picture of stripes, as a camera would send it.</summary>
    public static byte[] Picture(int seed = 0, int width = 160, int height = 120)
    {
        byte[] pixels = new byte[3 * width * height];
        new Random(seed).NextBytes(pixels.AsSpan(0, 3 * width * (height / 3)));
        return ImageEncoder.Png(new RgbImage(width, height, pixels));
    }

    public async Task<string> UploadAsync(string name, byte[] content)
    {
        BlobContentInfo info = await Storage
            .Container(ContainerNames.Images)
            .GetBlobClient(name)
            .UploadAsync(BinaryData.FromBytes(content), overwrite: true, Cancellation);
        return info.ETag.ToString().Trim('"');
    }

    /// <summary>Sets metadata, as uploaders do afterwards.</summary>
    /// <returns>The new ETag.</returns>
    public async Task<string> TouchAsync(string name, string part = "7")
    {
        Response<BlobInfo> info = await Storage
            .Container(ContainerNames.Images)
            .GetBlobClient(name)
            .SetMetadataAsync(new Dictionary<string, string> { ["part"] = part }, cancellationToken: Cancellation);
        return info.Value.ETag.ToString().Trim('"');
    }

    public async Task SetCamerasAsync(string cameras) =>
        await Storage
            .Container(ContainerNames.Config)
            .GetBlobClient(CameraProfiles.Blob)
            .UploadAsync(BinaryData.FromString($$"""{ "schemaVersion": 1, "cameras": {{cameras}} }"""), overwrite: true, Cancellation);

    public static ScoreRequested Request(string image, string etag, string objectClass = "bottle", string? model = null) =>
        new()
        {
            Image = image,
            ETag = etag,
            Camera = ImageName.Of(image).Camera,
            ObjectClass = objectClass,
            Model = model,
            EnqueuedAt = DateTimeOffset.UtcNow,
            Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        };

    /// <summary>Scores a new image, which stores a result and sends what follows.</summary>
    public async Task<ResultDocument?> ScoreAsync(ScoreRequested request) => (await Scoring.ScoreAsync(request, Cancellation))?.Result;

    /// <summary>Models of a process beside this one, over the same storage.</summary>
    public ModelHost Host(string path, TimeProvider? time = null, bool load = true, ILogger<ModelHost>? log = null) =>
        new(
            Options.Create(
                new ModelOptions
                {
                    Path = path,
                    Load = load,
                    Provider = Provider.Cpu,
                    Threads = 1,
                    RefreshSeconds = 0,
                }
            ),
            Options.Create(new BatchingOptions()),
            Choice,
            Repository,
            Trust,
            time ?? TimeProvider.System,
            log ?? NullLogger<ModelHost>.Instance
        );

    public async Task<List<T>> MessagesAsync<T>(string queue, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        PeekedMessage[] messages = await Storage.Queue(queue).PeekMessagesAsync(32, Cancellation);
        return [.. messages.Select(m => JsonSerializer.Deserialize(m.Body.ToString(), type)!)]; // none of ours is null
    }

    public async Task<List<string>> NamesAsync(string container) =>
        await Storage.Container(container).GetBlobsAsync(cancellationToken: Cancellation).Select(b => b.Name).ToListAsync(Cancellation);

    public async Task<byte[]> ReadAsync(string container, string name) =>
        (await Storage.Container(container).GetBlobClient(name).DownloadContentAsync(Cancellation)).Value.Content.ToArray();

    public async ValueTask DisposeAsync()
    {
        Scoring.Dispose();
        Infrastructure.Dispose();
        Outbox.Dispose();
        Cameras.Dispose();
        await Models.DisposeAsync();
        Trust.Dispose();
        await Checks.DisposeAsync();
        await EventModels.DisposeAsync();
        _cache.Dispose();
    }
}
