using System.Text;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Storage;
using AaClip.Tests;

namespace AaClip.Pipeline.Tests.Jobs;

public sealed class JobStoreTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_a_newer_program_has_added_to_a_job_is_kept()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        await pipeline.Jobs.StartAsync(
            new RescoreRequest
            {
                Id = "j",
                Model = pipeline.Models.OwnId,
                Mode = RescoreMode.Threshold,
            },
            pipeline.Models.OwnId,
            Cancellation
        );
        string json = Encoding.UTF8.GetString(await pipeline.ReadAsync(ContainerNames.Jobs, "j/state.json"));
        string newer = json.Replace("{\"schemaVersion\":1,", "{\"schemaVersion\":1,\"colour\":\"red\",", StringComparison.Ordinal)
            .Replace("\"request\":{", "\"request\":{\"tint\":[1],", StringComparison.Ordinal);
        await pipeline
            .Storage.Container(ContainerNames.Jobs)
            .GetBlobClient("j/state.json")
            .UploadAsync(BinaryData.FromString(newer), overwrite: true, Cancellation);

        await pipeline.Jobs.PauseAsync("j", Cancellation);
        string after = Encoding.UTF8.GetString(await pipeline.ReadAsync(ContainerNames.Jobs, "j/state.json"));

        Assert.NotEqual(json, newer);
        Assert.Contains("\"paused\"", after, StringComparison.Ordinal);
        Assert.Contains("\"colour\":\"red\"", after, StringComparison.Ordinal);
        Assert.Contains("\"tint\":[1]", after, StringComparison.Ordinal);
    }
}
