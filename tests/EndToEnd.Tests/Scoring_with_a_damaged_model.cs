using System.Security.Cryptography;
using System.Text.Json.Nodes;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Storage;
using AaClip.Tests;

namespace AaClip.EndToEnd.Tests;

public class Scoring_with_a_damaged_model(AzuriteFixture azurite)
{
    [Fact]
    public async Task Whose_output_is_no_number_gives_a_failed_result_and_no_alert()
    {
        await using Site site = await Site.OpenAsync(azurite);
        await site.StartWorkerAsync(settings: new Dictionary<string, string?> { ["Model__Path"] = Damaged(site.Model) });

        string etag = await site.DropAsync("line1/a.png", seed: 1);
        ResultDocument result = await site.ResultAsync("line1/a.png", etag);
        await site.QuietAsync();

        Assert.Equal((Verdict.Failed, FailureCodes.ModelOutput), (result.Score.Verdict, result.Failure!.Code));
        Assert.Contains("not numbers", result.Failure.Message, StringComparison.Ordinal);
        Assert.Empty(await site.PeekAlertsAsync());
        Assert.Empty(await site.BlobsAsync(ContainerNames.Heatmaps));
    }

    // Weights that no import would take, with hashes that fit them.
    private static string Damaged(string package)
    {
        string folder = TinyPackage.Copy(package);
        string weights = Path.Combine(folder, "image.weights");
        byte[] bytes = File.ReadAllBytes(weights);
        bytes.AsSpan().Fill(0xFF); // every float is not a number
        File.WriteAllBytes(weights, bytes);
        string manifest = Path.Combine(folder, "model.json");
        JsonNode json = JsonNode.Parse(File.ReadAllText(manifest))!; // a package has one
        json["files"]!["image.weights"]!["sha256"] = Convert.ToHexStringLower(SHA256.HashData(bytes));
        File.WriteAllText(manifest, json.ToJsonString());
        return folder;
    }
}
