using AaClip.Pipeline.Storage;
using AaClip.Scoring.Packages;
using AaClip.Tests;

namespace AaClip.Pipeline.Tests.Models;

public sealed class ModelRepositoryTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_published_package_that_was_changed_is_refused()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        string folder = TinyPackage.Random();
        string id = await pipeline.Repository.PublishAsync(folder, cancellation: Cancellation);
        string blob = ModelId.Parse(id).Folder + "/" + ModelPackage.ImageGraph;
        byte[] content = await pipeline.ReadAsync(ContainerNames.Models, blob);
        content[^1] ^= 1;
        await pipeline
            .Storage.Container(ContainerNames.Models)
            .GetBlobClient(blob)
            .UploadAsync(BinaryData.FromBytes(content), overwrite: true, Cancellation);

        InvalidDataException e = await Assert.ThrowsAsync<InvalidDataException>(() => pipeline.Models.GetAsync(id, Cancellation));

        Assert.Contains("SHA-256", e.Message, StringComparison.Ordinal);
    }
}
