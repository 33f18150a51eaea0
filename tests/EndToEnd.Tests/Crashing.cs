using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Storage;
using Azure.Storage.Queues.Models;

namespace AaClip.EndToEnd.Tests;

public class Crashing(AzuriteFixture azurite, ITestOutputHelper output)
{
    private const int Kills = 10,
        Batch = 30,
        Images = Kills * Batch;

    // More than half of the time for which a worker claims a camera's alerts (AlertRaiser.ClaimTime): the claim of a dead host then costs
    // a message two of its five attempts. In Azure, leases are far longer.
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(11);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ten_times_without_warning_leaves_each_image_with_exactly_one_result_and_each_alert_with_all_its_events()
    {
        await using Site site = await Site.OpenAsync(azurite);
        await site.SetCamerasAsync(await CamerasAsync(site));
        int before = (await site.BlobsAsync(ContainerNames.Results)).Length;
        await TakeAlertsAsync(site);
        Random random = new(20260131);
        long started = Stopwatch.GetTimestamp();

        List<(string Name, string ETag)> dropped = [];
        int scored = 0;
        HostProcess host = await HostProcess.StartAsync(site, Lease, Cancellation);
        for (int kill = 0; kill < Kills; kill++)
        {
            Task wait = Task.Delay(random.Next(200, 3000), Cancellation);
            dropped.AddRange(await DropAsync(site, dropped.Count));
            await wait;
            Victim victim = (Victim)(kill % 3);
            await host.KillAsync(victim, Cancellation);
            if (victim == Victim.Worker)
                continue; // the host starts another one
            scored += host.Scored;
            await host.DisposeAsync();
            host = await HostProcess.StartAsync(site, Lease, Cancellation);
        }

        await using HostProcess last = host;
        ResultDocument[] results = await site.ResultsAsync(dropped);
        await site.QuietAsync();
        scored += last.Scored;
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        JsonElement verified = await VerifyAsync(site);
        List<string> bodies = await TakeAlertsAsync(site);
        string account = string.Create(
            CultureInfo.InvariantCulture,
            $"{Images} images, {Kills} kills: {scored - Images} scored again at least, {bodies.Count} alert events, {seconds:F0} s."
        );
        output.WriteLine(account);
        TestContext.Current.SendDiagnosticMessage(account);

        Assert.Equal(Images, results.Length);
        Assert.Equal(before + Images, verified.GetProperty("images").GetInt32());
        Assert.Equal(before + Images, verified.GetProperty("accounted").GetInt32());
        foreach (string fault in (string[])["missing", "doubled", "withoutMap", "failed", "givenUp", "repeatedAlerts"])
            Assert.Empty(verified.GetProperty(fault).EnumerateArray());
        AlertEvent[] events = [.. bodies.Select(body => AlertEvent.Parse(BinaryData.FromString(body)))];
        Assert.NotEmpty(events);
        Assert.Equal(events.Length, verified.GetProperty("alerts").GetInt32());
        Assert.Equal(events.Length, events.Select(e => e.Envelope.Id).Distinct().Count());
        // In a slow run a camera may become silent
        Assert.All(events.Where(e => e.Kind == AlertKind.Anomaly).GroupBy(e => e.Data.AlertId), AssertWhole);
    }

    /// <summary>Runs <c>aaclip verify</c>; its exit code is 0 only when everything is accounted for.</summary>
    internal static async Task<JsonElement> VerifyAsync(Site site)
    {
        string program = Path.Combine(
            AppContext.BaseDirectory,
            "..",
            "..",
            "Cli",
            new DirectoryInfo(AppContext.BaseDirectory).Name,
            "aaclip"
        );
        while (true)
        {
            ProcessStartInfo start = new(program, ["verify", "--connection", site.Connection, "--all-alerts", "--json"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using Process verify = Process.Start(start)!; // a new process
            Task<string> complaint = verify.StandardError.ReadToEndAsync(Cancellation);
            string report = await verify.StandardOutput.ReadToEndAsync(Cancellation);
            await verify.WaitForExitAsync(Cancellation);
            if ((await complaint).Contains("does not answer", StringComparison.Ordinal))
                continue; // storage on a busy machine needed more than the few seconds that it waits
            Assert.True(verify.ExitCode == 0, report + await complaint);
            return JsonDocument.Parse(report).RootElement;
        }
    }

    private static void AssertWhole(IGrouping<string, AlertEvent> alert)
    {
        AlertEvent[] events = [.. alert.OrderBy(e => e.Data.Sequence)];
        Assert.Equal(Enumerable.Range(1, events.Length), events.Select(e => e.Data.Sequence));
        Assert.Equal("aaclip.anomaly.opened", events[0].Envelope.Type);
        Assert.All(events[1..], e => Assert.NotEqual("aaclip.anomaly.opened", e.Envelope.Type));
    }

    // Between the scores of the pictures, so that alerts open and close all the time.
    private static async Task<string> CamerasAsync(Site site)
    {
        LocalHost.FunctionHost worker = await site.StartWorkerAsync();
        double[] raw = [.. (await site.RawScoresAsync(0, 1, 2, 3, 4, 5, 6)).Order()];
        await worker.StopAsync(Cancellation);
        return string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            { "schemaVersion": 1, "cameras": { "*": { "threshold": {{(raw[2] + raw[3])
                / 2}}, "alert": { "coolDownSeconds": 0, "closeAfterNormal": 2 } } } }
            """
        );
    }

    private static async Task<IEnumerable<(string, string)>> DropAsync(Site site, int first) =>
        await Task.WhenAll(
            Enumerable
                .Range(first, Batch)
                .Select(async i => ($"line{i % 6}/{i}.png", await site.DropAsync($"line{i % 6}/{i}.png", seed: i % 7)))
        );

    private static async Task<List<string>> TakeAlertsAsync(Site site)
    {
        List<string> bodies = [];
        while (
            (await site.Storage.Queue(QueueNames.Alerts).ReceiveMessagesAsync(32, TimeSpan.FromHours(1), Cancellation)).Value
                is { Length: > 0 } messages
        )
            bodies.AddRange(messages.Select((QueueMessage message) => message.Body.ToString()));
        return bodies;
    }
}
