using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Events;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Pipeline.Tests.Alerts;
using AaClip.Pipeline.Timelines;
using AaClip.Scoring.Events;
using AaClip.Tests;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Tests.Events;

/// <summary>
/// Frames of one camera in three windows of 32 seconds, with a gap and missing frames, and random features: some windows have events.
/// </summary>
public sealed class EventWatchTests(AzuriteFixture azurite)
{
    private const int Windows = 3;
    private const double Lateness = 20;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Frames_become_time_lines_and_one_alert_for_each_window_that_has_events()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        Scene scene = await Scene.NewAsync(pipeline);

        Run run = await RunAsync(pipeline, scene, scene.Frames);

        Assert.Equal(Windows, run.Timelines.Count);
        foreach ((string name, string json) in run.Timelines)
        {
            Assert.Empty(SchemaCheck.Faults(SchemaCheck.Load("timeline.schema.json"), json));
            TimelineDocument timeline = TimelineDocument.Parse(BinaryData.FromString(json));
            Assert.Equal((scene.Model, "line1"), (timeline.Model, timeline.Camera));
            Assert.Equal(TimelineStore.NameOf(scene.Model, "line1", timeline.Start!.Value), name);
            Assert.Equal(timeline.P1.Count, timeline.Times!.Count);
        }

        TimelineDocument[] all = [.. run.Timelines.Values.Select(t => TimelineDocument.Parse(BinaryData.FromString(t)))];
        Assert.Equal([2, 1, 1], all.Select(t => t.Lengths.Count)); // a gap in the first
        Assert.Contains(all, t => t.Events.Count > 0);
        Assert.Contains(all, t => t.Events.Count == 0);
        Assert.Equal(
            all.Where(t => t.Events.Count > 0).Select(t => EventAlerts.IdOf("line1", scene.Model, t.Start!.Value)).Order(),
            run.Final.Keys.Order()
        );
        Assert.All(run.Alerts, a => Assert.Empty(SchemaCheck.Faults(SchemaCheck.Load("alert.schema.json"), a.ToJson().ToString())));
        EventState left = await new EventStore(pipeline.Storage, TimeProvider.System).GetAsync("line1", Cancellation);
        Assert.Empty(left.Windows);
        Assert.Equal(0, left.TooLate);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Any_order_with_duplicates_two_workers_and_kills_give_the_same_time_lines_and_alerts(int seed)
    {
        await using TestPipeline plain = await TestPipeline.NewAsync(azurite);
        Scene scene = await Scene.NewAsync(plain);
        Run expected = await RunAsync(plain, scene, scene.Frames);
        Random random = new(seed);
        await using TestPipeline other = await TestPipeline.NewAsync(azurite);
        await Scene.NewAsync(other);
        FrameSeen[] delivered =
        [
            .. scene
                .Frames.Concat(scene.Frames.Where(_ => random.Next(4) == 0))
                .Select(f => (Frame: f, At: f.ImageTime.AddSeconds(random.NextDouble() * (Lateness - 1))))
                .OrderBy(f => f.At)
                .Select(f => f.Frame),
        ];

        Run run = await RunAsync(other, scene, delivered, random);

        Assert.NotEqual(scene.Frames, delivered);
        Assert.True(run.Kills > 3, $"{run.Kills} kills.");
        Assert.Equal(expected.Timelines, run.Timelines);
        Assert.Equal(expected.Final, run.Final);
        AlertEvent[] opened = [.. run.Alerts.Where(a => a.Change == "opened").DistinctBy(a => a.Envelope.Id)],
            closed = [.. run.Alerts.Where(a => a.Change == "closed").DistinctBy(a => a.Envelope.Id)];
        Assert.Equal(opened.Select(a => a.Data.AlertId).Order(), closed.Select(a => a.Data.AlertId).Order());
        Assert.Equal(opened.Length, opened.Select(a => a.Data.AlertId).Distinct().Count());
    }

    [Fact]
    public async Task A_camera_without_events_has_no_time_line_and_one_whose_events_end_is_closed_by_the_timer()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        Scene scene = await Scene.NewAsync(pipeline);
        using Worker worker = new(pipeline, pipeline.Storage, new MemorySink("queue"));
        await worker.Watch.SeeAsync(scene.Frames[0] with { Camera = "line2" }, Cancellation);
        await worker.Watch.SeeAsync(scene.Frames[0], Cancellation);
        await pipeline.SetCamerasAsync("""{ "*": {} }""");

