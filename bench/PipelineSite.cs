using System.Diagnostics;
using System.Text.Json;
using AaClip.Functions;
using AaClip.LocalHost;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Results;
using AaClip.Pipeline.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AaClip.Bench;

/// <summary>The pipeline as `aaclip up` runs it, with its own Azurite, used from outside: uploads images, reads results.</summary>
internal sealed class PipelineSite : IAsyncDisposable
{
    private readonly FunctionHost _host;
    private readonly string _folder; // data folder of Azurite
    private readonly ServiceProvider _services;
    private readonly BlobContainerClient _images;
    private readonly BlobContainerClient _results;
    private const int Few = 2;
    private static readonly TimeSpan Often = TimeSpan.FromMilliseconds(50);

    private int _dropped;
    private (TimeSpan Host, TimeSpan Worker, TimeSpan Azurite) _processor;

    private PipelineSite(FunctionHost host, ServiceProvider services, string folder, LoadedModel model)
    {
        _host = host;
        _folder = folder;
        _services = services;
        Model = model;
        StorageClients storage = services.GetRequiredService<StorageClients>();
        _images = storage.Container(ContainerNames.Images);
        _results = storage.Container(ContainerNames.Results);
    }

    /// <summary>The model of the pipeline.</summary>
    public LoadedModel Model { get; }

    /// <param name="provider">"cpu" or "cuda".</param>
    public static async Task<PipelineSite> StartAsync(string model, CancellationToken cancellation, string provider = "cpu")
    {
        Dictionary<string, string?> settings = new() { ["Model__Path"] = model, ["Model__Provider"] = provider };
        string folder = Directory.CreateTempSubdirectory("aaclip-bench-").FullName;
        FunctionHost host = await FunctionHost.StartAsync(
            new LocalHostOptions
            {
                Functions = Path.Combine(
                    AppContext.BaseDirectory,
                    "..",
                    "..",
                    "Functions",
                    new DirectoryInfo(AppContext.BaseDirectory).Name
                ),
                Settings = settings,
                Prepare = (connection, token) => IndexBench.Clients(connection).EnsureCreatedAsync(token),
                Logging = logging =>
                    logging
                        .SetMinimumLevel(LogLevel.Warning)
                        .AddFilter("AaClip", LogLevel.Warning)
                        .AddSimpleConsole(console => console.SingleLine = true),
                // With data in memory, Azurite stops answering for seconds, once a minute, while it removes deleted messages (3.37,
                // QueueGCManager).
                Persist = folder,
                OwnAzurite = true,
                AzuritePort = 0,
                Port = 0,
            },
            cancellation
        );
        // The same services in this process: to score without the pipeline, and to start jobs.
        ConfigurationManager configuration = new();
        configuration.AddInMemoryCollection(
            settings.Select(setting => KeyValuePair.Create(setting.Key.Replace("__", ":", StringComparison.Ordinal), setting.Value))
        );
        configuration.AddInMemoryCollection([KeyValuePair.Create<string, string?>(StorageConnection.Setting, host.ConnectionString)]);
        ServiceProvider services = new ServiceCollection().AddLogging().AddAaClip(configuration).BuildServiceProvider();
        return new PipelineSite(host, services, folder, await services.GetRequiredService<ModelHost>().LiveAsync(cancellation));
    }

    /// <summary>Uploads images at once, and polls until each has its result.</summary>
    /// <param name="look">Interval between two polls, which cost the pipeline time; for the last images it is shorter.</param>
    /// <param name="camera">Camera of an image by its number; null for one camera.</param>
    /// <returns>Seconds from each upload to its result, and from the first upload to the last result.</returns>
    public async Task<(double[] Latencies, double Seconds)> PassAsync(
        IReadOnlyList<byte[]> images,
        TimeSpan look,
        CancellationToken cancellation,
        Func<int, string>? camera = null
    )
    {
        long start = Stopwatch.GetTimestamp();
        Dictionary<string, long> waiting = [];
        Task uploads = Parallel.ForEachAsync(
            images,
            new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellation },
            async (image, token) =>
            {
                int number = Interlocked.Increment(ref _dropped);
                string name = $"{camera?.Invoke(number) ?? "line1"}/{number:D6}.jpg";
                long dropped = Stopwatch.GetTimestamp();
                BlobContentInfo info = (await _images.GetBlobClient(name).UploadAsync(BinaryData.FromBytes(image), token)).Value;
                lock (waiting)
                    waiting.Add(new ImageVersion(name, info.ETag.ToString()).Result(Model.Id), dropped);
            }
        );
        List<double> latencies = [];
        while (latencies.Count < images.Count)
        {
            bool few = latencies.Count >= images.Count - Few; // poll more often, so that the end is seen at once
            List<string> there = await LookAsync(few, waiting, cancellation);
            long now = Stopwatch.GetTimestamp();
            lock (waiting)
                foreach (string name in there)
                    if (waiting.Remove(name, out long dropped))
                        latencies.Add(Stopwatch.GetElapsedTime(dropped, now).TotalSeconds);
            if (latencies.Count < images.Count)
                await Task.Delay(few && look > Often ? Often : look, cancellation);
        }

