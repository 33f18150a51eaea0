using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Images;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues.Models;

namespace AaClip.EndToEnd.Tests.Soak;

/// <summary>
/// Rounds in which images are dropped while two hosts and their workers are killed, and storage is restarted, disconnected, slow or faulty.
/// After each round every image must be accounted for. The seed decides the faults and their times, but not how far the processes are by
/// then, so each run differs. Steps of a round: 1. start storage and hosts, 2. faults, 3. no faults, until all is processed, 4. verify.
/// </summary>
internal sealed class Campaign : IAsyncDisposable
{
    private const int RoundsOfAnAccount = 5,
        Cameras = 6,
        Pictures = 7,
        LeastKills = 5,
        LeastFaults = 20;

    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(5);

    // Each kill of a host costs a message an attempt: with five attempts, some images would fail by chance.
    private static readonly Dictionary<string, string> ManyAttempts = new()
    {
        ["AzureFunctionsJobHost__extensions__queues__maxDequeueCount"] = "100",
    };

    private readonly string _folder;
    private readonly StorageFaults _faults;
    private readonly FaultyStorage _storage;
    private readonly Action<string> _tell;
    private readonly Dictionary<string, string> _latest = new(StringComparer.Ordinal); // ETags of the images of this run and account
    private readonly HashSet<string> _unreadable = new(StringComparer.Ordinal);
    private int _faultsBefore,
        _refusedBefore;

    private Campaign(string folder, Tally tally, StorageFaults faults, FaultyStorage storage, Action<string> tell) =>
        (_folder, Tally, _faults, _storage, _tell) = (folder, tally, faults, storage, tell);

    public Tally Tally { get; private set; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <param name="folder">Keeps storage and counts; continues those that an earlier run left there.</param>
    public static async Task<Campaign> OpenAsync(string folder, int seed, Action<string> tell)
    {
        Directory.CreateDirectory(folder);
        Tally tally = Tally.Read(Path.Combine(folder, "tally.json"), seed);
        StorageFaults faults = new(tally.Seed + 1000 * tally.Rounds);
        return new Campaign(folder, tally, faults, await FaultyStorage.OpenAsync(Path.Combine(folder, "storage"), faults), tell);
    }

    /// <param name="length">How long the faults last.</param>
    public async Task RoundAsync(TimeSpan length)
    {
        // 1. Storage and hosts
        long started = Stopwatch.GetTimestamp();
        int round = Tally.Rounds + 1,
            seed = Tally.Seed + 1000 * round;
        if ((round - 1) % RoundsOfAnAccount == 0)
        {
            _latest.Clear();
            _unreadable.Clear();
        }

        string account = string.Create(
            CultureInfo.InvariantCulture,
            $"scenario{1 + (round - 1) / RoundsOfAnAccount % AzuriteFixture.Accounts}"
        );
        await using Site site = await Site.OpenAsync(_storage.Direct(account));
        await SetCamerasAsync(site);
        string through = _storage.Through(account);
        RestartedHost[] hosts = [new(site, through, Lease, ManyAttempts), new(site, through, Lease, ManyAttempts)];
        foreach (RestartedHost host in hosts)
            await host.StartAsync(Cancellation);

        // 2. Faults
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        _faults.Single = true;
        await Task.WhenAll(
            EndAsync(over, length, Tally.Kills, _faults.Injected),
            DropAsync(site, round, new Random(seed), over.Token),
            DisturbStorageAsync(new Random(seed + 1), over.Token),
            KillAsync(hosts[0], new Random(seed + 2), over.Token),
            KillAsync(hosts[1], new Random(seed + 3), over.Token)
        );

        // 3. No faults
        _tell(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Round {round}: {_latest.Count} images in this account, {Tally.Kills} kills so far; no more faults in this round."
            )
        );
        _faults.Single = false;
        foreach (RestartedHost host in hosts)
            await host.StartAsync(Cancellation);
        await site.ResultsAsync([.. _latest.Select(image => (image.Key, image.Value))]);
        await site.QuietAsync();
        await site.WaitAsync("empty outboxes", async () => await UndeliveredAsync(site) == 0 ? site : null);
        foreach (RestartedHost host in hosts)
            await host.DisposeAsync();

        // 4. Verify
        _tell(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Round {round}: processed after {Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s."
            )
        );
        JsonElement verified = await Crashing.VerifyAsync(site);
        Assert.Equal(verified.GetProperty("images").GetInt32(), verified.GetProperty("accounted").GetInt32());
        foreach (string fault in (string[])["missing", "doubled", "withoutMap", "givenUp", "repeatedAlerts"])
            Assert.Empty(verified.GetProperty(fault).EnumerateArray());
        IEnumerable<string> lines = verified.GetProperty("failed").EnumerateArray().Select(line => line.GetString()!); // they are text
        string[] failed = [.. lines.Select(line => line.Split(": ")[0]).Where(_latest.ContainsKey).Distinct()];
        Assert.Equal(_unreadable.Order(StringComparer.Ordinal), failed.Order(StringComparer.Ordinal));
        AlertLog log = new(Path.Combine(_folder, $"alerts-{account}.txt"));
        AlertEvent[] events = await TakeAlertsAsync(site);
        log.Add(events);
        log.AssertComplete();

        Tally.Rounds = round;
        Tally.Alerts += events.Length;
        Tally.Seconds += Stopwatch.GetElapsedTime(started).TotalSeconds;
        (Tally.Faults, Tally.Refused) = (Tally.Faults + _faults.Injected - _faultsBefore, Tally.Refused + _faults.Refused - _refusedBefore);
        (_faultsBefore, _refusedBefore) = (_faults.Injected, _faults.Refused);
        Tally.Write(Path.Combine(_folder, "tally.json"));
        _tell(Tally.ToString());
    }

