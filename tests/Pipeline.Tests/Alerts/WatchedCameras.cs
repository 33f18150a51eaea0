using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Cameras;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Pipeline.Tests.Results.Counts;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Tests.Alerts;

/// <summary>A worker whose timers are run by hand: it watches cameras, and delivers what is to be told.</summary>
internal sealed class WatchedCameras : IDisposable
{
    private readonly CameraProfiles _profiles;
    private readonly ModelRolesStore _roles;
    private readonly CameraWatch _watch;

    public WatchedCameras(StorageClients storage, TimeProvider time, params IAlertSink[] sinks)
    {
        Store = new AlertStore(storage, TimeProvider.System); // it waits between its tries
        Raiser = new AlertRaiser(
            Store,
            sinks.Length > 0 ? sinks : [new QueueAlertSink(storage, time)],
            Options.Create(new AlertOptions()),
            time,
            NullLogger<AlertRaiser>.Instance
        );
        _profiles = new CameraProfiles(
            storage,
            Options.Create(new CamerasOptions { RefreshSeconds = 0 }),
            time,
            NullLogger<CameraProfiles>.Instance
        );
        _roles = new ModelRolesStore(
            storage,
            Options.Create(new ModelOptions { RefreshSeconds = 0 }),
            time,
            NullLogger<ModelRolesStore>.Instance
        );
        _watch = new CameraWatch(
            storage,
            new CameraStates(storage, time),
            _profiles,
            _roles,
            Store,
            Raiser,
            time,
            NullLogger<CameraWatch>.Instance
        );
    }

    public AlertStore Store { get; }

    public AlertRaiser Raiser { get; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public Task WatchAsync() => _watch.RunAsync(TimeSpan.FromMinutes(10), Cancellation);

    public Task SweepAsync() => Raiser.SweepAsync(Cancellation);

    /// <summary>Both timers, one after the other.</summary>
    public async Task RunAsync()
    {
        await WatchAsync();
        await SweepAsync();
    }

    public Task PromoteAsync(string model) => _roles.PromoteAsync(model, "kim", cancellation: Cancellation);

    public void Dispose()
    {
        Raiser.Dispose();
        _profiles.Dispose();
        _roles.Dispose();
    }

    /// <summary>Stores results of a camera: an image a minute, the last one at a time.</summary>
    public static async Task SendsUntilAsync(StorageClients storage, string camera, DateTimeOffset last, int images = 3)
    {
        ResultIndex index = new(storage);
        for (int i = 0; i < images; i++)
            await index.PutAsync(CountedResults.Result(camera, $"{last:HHmmss}-{i}.png", last.AddMinutes(-i)), Cancellation);
    }

    public static Task SetProfilesAsync(StorageClients storage, string cameras) =>
        storage
            .Container(ContainerNames.Config)
            .GetBlobClient(CameraProfiles.Blob)
            .UploadAsync(
                BinaryData.FromString($$"""{ "schemaVersion": 1, "cameras": {{cameras}} }"""),
                overwrite: true,
                cancellationToken: Cancellation
            );

    /// <summary>Takes all events from the queue, ordered by their cameras and sequences.</summary>
    public static async Task<AlertEvent[]> TakeAsync(StorageClients storage)
    {
        List<AlertEvent> events = [];
        while (
            (await storage.Queue(QueueNames.Alerts).ReceiveMessagesAsync(32, cancellationToken: Cancellation)).Value
                is { Length: > 0 } messages
        )
            events.AddRange(messages.Select(m => AlertEvent.Parse(m.Body)));
        return [.. events.OrderBy(e => e.Data.Camera, StringComparer.Ordinal).ThenBy(e => e.Data.Sequence)];
    }
}