        await uploads;
        return ([.. latencies.Order()], Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    /// <summary>Runs a rescoring job over the stored images.</summary>
    /// <returns>Seconds from its start to its report, and the number of images.</returns>
    public async Task<(double Seconds, long Images)> RescoreAsync(
        string package,
        RescoreMode mode,
        string? prefix,
        CancellationToken cancellation
    )
    {
        string model = await Services<ModelRepository>().PublishAsync(package, cancellation: cancellation);
        JobService jobs = Services<JobService>();
        long start = Stopwatch.GetTimestamp();
        Job job = await jobs.StartAsync(
            new RescoreRequest
            {
                Model = model,
                Mode = mode,
                Prefix = prefix,
            },
            Model.Id,
            cancellation
        );
        while (job.Status == JobStatus.Running)
        {
            await Task.Delay(Often, cancellation);
            job = await jobs.FindAsync(job.Id, cancellation);
        }

        return job.Status == JobStatus.Done
            ? (Stopwatch.GetElapsedTime(start).TotalSeconds, job.Found.Images)
            : throw new InvalidOperationException($"The job is {job.Status}: {job.Reason}");
    }

    /// <summary>Queues images of a job that does not exist; new images must not wait behind them.</summary>
    public async Task QueueBulkAsync(int count, CancellationToken cancellation)
    {
        List<(string Name, string ETag)> images = [];
        await foreach (BlobItem blob in _images.GetBlobsAsync(cancellationToken: cancellation))
            images.Add((blob.Name, blob.Properties.ETag.ToString()!.Trim('"'))); // not null: every blob has an ETag
        QueueClient queue = Services<StorageClients>().Queue(QueueNames.ScoreBulk);
        await Parallel.ForAsync(
            0,
            count,
            new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancellation },
            async (i, token) =>
            {
                (string name, string etag) = images[i % images.Count];
                ScoreRequested request = new()
                {
                    Image = name,
                    ETag = etag,
                    Camera = "line1",
                    ObjectClass = $"object {i / images.Count}", // a request that was answered before would not be scored
                    Job = "bench",
                    EnqueuedAt = TimeProvider.System.GetUtcNow(),
                };
                await queue.SendMessageAsync(
                    BinaryData.FromBytes(JsonSerializer.SerializeToUtf8Bytes(request, MessageJson.Default.ScoreRequested)),
                    cancellationToken: token
                );
            }
        );
    }

    /// <summary>Starts to measure processor time.</summary>
    public void BeginProcessor() => _processor = Processor();

    /// <summary>
    /// Milliseconds of processor time since the start of the measurement: of this process (the host, and what the bench does), of the
    /// worker, and of Azurite.
    /// </summary>
    public (double Host, double Worker, double Azurite) ProcessorTime()
    {
        (TimeSpan host, TimeSpan worker, TimeSpan azurite) = Processor();
        return (
            (host - _processor.Host).TotalMilliseconds,
            (worker - _processor.Worker).TotalMilliseconds,
            (azurite - _processor.Azurite).TotalMilliseconds
        );
    }

    private (TimeSpan Host, TimeSpan Worker, TimeSpan Azurite) Processor()
    {
        using Process worker = Process.GetProcessById(_host.WorkerProcess),
            azurite = Process.GetProcessById(_host.AzuriteProcess!.Value); // not null: it is the host's own
        return (Environment.CpuUsage.TotalTime, worker.TotalProcessorTime, azurite.TotalProcessorTime);
    }

    /// <summary>
    /// Does again, many times, what the results index adds to the steps of an image: the look for an earlier result, and the row. It is
    /// done in this process, for a camera that has no images.
    /// </summary>
    /// <returns>Milliseconds of processor time of each, of this process and Azurite together.</returns>
    public async Task<(double Look, double Row)> IndexAsync(CancellationToken cancellation)
    {
        const int Count = 400;
        ResultStore store = Services<ResultStore>();
        ResultDocument? some = null;
        await foreach (BlobItem blob in _results.GetBlobsAsync(cancellationToken: cancellation))
            if ((some = await store.ReadAsync(blob.Name, cancellation)) is not null)
                break;
        ResultDocument result = some ?? throw new InvalidOperationException("No image has a result yet.");
        (double look, double row) = (0, 0);
        for (int round = 0; round < 2; round++) // the first warms up
        {
            look = await TimeAsync(image => store.SummaryAsync(result.Model.Id, image, cancellation));
            row = await TimeAsync(image => store.Index.PutAsync(Of(image, round), cancellation));
        }

        return (look, row);

        ResultDocument Of(ImageVersion image, int round) =>
            result with
            {
                Image = result.Image with { Name = $"{image.Image}-{round}", Camera = image.Camera },
            };

        async Task<double> TimeAsync(Func<ImageVersion, Task> work)
        {
            BeginProcessor();
            await Parallel.ForAsync(
                0,
                Count,
                new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = cancellation },
                async (i, _) => await work(new ImageVersion($"index/{i:D6}.jpg", "0x8DE2CC0123456789"))
            );
            (double host, _, double azurite) = ProcessorTime();
            return (host + azurite) / Count;
        }
    }

    /// <summary>Number of waiting messages of jobs.</summary>
    public async Task<int> BulkAsync(CancellationToken cancellation) =>
        (await Services<StorageClients>().Queue(QueueNames.ScoreBulk).GetPropertiesAsync(cancellation)).Value.ApproximateMessagesCount;

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _host.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private T Services<T>()
        where T : notnull => _services.GetRequiredService<T>();

    private async Task<List<string>> LookAsync(bool few, Dictionary<string, long> waiting, CancellationToken cancellation)
    {
        List<string> names = [];
        if (few)
        {
            string[] left;
            lock (waiting)
                left = [.. waiting.Keys];
            foreach (string name in left)
                if (await _results.GetBlobClient(name).ExistsAsync(cancellation))
                    names.Add(name);
            return names;
        }

        await foreach (BlobItem blob in _results.GetBlobsAsync(cancellationToken: cancellation))
            names.Add(blob.Name);
        return names;
    }
}
