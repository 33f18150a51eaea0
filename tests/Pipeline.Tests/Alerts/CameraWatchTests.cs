using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results.Counts;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Storage;
using AaClip.Pipeline.Tests.Results.Counts;
using AaClip.Tests;
using Azure.Core;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace AaClip.Pipeline.Tests.Alerts;

/// <summary>Cameras that are silent or drift, over real storage and with real receivers. Cameras send an image a minute.</summary>
public sealed class CameraWatchTests(AzuriteFixture azurite)
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(Noon);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_camera_that_stops_is_told_once_to_each_receiver_and_once_that_it_sends_again()
    {
        const string secret = "a-secret-of-a-webhook";
        StorageClients storage = await azurite.NewAsync();
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync(Cancellation);
        await using MqttBroker broker = await MqttBroker.StartAsync();
        IOptions<AlertOptions> options = Options.Create(
            new AlertOptions
            {
                Webhook = receiver.Address,
                WebhookSecret = secret,
                Mqtt = broker.Address,
                MqttTopic = "aaclip/{kind}/{camera}",
            }
        );
        using WebhookAlertSink webhook = new(options, TimeProvider.System);
        using MqttAlertSink mqtt = new(options, TimeProvider.System);
        using WatchedCameras worker = new(storage, _time, new QueueAlertSink(storage, _time), webhook, mqtt);
        await WatchedCameras.SendsUntilAsync(storage, "line1", Noon);

        await EachMinuteAsync(worker, minutes: 10);
        int early = receiver.Requests.Length;
        await EachMinuteAsync(worker, minutes: 30);
        await WatchedCameras.SendsUntilAsync(storage, "line1", _time.GetUtcNow(), images: 1);
        DateTimeOffset heard = _time.GetUtcNow();
        await EachMinuteAsync(worker, minutes: 5);
        AlertEvent[] events = await WatchedCameras.TakeAsync(storage);

        Assert.Equal(0, early);
        Assert.Equal(["aaclip.silence.opened", "aaclip.silence.closed"], events.Select(e => e.Envelope.Type));
        SilenceData data = Assert.IsType<SilenceData>(events[0].Data);
        Assert.Equal(("line1", Noon, 600), (data.Camera, data.LastImageAt, data.LimitSeconds));
        Assert.Equal((AlertCloseReason.Normal, data.AlertId), (events[1].Data.CloseReason, events[1].Data.AlertId));
        Assert.Equal((Noon.AddMinutes(11), heard), (events[0].Envelope.Time, events[1].Envelope.Time));
        string[] ids = [.. events.Select(e => e.Envelope.Id)];
        Assert.Equal(ids, receiver.Requests.Select(r => r.Event));
        Assert.All(receiver.Requests, r => Assert.True(r.IsSignedWith(secret)));
        Assert.Equal(ids, broker.Ids);
        Assert.All(broker.Published, m => Assert.Equal("aaclip/silence/line1", m.Topic));
        Assert.Empty((await worker.Store.GetAsync("line1", Cancellation)).Outbox);
    }

    [Fact]
    public async Task Two_workers_whose_timers_run_twice_tell_each_camera_once()
    {
        StorageClients storage = await azurite.NewAsync();
        string[] cameras = [.. Enumerable.Range(0, 12).Select(i => $"line{i:00}")];
        foreach (string camera in cameras)
            await WatchedCameras.SendsUntilAsync(storage, camera, Noon);
        using WatchedCameras one = new(storage, _time),
            two = new(storage, _time);

        _time.Advance(TimeSpan.FromMinutes(11));
        await AtOnceAsync();
        await WatchedCameras.SendsUntilAsync(storage, cameras[0], _time.GetUtcNow(), images: 1);
        _time.Advance(TimeSpan.FromMinutes(1));
        await AtOnceAsync();
        await one.SweepAsync(); // what a claim of the other one held
        AlertEvent[] events = await WatchedCameras.TakeAsync(storage);

        Assert.Equal(
            cameras.Select(c => $"{c} opened").Prepend("line00 closed").Order(),
            events.Select(e => $"{e.Data.Camera} {e.Change}").Order()
        );
        Assert.Equal(events.Length, events.DistinctBy(e => e.Envelope.Id).Count());

        async Task AtOnceAsync()
        {
            await Task.WhenAll(one.WatchAsync(), two.WatchAsync(), one.WatchAsync(), two.WatchAsync());
            await Task.WhenAll(one.SweepAsync(), two.SweepAsync());
            _time.Advance(AlertRaiser.ClaimTime);
            await Task.WhenAll(one.SweepAsync(), two.SweepAsync());
        }
    }

    /// <summary>The first worker dies after each number of writes, until it needs no more of them.</summary>
    [Fact]
    public async Task A_worker_that_dies_between_any_two_writes_loses_no_event_and_doubles_none()
    {
        int writes = 0;
        for (bool died = true; died; writes++)
        {
            StorageClients storage = await azurite.NewAsync();
            await WatchedCameras.SendsUntilAsync(storage, "line1", Noon);
            FakeTimeProvider time = new(Noon.AddMinutes(11));
            int left = writes;
            HookedTransport dies = new(request =>
            {
                if (Volatile.Read(ref left) < 0 || request.Method != RequestMethod.Get && Interlocked.Decrement(ref left) < 0)
                    throw new InvalidOperationException("The worker is dead.");
                return Task.CompletedTask;
            });

            using (WatchedCameras dead = new(azurite.Through(storage, dies), time))
                died = await Record.ExceptionAsync(dead.RunAsync) is not null;
            time.Advance(TimeSpan.FromMinutes(1));
            using WatchedCameras next = new(storage, time);
            await next.RunAsync();
            await next.RunAsync();

            AlertEvent told = Assert.Single(await WatchedCameras.TakeAsync(storage));
            AlertState state = await next.Store.GetAsync("line1", Cancellation);
            Assert.Equal((state.Silence?.Id, "opened"), (told.Data.AlertId, told.Change));
            Assert.Empty(state.Outbox);
        }

        Assert.InRange(writes, 5, 50); // decision, claim, placeholder, receipt, event, mark
    }

    [Fact]
    public async Task While_images_wait_for_a_result_no_camera_is_silent()
    {
        StorageClients storage = await azurite.NewAsync();
        await WatchedCameras.SendsUntilAsync(storage, "line1", Noon);
        await WatchedCameras.SendsUntilAsync(storage, "line2", Noon);
        await storage.Queue(QueueNames.Score).SendMessageAsync("an image of line1 or line2", Cancellation);
        using WatchedCameras worker = new(storage, _time);

        _time.Advance(TimeSpan.FromHours(1)); // the scorer stands still
        await worker.WatchAsync();
        string[] still = await worker.Store.WithConditionAsync(Cancellation).ToArrayAsync(Cancellation);
        await WatchedCameras.SendsUntilAsync(storage, "line2", _time.GetUtcNow(), images: 1); // it goes on, and images wait as ever
        _time.Advance(TimeSpan.FromMinutes(1));
        await worker.WatchAsync();

        Assert.Empty(still);
        Assert.Equal(["line1"], await worker.Store.WithConditionAsync(Cancellation).ToArrayAsync(Cancellation));
    }

    [Fact]
    public async Task A_silent_camera_that_leaves_the_profiles_is_told_to_have_ended()
    {
        StorageClients storage = await azurite.NewAsync();
        await WatchedCameras.SetProfilesAsync(storage, """{ "line*": { "class": "bottle" } }""");
        await WatchedCameras.SendsUntilAsync(storage, "line1", Noon);
        await WatchedCameras.SendsUntilAsync(storage, "unknown", Noon); // no profile
        using WatchedCameras worker = new(storage, _time);
        _time.Advance(TimeSpan.FromMinutes(11));
        await worker.RunAsync();

        await WatchedCameras.SetProfilesAsync(storage, """{ "other": { "class": "bottle" } }""");
        await worker.RunAsync();
        await worker.RunAsync();
        AlertEvent[] events = await WatchedCameras.TakeAsync(storage);

        Assert.Equal(["line1 opened ", "line1 closed Disabled"], events.Select(e => $"{e.Data.Camera} {e.Change} {e.Data.CloseReason}"));
    }

    /// <summary>A new worker knows the camera from its alert alone.</summary>
    [Fact]
    public async Task A_camera_that_is_silent_for_30_days_is_watched_no_more()
    {
        StorageClients storage = await azurite.NewAsync();
        await WatchedCameras.SendsUntilAsync(storage, "line1", Noon);
        using (WatchedCameras first = new(storage, _time))
        {
            _time.Advance(TimeSpan.FromMinutes(11));
            await first.RunAsync();
        }

        using WatchedCameras worker = new(storage, _time);
        _time.Advance(TimeSpan.FromDays(31));
        await worker.RunAsync();
        await worker.RunAsync();
        AlertEvent[] events = await WatchedCameras.TakeAsync(storage);

        Assert.Equal(["opened ", "closed Gone"], events.Select(e => $"{e.Change} {e.Data.CloseReason}"));
    }

    [Fact]
    public async Task Scores_that_moved_are_told_once_and_a_new_model_ends_it()
    {
        StorageClients storage = await azurite.NewAsync();
        ResultIndex index = new(storage);
        await Parallel.ForAsync(
            0,
            Drift.MinScores,
            Cancellation,
            async (i, token) =>
            {
                double spread = i % 20 * 0.005;
                await index.PutAsync(
                    CountedResults.Result("line1", $"old{i}.png", Noon.AddDays(-9).AddMinutes(-i), raw: 0.3 + spread),
                    token
                );
                await index.PutAsync(CountedResults.Result("line1", $"{i}.png", Noon.AddMinutes(-i), raw: 0.35 + spread), token);
            }
        );
        using WatchedCameras worker = new(storage, _time);

        await worker.RunAsync(); // nothing was promoted: the model of the newest result counts
        _time.Advance(TimeSpan.FromMinutes(5));
        await worker.RunAsync();
        await worker.PromoteAsync("better@2");
        _time.Advance(TimeSpan.FromMinutes(4));
        await worker.RunAsync(); // scores are not due
        AlertEvent[] before = await WatchedCameras.TakeAsync(storage);
        await WatchedCameras.SendsUntilAsync(storage, "line1", Noon.AddMinutes(14), images: 1);
        _time.Advance(CameraWatch.ScoresEvery);
        await worker.RunAsync();
        AlertEvent[] after = await WatchedCameras.TakeAsync(storage);

        DriftData opened = Assert.IsType<DriftData>(Assert.Single(before).Data);
        Assert.Equal(("line1", "tiny@1", "aaclip.drift.opened"), (opened.Camera, opened.Model, before[0].Envelope.Type));
        Assert.True(opened.Psi >= Drift.Large);
        AlertEvent closed = Assert.Single(after, e => e.Kind == AlertKind.Drift);
        Assert.Equal((AlertCloseReason.Model, opened.AlertId), (closed.Data.CloseReason, closed.Data.AlertId));
    }

    /// <summary>A run is cheap while all is well: it lists, and reads only cameras that may have become silent.</summary>
    [Fact]
    public async Task Cameras_that_send_are_not_read_in_each_run()
    {
        StorageClients storage = await azurite.NewAsync();
        for (int i = 0; i < 10; i++)
            await WatchedCameras.SendsUntilAsync(storage, $"line{i}", Noon);
        int requests = 0;
        HookedTransport counts = new(_ =>
        {
            Interlocked.Increment(ref requests);
            return Task.CompletedTask;
        });
        using WatchedCameras worker = new(azurite.Through(storage, counts), _time);

        await worker.WatchAsync();
        int first = Interlocked.Exchange(ref requests, 0);
        _time.Advance(TimeSpan.FromMinutes(1));
        await worker.WatchAsync();
        int second = Interlocked.Exchange(ref requests, 0);
        await WatchedCameras.SendsUntilAsync(storage, "new line", _time.GetUtcNow());
        await worker.WatchAsync();

        Assert.True(first > 30, $"{first}");
        Assert.InRange(second, 1, 8);
        Assert.InRange(requests, second + 1, first / 2); // the new one alone
    }

    private async Task EachMinuteAsync(WatchedCameras worker, int minutes)
    {
        for (int i = 0; i < minutes; i++)
        {
            _time.Advance(TimeSpan.FromMinutes(1));
            await worker.RunAsync();
        }
    }
}