        await worker.Watch.SeeAsync(scene.Frames[1], Cancellation);
        await worker.Watch.SweepAsync(Cancellation);

        string name = Assert.Single(await pipeline.NamesAsync(ContainerNames.Timelines));
        TimelineDocument timeline = TimelineDocument.Parse(BinaryData.FromBytes(await pipeline.ReadAsync(ContainerNames.Timelines, name)));
        Assert.Equal([scene.Frames[0].Image], timeline.Images);
    }

    [Fact]
    public async Task The_timer_waits_for_frames_that_are_still_in_a_queue()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        Scene scene = await Scene.NewAsync(pipeline, recent: true);
        using Worker worker = new(pipeline, pipeline.Storage, new MemorySink("queue"));
        await worker.Watch.SeeAsync(scene.Frames[0], Cancellation);
        await pipeline.Sender.SendAsync(QueueNames.Events, scene.Frames[1], MessageJson.Default.FrameSeen, cancellation: Cancellation);

        await worker.Watch.SweepAsync(Cancellation);
        List<string> waiting = await pipeline.NamesAsync(ContainerNames.Timelines);
        await pipeline.Storage.Queue(QueueNames.Events).ClearMessagesAsync(Cancellation);
        await worker.Watch.SweepAsync(Cancellation);

        Assert.Empty(waiting);
        Assert.Single(await pipeline.NamesAsync(ContainerNames.Timelines));
    }

    // Without a random generator: one worker, in the given order. With one: two workers that are killed at about one write of eight.
    private async Task<Run> RunAsync(TestPipeline pipeline, Scene scene, IReadOnlyList<FrameSeen> delivered, Random? random = null)
    {
        MemorySink alerts = new("queue");
        KilledWorker kill = new(() =>
        {
            if (random is null)
                return null;
            lock (random)
                return random.Next(8) != 0 ? null : random.Next(2) == 0;
        });
        StorageClients storage = random is null ? pipeline.Storage : azurite.Through(pipeline.Storage, kill);
        ConcurrentQueue<FrameSeen> queue = new(delivered);
        Task[] workers =
        [
            .. Enumerable
                .Range(0, random is null ? 1 : 2)
                .Select(_ =>
                    Task.Run(async () =>
                    {
                        using Worker worker = new(pipeline, storage, alerts);
                        while (queue.TryDequeue(out FrameSeen? frame))
                            for (int tries = 0; ; tries++)
                            {
                                Assert.True(tries < 30, "A message was delivered 30 times.");
                                try
                                {
                                    if (!await KilledWorker.RunAsync(() => worker.Watch.SeeAsync(frame, Cancellation)))
                                        break;
                                }
                                catch (IOException)
                                {
                                    // the other worker changed the state at each try: delivered again
                                }
                            }
                    })
                ),
        ];
        await Task.WhenAll(workers);
        using Worker last = new(pipeline, pipeline.Storage, alerts);
        await last.Watch.SweepAsync(Cancellation);
        // What a killed worker decided and did not deliver, when its claim has ended
        while (await last.Alerts.SweepAsync(Cancellation) is not null)
            await Task.Delay(TimeSpan.FromMilliseconds(500), Cancellation);

        SortedDictionary<string, string> timelines = new(StringComparer.Ordinal);
        foreach (string name in await pipeline.NamesAsync(ContainerNames.Timelines))
            timelines[name] = Encoding.UTF8.GetString(await pipeline.ReadAsync(ContainerNames.Timelines, name));
        return new Run(timelines, alerts.Events, kill.Kills);
    }

    private sealed record Run(SortedDictionary<string, string> Timelines, List<AlertEvent> Alerts, int Kills)
    {
        /// <summary>What was told of complete windows, by alert; without those that were withdrawn.</summary>
        public SortedDictionary<string, EventData> Final =>
            new(
                Alerts
                    .Where(a => a is { Change: "closed", Data.CloseReason: AlertCloseReason.Normal })
                    .DistinctBy(a => a.Envelope.Id)
                    .ToDictionary(
                        a => a.Data.AlertId,
                        a => a.Event! with { Sequence = 0, OpenedAt = default } // these depend on what was told before
                    ),
                StringComparer.Ordinal
            );
    }

    private sealed class Worker : IDisposable
    {
        private readonly AlertStore _store;

        public Worker(TestPipeline pipeline, StorageClients storage, IAlertSink sink)
        {
            _store = new AlertStore(storage, TimeProvider.System);
            Alerts = new AlertRaiser(
                _store,
                [sink],
                Options.Create(new AlertOptions()),
                TimeProvider.System,
                NullLogger<AlertRaiser>.Instance
            );
            Watch = new EventWatch(
                storage,
                pipeline.Cameras,
                new TimelineMaker(pipeline.EventModels, new FeatureStore(pipeline.Storage), NullLogger<TimelineMaker>.Instance),
                new TimelineStore(storage),
                Alerts,
                TimeProvider.System,
                NullLogger<EventWatch>.Instance
            );
        }

        public EventWatch Watch { get; }

        public AlertRaiser Alerts { get; }

        public void Dispose() => Alerts.Dispose();
    }

    /// <summary>A camera, its model and its frames.</summary>
    private sealed record Scene(string Model, IReadOnlyList<FrameSeen> Frames)
    {
        public static async Task<Scene> NewAsync(TestPipeline pipeline, bool recent = false)
        {
            string model = await pipeline.Repository.PublishAsync(TinyPackage.Temporal("ucf"), cancellation: Cancellation);
            TemporalManifest manifest = await pipeline.EventModels.DescribeAsync(model, Cancellation);
            int length = manifest.Head.Length;
            long every = TimeSpan.TicksPerSecond;
            DateTimeOffset start = FrameSequence.WindowOf(
                recent ? DateTimeOffset.UtcNow.AddMinutes(-5) : new DateTimeOffset(2026, 11, 1, 12, 0, 0, TimeSpan.Zero),
                every,
                length
            );
            Random random = new(5);
            List<FrameSeen> frames = [];
            for (int i = 0; i < Windows * length; i++)
            {
                float[] feature = [.. Enumerable.Range(0, manifest.Head.Width).Select(_ => (float)(2 * random.NextDouble() - 1))];
                if (i is >= 10 and < 17 || random.Next(10) == 0)
                    continue;
                string image = string.Create(CultureInfo.InvariantCulture, $"line1/{i:D3}.png");
                Frame frame = new(image, "1", start.AddSeconds(i + 0.9 * random.NextDouble()));
                await pipeline.Features.AddAsync(model, length, frame, feature, Cancellation);
                frames.Add(
                    new FrameSeen
                    {
                        Image = image,
                        ETag = "1",
                        Camera = "line1",
                        ImageTime = frame.Time,
                        Model = model,
                        Length = length,
                        Feature = FeatureStore.NameOf(model, frame.Version),
                        EnqueuedAt = DateTimeOffset.UtcNow,
                    }
                );
            }

            double threshold = await ThresholdAsync(pipeline, model, start, frames);
            await pipeline.SetCamerasAsync(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $$"""
                    { "line1": { "events": { "model": "{{model}}", "everySeconds": 1, "gapSeconds": 5,
                      "latenessSeconds": {{Lateness}}, "threshold": {{threshold}}, "minSeconds": 2 } } }
                    """
                )
            );
            return new Scene(model, frames);
        }

        // Between the windows with the lowest and the highest peak
        private static async Task<double> ThresholdAsync(TestPipeline pipeline, string model, DateTimeOffset start, List<FrameSeen> frames)
        {
            TimelineMaker maker = new(pipeline.EventModels, pipeline.Features, NullLogger<TimelineMaker>.Instance);
            CameraEvents rule = new(model, 1, 5, Lateness, 0.5, 2);
            List<double> peaks = [];
            for (int i = 0; i < Windows; i++)
            {
                DateTimeOffset from = start.AddSeconds(32 * i);
                TimelineDocument? timeline = await maker.MakeAsync(
                    "line1",
                    rule,
                    from,
                    rule.EveryTicks,
                    frames.Select(f => f.Frame).Where(f => f.Time >= from && f.Time < from.AddSeconds(32)),
                    Cancellation
                );
                peaks.Add(
                    EventFinder
                        .Peaks([.. timeline!.P1.Select(p => (float)p)], timeline.P1.Count, EventFinder.Snippets(rule.MinSeconds!.Value, 1))
                        .Max()
                );
            }

            peaks.Sort();
            return (peaks[0] + peaks[^1]) / 2;
        }
    }
}
