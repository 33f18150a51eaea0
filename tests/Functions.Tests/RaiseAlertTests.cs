using System.Diagnostics;
using System.Text;
using System.Text.Json;
using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Pipeline.Telemetry;
using AaClip.Tests;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AaClip.Functions.Tests;

[Collection("Telemetry")]
public sealed class RaiseAlertTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_trace_goes_from_the_stored_image_to_the_alert_in_the_queue()
    {
        using ActivityListener listener = new()
        {
            ShouldListenTo = source => source.Name == Tracing.Name,
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        StorageClients storage = await azurite.NewAsync();
        (RaiseAlert function, IDisposable owned) = Function(storage);
        using IDisposable disposed = owned;
        BlobCreated stored = new()
        {
            Id = "1",
            Container = "images",
            Name = "line1/0.png",
            ETag = "0x1",
            Bytes = 1,
            Time = ScoredImages.Start,
            Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        };
        string? request,
            scored;
        using (Tracing.Start("RouteUpload", stored.Traceparent))
            request = Tracing.Stamp(stored.Traceparent);
        using (Tracing.Start("ScoreImage", request))
            scored = Tracing.Stamp(request);

        await function.Run(ScoredImages.At(0, 0.95) with { Traceparent = scored }, Cancellation);

        QueueMessage message = Assert.Single(
            (await storage.Queue(QueueNames.Alerts).ReceiveMessagesAsync(32, cancellationToken: Cancellation)).Value
        );
        string? sent = JsonDocument.Parse(message.Body).RootElement.GetProperty("traceparent").GetString();
        Assert.NotEqual(scored, sent);
        Assert.StartsWith("00-0af7651916cd43dd8448eb211c80319c-", sent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_message_in_the_queue_is_Base64_of_an_event_and_stays_for_a_week()
    {
        StorageClients storage = await azurite.NewAsync();
        (RaiseAlert function, IDisposable owned) = Function(storage);
        using IDisposable disposed = owned;

        await function.Run(ScoredImages.At(0, 0.6), Cancellation);

        QueueClient raw = new(azurite.ConnectionString, storage.Queue(QueueNames.Alerts).Name);
        QueueMessage message = Assert.Single((await raw.ReceiveMessagesAsync(32, cancellationToken: Cancellation)).Value);
        string json = Encoding.UTF8.GetString(Convert.FromBase64String(message.MessageText));
        Assert.Equal([], SchemaCheck.Faults(SchemaCheck.Load("alert.schema.json"), json));
        Assert.Equal(TimeSpan.FromDays(7) + TimeSpan.FromSeconds(1), message.ExpiresOn - message.InsertedOn);
    }

    [Fact]
    public async Task The_camera_s_own_rule_decides()
    {
        StorageClients storage = await azurite.NewAsync();
        await storage
            .Container(ContainerNames.Config)
            .UploadBlobAsync(
                CameraProfiles.Blob,
                BinaryData.FromString(
                    """
                    { "schemaVersion": 1, "cameras": { "line1": { "class": "bottle", "alert": { "confirm": { "n": 2, "m": 3 } } },
                        "line2": { "class": "bottle", "alert": { "enabled": false } }, "*": { "class": "bottle" } } }
                    """
                ),
                Cancellation
            );
        (RaiseAlert function, IDisposable owned) = Function(storage);
        using IDisposable disposed = owned;

        foreach (
            Scored image in (Scored[])
                [ScoredImages.At(0, 0.6), ScoredImages.At(0, 0.6, "line2"), ScoredImages.At(0, 0.6, "line3"), ScoredImages.At(1, 0.6)]
        )
            await function.Run(image, Cancellation);

        QueueMessage[] messages = (await storage.Queue(QueueNames.Alerts).ReceiveMessagesAsync(32, cancellationToken: Cancellation)).Value;
        Assert.Equal(["line3", "line1"], messages.Select(m => JsonDocument.Parse(m.Body).RootElement.GetProperty("subject").GetString()));
    }

    private static (RaiseAlert Function, IDisposable Owned) Function(StorageClients storage)
    {
        AlertRaiser raiser = new(
            new AlertStore(storage, TimeProvider.System),
            [new QueueAlertSink(storage, TimeProvider.System)],
            Options.Create(new AlertOptions()),
            TimeProvider.System,
            NullLogger<AlertRaiser>.Instance
        );
        CameraProfiles cameras = new(
            storage,
            Options.Create(new CamerasOptions()),
            TimeProvider.System,
            NullLogger<CameraProfiles>.Instance
        );
        return (new RaiseAlert(new CameraAlerts(cameras, raiser, TimeProvider.System)), raiser);
    }
}
