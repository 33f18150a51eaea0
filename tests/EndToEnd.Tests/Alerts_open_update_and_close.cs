using System.Globalization;
using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Contracts;
using AaClip.Scoring.Packages;

namespace AaClip.EndToEnd.Tests;

public class Alerts_open_update_and_close(AzuriteFixture azurite)
{
    [Fact]
    public async Task As_the_images_of_a_camera_become_worse_and_better()
    {
        await using Site site = await Site.OpenAsync(azurite);
        await site.StartWorkerAsync();
        (int normal, int bad, int worse, double threshold, double major) = await ChooseAsync(site);
        AlertEvent[] probes = await site.PeekAlertsAsync();
        await site.SetCamerasAsync(
            string.Create(
                CultureInfo.InvariantCulture,
                $$"""
                { "schemaVersion": 1, "cameras": { "line1": { "threshold": {{threshold}}, "alert": {
                    "severityBands": [{ "name": "minor", "minCalibrated": 0.5 }, { "name": "major", "minCalibrated": {{major}} }],
                    "confirm": { "n": 2, "m": 3 }, "closeAfterNormal": 2, "coolDownSeconds": 3600 } } } }
                """
            )
        );

        List<Verdict?> verdicts = [];
        foreach ((int seed, int at) in new[] { normal, bad, bad, worse, normal, normal, bad, bad }.Select((seed, at) => (seed, at)))
            verdicts.Add(await PassAsync(site, $"line1/{at}.png", seed));
        AlertEvent[] events = (await site.PeekAlertsAsync())[probes.Length..];

        Assert.Equal(
            [
                Verdict.Normal,
                Verdict.Anomalous,
                Verdict.Anomalous,
                Verdict.Anomalous,
                Verdict.Normal,
                Verdict.Normal,
                Verdict.Anomalous,
                Verdict.Anomalous,
            ],
            verdicts
        );
        // The second bad image confirms, the worse one updates, two normal ones close; the last two fall into the cool-down.
        Assert.Equal(["opened minor 1 of 2", "updated major 2 of 3", "closed major 3 of 3"], events.Select(Describe));
        Assert.Single(events.Select(e => e.Data.AlertId).Distinct());
        Assert.Equal(["line1/1.png", "line1/3.png", "line1/3.png"], events.Select(e => e.Anomaly!.Image.Blob));
    }

    // One after the other, so that the camera's images have the order in which they are named here.
    private static async Task<Verdict?> PassAsync(Site site, string name, int seed)
    {
        ResultDocument result = await site.ResultAsync(name, await site.DropAsync(name, seed));
        await site.QuietAsync();
        return result.Score.Verdict;
    }

    // Scores of random weights are meaningless but always the same: the limits lie between the scores of three pictures.
    private static async Task<(int Normal, int Bad, int Worse, double Threshold, double Major)> ChooseAsync(Site site)
    {
        int[] seeds = [1, 2, 3, 4, 5];
        double[] raw = await site.RawScoresAsync(seeds);
        int[] order = [.. seeds.OrderBy(seed => raw[seed - 1])];
        (double low, double middle, double high) = (raw[order[0] - 1], raw[order[2] - 1], raw[order[4] - 1]);
        double threshold = (low + middle) / 2;
        double major = (Calibration.Calibrated(middle, threshold) + Calibration.Calibrated(high, threshold)) / 2;
        return (order[0], order[2], order[4], threshold, major);
    }

    private static string Describe(AlertEvent alert) =>
        $"{alert.Change} {alert.Anomaly!.Severity} {alert.Data.Sequence} of {alert.Anomaly.Images}";
}
