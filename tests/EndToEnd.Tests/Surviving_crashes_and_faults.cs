using System.Diagnostics;
using System.Globalization;
using AaClip.EndToEnd.Tests.Soak;
using AaClip.Tests;

namespace AaClip.EndToEnd.Tests;

/// <summary>
/// A short campaign in each test run; a long one by <c>make soak</c>, which sets SOAK_MINUTES and SOAK_SEED and keeps its storage and
/// counts in artifacts/soak, or in SOAK_FOLDER, for the next one.
/// </summary>
public class Surviving_crashes_and_faults(ITestOutputHelper output)
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(40),
        Long = TimeSpan.FromSeconds(100);

    [Fact]
    public async Task Loses_no_image_scores_none_twice_and_sends_each_alert_once()
    {
        double minutes = double.Parse(Environment.GetEnvironmentVariable("SOAK_MINUTES") ?? "0", CultureInfo.InvariantCulture);
        int seed = int.Parse(Environment.GetEnvironmentVariable("SOAK_SEED") ?? "20261126", CultureInfo.InvariantCulture);
        string? kept =
            minutes == 0
                ? null
                : Environment.GetEnvironmentVariable("SOAK_FOLDER") ?? Path.Combine(Parity.RepositoryRoot, "artifacts", "soak");
        string folder = kept ?? Directory.CreateTempSubdirectory("aaclip-soak-").FullName;
        long started = Stopwatch.GetTimestamp();
        try
        {
            await using Campaign campaign = await Campaign.OpenAsync(folder, seed, Tell);
            do await campaign.RoundAsync(minutes == 0 ? Short : Long);
            while (Stopwatch.GetElapsedTime(started).TotalMinutes < minutes);

            // Otherwise the run proves nothing
            Assert.True(campaign.Tally is { Kills: > 0, Faults: > 0, Images: > 0, Alerts: > 0 }, campaign.Tally.ToString());
        }
        finally
        {
            if (kept is null)
                Directory.Delete(folder, recursive: true);
        }
    }

    private void Tell(string line)
    {
        output.WriteLine(line);
        TestContext.Current.SendDiagnosticMessage(line);
    }
}
