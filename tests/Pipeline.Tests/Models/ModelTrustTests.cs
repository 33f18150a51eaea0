using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Resilience;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Packages;
using AaClip.Tests;
using Azure.Storage.Blobs;

namespace AaClip.Pipeline.Tests.Models;

/// <summary>Which packages workers use: the pin in models.json, and the allow-list.</summary>
public sealed class ModelTrustTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_package_with_another_description_than_the_pinned_one_is_refused_and_its_images_wait()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        string id = await pipeline.Repository.PublishAsync(TestPipeline.AllAnomalous, cancellation: Cancellation);
        string hash = (await pipeline.Repository.HashAsync(id, Cancellation))!; // it was just published
        await pipeline.Choice.PromoteAsync(id, "tester", hash, cancellation: Cancellation);
        string etag = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture());
        await ReplaceAsync(pipeline, id); // under the same name and version, with hashes that fit

        InfrastructureException e = await Assert.ThrowsAsync<InfrastructureException>(() =>
            pipeline.ScoreAsync(TestPipeline.Request("c/a.png", etag))
        );
        ModelState refused = pipeline.Models.State;
        string replaced = (await pipeline.Repository.HashAsync(id, Cancellation))!; // it is there
        await pipeline.Choice.PromoteAsync(id, "tester", replaced, cancellation: Cancellation);
        await using ModelHost restarted = pipeline.Host(TestPipeline.AllNormal);
        using ModelLease lease = await restarted.GetAsync(null, Cancellation);

        Assert.Equal(
            $"Model {id} is refused: the model.json of this package has SHA-256 {replaced}, but config/models.json pins {hash}: put the "
                + $"right package back, or check this one and pin it with 'aaclip promote {id} --repin'.",
            e.Message
        );
        Assert.Equal((false, e.Message), (refused.Loaded, refused.Note));
        Assert.Empty(await pipeline.NamesAsync(ContainerNames.Results)); // not even a failed one
        Assert.Equal(replaced, lease.Model.PackageHash);
    }

    [Fact]
    public async Task Roles_without_a_pin_refuse_nothing_and_those_with_one_keep_it_for_models_with_a_role()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        string id = await pipeline.Repository.PublishAsync(TestPipeline.AllAnomalous, cancellation: Cancellation);
        await WriteAsync(
            pipeline,
            ContainerNames.Config,
            ModelRolesStore.BlobName,
            $$"""{ "schemaVersion": 1, "live": "{{id}}", "promotedAt": "2026-01-31T08:00:00Z", "before": [null] }"""
        );

        ResultDocument result = (
            await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", await pipeline.UploadAsync("c/a.png", TestPipeline.Picture())))
        )!; // nothing is scored yet
        await pipeline.Choice.ShadowAsync("second@1", 0.5, new string('1', 64), cancellation: Cancellation);
        await pipeline.Choice.ShadowAsync("third@1", 0.5, new string('2', 64), cancellation: Cancellation);
        await pipeline.Choice.PromoteAsync("fourth@1", "tester", new string('3', 64), cancellation: Cancellation);
        ModelRoles roles = await pipeline.Choice.PromoteAsync(id, "tester", new string('4', 64), cancellation: Cancellation);

        Assert.Equal(id, result.Model.Id);
        Assert.Equal(["fourth@1 3", "third@1 2", $"{id} 4"], roles.Pins.Select(p => $"{p.Key} {p.Value[0]}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_result_names_the_package_whose_description_names_the_sources()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);

        ResultDocument result = (
            await pipeline.ScoreAsync(TestPipeline.Request("c/a.png", await pipeline.UploadAsync("c/a.png", TestPipeline.Picture())))
        )!; // nothing is scored yet

        Assert.Equal(PackageFolder.HashOf(Path.Combine(TestPipeline.AllNormal, ModelManifest.FileName)), result.Model.PackageSha256);
    }

    [Fact]
    public async Task With_an_allow_list_only_its_packages_score_and_without_it_all_do()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        string etag = await pipeline.UploadAsync("c/a.png", TestPipeline.Picture());
        string own = ModelPackage.Open(TestPipeline.AllNormal).Hash;
        ScoreRequested request = TestPipeline.Request("c/a.png", etag);

        await pipeline.Trust.AddAsync([new TrustedModel("other@1", new string('0', 64))], Cancellation);
        InfrastructureException absent = await Assert.ThrowsAsync<InfrastructureException>(() => pipeline.ScoreAsync(request));
        await pipeline.Trust.AddAsync([new TrustedModel("own@1", own.ToUpperInvariant())], Cancellation);
        await using ModelHost models = pipeline.Host(TestPipeline.AllNormal);
        (await models.GetAsync(null, Cancellation)).Dispose();
        ModelState listed = models.State;
        await pipeline.Trust.RemoveAsync([own.ToUpperInvariant()], Cancellation); // while it is in memory
        InvalidDataException removed = await Assert.ThrowsAsync<InvalidDataException>(() => models.GetAsync(null, Cancellation));
        InvalidDataException first = Assert.Throws<InvalidDataException>(() => models.TryGet(models.OwnId));
        ModelState refused = models.State;
        await pipeline.Trust.ClearAsync(Cancellation);
        (await models.GetAsync(null, Cancellation)).Dispose();

        Assert.Contains($"the SHA-256 of its model.json, {own}, is not in models/trusted.json", absent.Message, StringComparison.Ordinal);
        Assert.Empty(await pipeline.NamesAsync(ContainerNames.Results));
        Assert.True(listed.Loaded);
        Assert.Equal((absent.Message, absent.Message), (removed.Message, first.Message));
        Assert.Equal((false, absent.Message), (refused.Loaded, refused.Note));
        Assert.True(models.State.Loaded);
    }

    [Theory]
    [InlineData("not JSON", "is not a list of trusted models")]
    [InlineData("{ \"schemaVersion\": 9, \"models\": [] }", "schemaVersion 9")]
    [InlineData("{ \"schemaVersion\": 1 }", "models")]
    public async Task An_allow_list_that_cannot_be_understood_refuses_every_model(string list, string expected)
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        await WriteAsync(pipeline, ContainerNames.Models, ModelTrust.BlobName, list);

        InvalidDataException e = await Assert.ThrowsAsync<InvalidDataException>(() => pipeline.Models.GetAsync(null, Cancellation));

        Assert.StartsWith(
            $"Model {pipeline.Models.OwnId} is refused, as every model, because the allow-list cannot be read.",
            e.Message,
            StringComparison.Ordinal
        );
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    private static async Task WriteAsync(TestPipeline pipeline, string container, string name, string content) =>
        await pipeline.Storage.Container(container).GetBlobClient(name).UploadAsync(BinaryData.FromString(content), true, Cancellation);

    private static async Task ReplaceAsync(TestPipeline pipeline, string id)
    {
        BlobClient manifest = pipeline
            .Storage.Container(ContainerNames.Models)
            .GetBlobClient($"{ModelId.Parse(id).Folder}/{ModelManifest.FileName}");
        string text = (await manifest.DownloadContentAsync(Cancellation)).Value.Content.ToString();
        Assert.Contains("\"threshold\": 0.05", text, StringComparison.Ordinal);
        await manifest.UploadAsync(
            BinaryData.FromString(text.Replace("\"threshold\": 0.05", "\"threshold\": 0.95", StringComparison.Ordinal)),
            overwrite: true,
            Cancellation
        );
    }
}