    public ValueTask DisposeAsync() => _storage.DisposeAsync();

    // On a busy machine a round takes longer, until there were enough kills and faults to prove something.
    private async Task EndAsync(CancellationTokenSource over, TimeSpan length, int kills, int faults)
    {
        await Task.Delay(length, Cancellation);
        while (Tally.Kills - kills < LeastKills || _faults.Injected - faults < LeastFaults)
            await Task.Delay(500, Cancellation);
        await over.CancelAsync();
    }

    // Some files are not images, and some overwrite an earlier image.
    private async Task DropAsync(Site site, int round, Random random, CancellationToken over)
    {
        byte[][] pictures = [.. Enumerable.Range(0, Pictures).Select(seed => ImageEncoder.Png(AaClip.Tests.Pictures.Draw(seed)))];
        for (int number = 0; !over.IsCancellationRequested; number++)
        {
            double draw = random.NextDouble();
            string name =
                draw < 0.05 && _latest.Count > 0
                    ? _latest.Keys.ElementAt(random.Next(_latest.Count))
                    : string.Create(CultureInfo.InvariantCulture, $"line{random.Next(Cameras)}/{round:D5}/{number:D5}.png");
            // A random byte after the picture makes each file different.
            byte[] content =
                random.NextDouble() < 0.03 ? [.. pictures[0].AsSpan(0, 200)] : [.. pictures[random.Next(Pictures)], (byte)random.Next(256)];
            string? etag = await StoreAsync(site, name, content);
            if (etag is null)
                continue;
            if (_latest.ContainsKey(name))
                Tally.Overwritten++;
            else
                Tally.Images++;
            _latest[name] = etag;
            if (content.Length == 200)
                Tally.Unreadable += _unreadable.Add(name) ? 1 : 0;
            else
                _unreadable.Remove(name);
            await PauseAsync(random.Next(100, 400), over);
        }
    }

    // A camera that gets no answer does not know whether its image is stored: it stores the image again.
    private static async Task<string?> StoreAsync(Site site, string name, byte[] content)
    {
        while (true)
        {
            try
            {
                return await site.DropAsync(name, content);
            }
            catch (Exception e) when (e is RequestFailedException or AggregateException)
            {
                await Task.Delay(200, Cancellation);
            }
        }
    }

    private async Task DisturbStorageAsync(Random random, CancellationToken over)
    {
        while (await PauseAsync(random.Next(5_000, 15_000), over))
        {
            TimeSpan length = TimeSpan.FromSeconds(1 + 5 * random.NextDouble());
            switch (random.Next(3))
            {
                case 0:
                    _faults.Disconnected = true;
                    await Task.Delay(length, Cancellation);
                    _faults.Disconnected = false;
                    Tally.Outages++;
                    break;
                case 1:
                    _faults.Slow = true;
                    await Task.Delay(length, Cancellation);
                    _faults.Slow = false;
                    break;
                default:
                    await _storage.RestartAsync(length / 3);
                    Tally.StorageStops++;
                    break;
            }
        }
    }

    private async Task KillAsync(RestartedHost host, Random random, CancellationToken over)
    {
        while (await PauseAsync(random.Next(200, 4_000), over))
        {
            Victim victim = (Victim)random.Next(3);
            await host.KillAsync(victim, Cancellation);
            if (victim is Victim.Worker)
            {
                Tally.WorkerKills++;
                continue;
            }

            Tally.HostKills++;
            await host.StartAsync(Cancellation);
        }
    }

    private async Task SetCamerasAsync(Site site)
    {
        if (Tally.Threshold is null)
        {
            LocalHost.FunctionHost worker = await site.StartWorkerAsync();
            double[] raw = [.. (await site.RawScoresAsync([.. Enumerable.Range(0, Pictures)])).Order()];
            await worker.StopAsync(Cancellation);
            Tally = Tally with { Threshold = (raw[2] + raw[3]) / 2 };
            await TakeAlertsAsync(site);
        }

        await site.SetCamerasAsync(
            string.Create(
                CultureInfo.InvariantCulture,
                $$"""
                { "schemaVersion": 1, "cameras": {
                    "*": { "threshold": {{Tally.Threshold}}, "alert": { "coolDownSeconds": 0, "closeAfterNormal": 2 } } } }
                """
            )
        );
    }

    // Alert changes that are not yet delivered to every receiver.
    private static async Task<int> UndeliveredAsync(Site site)
    {
        int waiting = 0;
        foreach (string blob in await site.BlobsAsync(ContainerNames.State, "alerts/"))
            using (JsonDocument state = JsonDocument.Parse(await site.ReadAsync(ContainerNames.State, blob)))
                waiting += state.RootElement.TryGetProperty("outbox", out JsonElement outbox) ? outbox.GetArrayLength() : 0;
        return waiting;
    }

    private static async Task<AlertEvent[]> TakeAlertsAsync(Site site)
    {
        Dictionary<string, AlertEvent> events = []; // by the id of the message
        while (
            (await site.Storage.Queue(QueueNames.Alerts).ReceiveMessagesAsync(32, TimeSpan.FromHours(1), Cancellation)).Value
                is { Length: > 0 } messages
        )
            foreach (QueueMessage message in messages)
            {
                events[message.MessageId] = AlertEvent.Parse(message.Body);
                await site.Storage.Queue(QueueNames.Alerts).DeleteMessageAsync(message.MessageId, message.PopReceipt, Cancellation);
            }

        return [.. events.Values];
    }

    private static async Task<bool> PauseAsync(int milliseconds, CancellationToken over)
    {
        await Task.Delay(milliseconds, over).ContinueWith(_ => { }, TaskScheduler.Default);
        return !over.IsCancellationRequested;
    }
}
