using System.Net;
using System.Text.Json;
using AaClip.LocalHost;
using AaClip.Pipeline.Contracts;

namespace AaClip.EndToEnd.Tests;

public class Changing_a_camera_profile(AzuriteFixture azurite)
{
    private const string Tolerant = """{ "schemaVersion": 1, "cameras": { "*": { "class": "bottle", "threshold": 0.999 } } }""";
    private const string Strict = """{ "schemaVersion": 1, "cameras": { "*": { "class": "metal nut", "threshold": 0.001 } } }""";
    private const string Broken = """{ "schemaVersion": 1, "cameras": { "*": { "threshold": 7 } } }""";

    [Fact]
    public async Task Takes_effect_with_the_next_image()
    {
        await using Site site = await Site.OpenAsync(azurite, Tolerant);
        await site.StartWorkerAsync();

        string first = await site.DropAsync("line1/1.png", seed: 1);
        (Verdict?, string) before = await VerdictAsync(site, "line1/1.png", first);
        await site.SetCamerasAsync(Strict);
        string second = await site.DropAsync("line1/2.png", seed: 1);
        (Verdict?, string) after = await VerdictAsync(site, "line1/2.png", second);

        Assert.Equal((Verdict.Normal, "bottle"), before);
        Assert.Equal((Verdict.Anomalous, "metal nut"), after);
    }

    [Fact]
    public async Task To_a_broken_file_keeps_the_last_good_one_and_health_says_why()
    {
        await using Site site = await Site.OpenAsync(azurite, Strict);
        FunctionHost worker = await site.StartWorkerAsync();
        await VerdictAsync(site, "line1/1.png", await site.DropAsync("line1/1.png", seed: 1));

        await site.SetCamerasAsync(Broken);
        (Verdict?, string) after = await VerdictAsync(site, "line1/2.png", await site.DropAsync("line1/2.png", seed: 1));
        (HttpStatusCode status, JsonElement health) = await HealthAsync(worker);
        await site.SetCamerasAsync(Tolerant);
        (Verdict?, string) repaired = await VerdictAsync(site, "line1/3.png", await site.DropAsync("line1/3.png", seed: 1));

        Assert.Equal((Verdict.Anomalous, "metal nut"), after);
        Assert.Equal(HttpStatusCode.OK, status); // images are scored: a broken file is no outage
        string error = health.GetProperty("cameras").GetProperty("error").GetString()!;
        Assert.Contains("Camera '*' in config/cameras.json", error, StringComparison.Ordinal);
        Assert.Contains("threshold", error, StringComparison.Ordinal);
        Assert.Contains(
            site.Log.All,
            line => line.StartsWith("Error: The camera profiles are invalid. The last valid ones stay in force", StringComparison.Ordinal)
        );
        Assert.Equal((Verdict.Normal, "bottle"), repaired);
    }

    private static async Task<(Verdict?, string)> VerdictAsync(Site site, string image, string etag)
    {
        Pipeline.Contracts.ResultDocument result = await site.ResultAsync(image, etag);
        return (result.Score.Verdict, result.Image.ObjectClass);
    }

    private static async Task<(HttpStatusCode, JsonElement)> HealthAsync(FunctionHost worker)
    {
        using HttpClient http = new();
        using HttpResponseMessage answer = await http.GetAsync(new Uri($"{worker.Url}/api/health"), TestContext.Current.CancellationToken);
        using JsonDocument json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return (answer.StatusCode, json.RootElement.Clone());
    }
}
