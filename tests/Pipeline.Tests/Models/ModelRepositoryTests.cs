using AaClip.Pipeline.Models;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Packages;
using AaClip.Tests;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

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

    [Fact]
    public async Task Of_the_packages_on_this_machine_those_fetched_last_stay_and_those_that_are_held()
    {
        using ScratchFolder cache = new();
        ModelRepository repository = new(
            await azurite.NewAsync(),
            Options.Create(new ModelOptions { Cache = cache.Path }),
            NullLogger<ModelRepository>.Instance
        );
        List<string> folders = [];
        foreach ((int i, double threshold) in ((double[])[0.11, 0.12, 0.13]).Index())
        {
            string id = await repository.PublishAsync(TinyPackage.Recalibrated(threshold), cancellation: Cancellation);
            folders.Add(await repository.FetchAsync(id, cancellation: Cancellation));
            File.SetLastAccessTimeUtc(Path.Combine(folders[i], ModelManifest.FileName), DateTime.UnixEpoch.AddDays(1 + i));
        }

        using (ModelRepository.Hold(folders[0]))
            repository.Trim(1);

        Assert.Equal([true, false, true], folders.Select(Directory.Exists));
    }
}
