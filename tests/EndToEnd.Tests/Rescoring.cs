using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Images;
using AaClip.Tests;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AaClip.EndToEnd.Tests;

public class Rescoring(AzuriteFixture azurite, ITestOutputHelper output)
{
    private const int Images = 2000,
        PageSize = 50,
        Kills = 10;
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(5);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_thousand_images_through_ten_kills_are_each_accounted_for_exactly_once()
    {
        await using Site site = await Site.OpenAsync(azurite);
        JobStore store = new(site.Storage, TimeProvider.System);
        ModelRepository models = new(site.Storage, Options.Create(new ModelOptions()), NullLogger<ModelRepository>.Instance);
        JobService jobs = new(site.Storage, store, models, TimeProvider.System);
        byte[][] pictures = [.. Enumerable.Range(0, 20).Select(seed => ImageEncoder.Png(Pictures.Draw(seed)))];
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Images),
            new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Cancellation },
            async (i, _) => await site.DropAsync(FormattableString.Invariant($"line{i % 7}/{i:D5}.png"), pictures[i % pictures.Length])
        );
        Random random = new(20260202);
        long started = Stopwatch.GetTimestamp();

        await jobs.StartAsync(
            new RescoreRequest
            {
                Id = "crash",
                Model = site.ModelId,
                Against = "older@1",
                PageSize = PageSize,
                InFlight = 400,
            },
            site.ModelId,
            Cancellation
        );
        HostProcess[] hosts = [await StartAsync(site), await StartAsync(site)];
        int scored = 0;
        int kill = 0;
        for (; kill < Kills; kill++)
        {
            await Task.Delay(random.Next(200, 2500), Cancellation);
            int one = kill % hosts.Length;
            Victim victim = (Victim)(kill % 3);
            if ((await jobs.FindAsync("crash", Cancellation)).Status == JobStatus.Done)
                break; // a fast machine: a kill after the end would prove nothing
            await hosts[one].KillAsync(victim, Cancellation);
            if (victim == Victim.Worker)
                continue; // the host starts another one
            scored += hosts[one].Scored;
            await hosts[one].DisposeAsync();
            hosts[one] = await StartAsync(site);
        }

        Job job = await site.WaitAsync(
            "the end of the job",
            async () => await store.ReadAsync("crash", Cancellation) is ({ Status: JobStatus.Done } done, _) ? done : null
        );
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        foreach (HostProcess host in hosts)
        {
            await host.DisposeAsync();
            scored += host.Scored;
        }

        string account = string.Create(
            CultureInfo.InvariantCulture,
            $"{Images} images in {job.Listed} pages, {kill} kills: {scored - Images} scored again at least, {job.Step} steps, "
                + $"{seconds:F0} s."
        );
        output.WriteLine(account);
        TestContext.Current.SendDiagnosticMessage(account);
        JobReport report = JsonSerializer.Deserialize(
            await site.ReadAsync(ContainerNames.Jobs, "crash/report.json"),
            JobJson.Default.JobReport
        )!; // no JSON null
        Assert.True(kill >= Kills / 2, $"{kill} kills before the end: make the job longer.");
        Assert.Equal((Images, Images, Images / PageSize), (report.Job.Images, report.Job.Found.Images, report.Job.Collected));
        Assert.Equal(Images, report.Job.Found.Counts.Values.Sum());
        Assert.All(report.Job.Found.Counts.Keys, key => Assert.Contains(key, (string[])["none → anomalous", "none → normal"]));
        List<string> paged = [];
        for (int page = 0; page < job.Listed; page++)
            paged.AddRange((await store.PageAsync("crash", page, Cancellation))!.Images.Select(i => i.Name));
        Assert.Equal((await site.BlobsAsync(ContainerNames.Images)).Order(StringComparer.Ordinal), paged.Order(StringComparer.Ordinal));
        Assert.Equal(Images, (await site.BlobsAsync(ContainerNames.Results)).Length);
        Assert.Equal(0, await site.CountAsync(QueueNames.ScoreBulkPoison));
    }

    private static Task<HostProcess> StartAsync(Site site) => HostProcess.StartAsync(site, Lease, Cancellation, watched: false);
}
