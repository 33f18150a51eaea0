using System.Globalization;
using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Storage;
using AaClip.Pipeline.Timelines;
using AaClip.Scoring.Images;
using AaClip.Tests;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AaClip.EndToEnd.Tests;

public class Uploading_frames_of_a_sequence(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Gives_each_a_result_and_all_together_a_time_line_and_an_alert_that_is_closed()
    {
        await using Site site = await Site.OpenAsync(azurite);
        ModelRepository repository = new(site.Storage, Options.Create(new ModelOptions()), NullLogger<ModelRepository>.Instance);
        string model = await repository.PublishAsync(TinyPackage.Temporal("ucf"), cancellation: Cancellation);
        // Every score is an event; the frames were taken ten minutes ago, so that their window is over.
        await site.SetCamerasAsync(
            $$"""
            { "schemaVersion": 1, "cameras": { "line1": { "threshold": 0.999,
              "events": { "model": "{{model}}", "everySeconds": 1, "latenessSeconds": 1, "threshold": 0.000001, "minSeconds": 1 } } } }
            """
        );
        DateTimeOffset start = FrameSequence.WindowOf(DateTimeOffset.UtcNow.AddMinutes(-10), TimeSpan.TicksPerSecond, 32);
        await site.StartWorkerAsync();

        string[] names = [.. Enumerable.Range(0, 3).Select(i => $"line1/{i}.png")],
            etags = new string[names.Length];
        for (int i = 0; i < names.Length; i++)
            etags[i] = await UploadAsync(site, names[i], i, start.AddSeconds(i + 0.25));
        ResultDocument[] results = await Task.WhenAll(names.Zip(etags, site.ResultAsync));
        string name = TimelineStore.NameOf(model, "line1", start);
        TimelineDocument timeline = await site.WaitAsync(
            "a time line",
            () => new TimelineStore(site.Storage).ReadAsync(name, Cancellation)
        );
        AlertEvent[] alerts = await site.WaitAsync("a closed alert", () => ClosedAsync(site));
        await site.QuietAsync();

        Assert.All(results, r => Assert.Equal(Verdict.Normal, r.Score.Verdict));
        Assert.Equal((model, "line1", start), (timeline.Model, timeline.Camera, timeline.Start));
        Assert.Equal(names, timeline.Images);
        Assert.Equal([0.25, 1.25, 2.25], timeline.Times);
        TimelineEvent found = Assert.Single(timeline.Events);
        Assert.Equal((0.25, 3.25), (found.From, found.To));
        Assert.Contains(etags, e => e == found.ETag);
        Assert.Equal("aaclip.event.opened", alerts[0].Envelope.Type);
        Assert.True(alerts[0].Event!.Provisional);
        Assert.Equal("aaclip.event.closed", alerts[^1].Envelope.Type);
        EventData closed = alerts[^1].Event!;
        Assert.Equal((false, AlertCloseReason.Normal, name), (closed.Provisional, closed.CloseReason, closed.Timeline?.Blob));
        Assert.Equal((found.Label, found.Score, found.Image), (closed.Event.Label, closed.Event.Score, closed.Image.Blob));
        Assert.Equal((start.AddSeconds(0.25), start.AddSeconds(3.25)), (closed.Event.From, closed.Event.To));
        Assert.Single(alerts.Select(a => a.Data.AlertId).Distinct());
    }

    private static async Task<string> UploadAsync(Site site, string name, int seed, DateTimeOffset taken)
    {
        BlobUploadOptions options = new()
        {
            Metadata = new Dictionary<string, string> { ["time"] = taken.ToString("O", CultureInfo.InvariantCulture) },
        };
        BlobContentInfo stored = await site
            .Storage.Container(ContainerNames.Images)
            .GetBlobClient(name)
            .UploadAsync(BinaryData.FromBytes(ImageEncoder.Png(Pictures.Draw(seed))), options, Cancellation);
        return stored.ETag.ToString().Trim('"');
    }

    private static async Task<AlertEvent[]?> ClosedAsync(Site site)
    {
        var messages = (await site.Storage.Queue(QueueNames.Alerts).PeekMessagesAsync(32, Cancellation)).Value;
        AlertEvent[] found = [.. messages.Select(m => AlertEvent.Parse(m.Body)).Where(a => a.Kind == AlertKind.Event)];
        return Array.Exists(found, a => a.Change == "closed") ? found : null;
    }
}
