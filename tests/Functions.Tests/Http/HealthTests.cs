using System.Text.Json.Nodes;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Tests;
using Azure.Storage.Blobs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace AaClip.Functions.Tests.Http;

public sealed class HealthTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Health_is_bad_until_model_and_profiles_are_read_and_tells_of_a_file_that_is_broken_later()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        await pipeline.SetCamerasAsync("7");
        Health health = pipeline.Health();

        ContentResult before = Content(await health.Run(Request(), Cancellation));
        await pipeline.Models.LiveAsync(Cancellation);
        ContentResult broken = Content(await health.Run(Request(), Cancellation));
        await pipeline.SetCamerasAsync("{}");
        ContentResult good = Content(await health.Run(Request(), Cancellation));
        await pipeline.SetCamerasAsync("7");
        ContentResult later = Content(await health.Run(Request(), Cancellation));

        Assert.Equal((503, 503, 200, 200), (before.StatusCode, broken.StatusCode, good.StatusCode, later.StatusCode));
        Assert.Contains("images wait for one", broken.Content, StringComparison.Ordinal);
        Assert.Contains("\"reachable\":true", broken.Content, StringComparison.Ordinal);
        Assert.Contains("\"provider\":\"cpu\"", good.Content, StringComparison.Ordinal);
        Assert.DoesNotContain("no object", good.Content, StringComparison.Ordinal);
        Assert.Contains("no object", later.Content, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Precision.Fp32, false)]
    [InlineData(Precision.Int8, true)]
    public async Task Health_tells_how_the_products_of_an_int8_model_are_made(Precision precision, bool told)
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TinyPackage.Random(precision));
        await pipeline.Models.LiveAsync(Cancellation);

        ContentResult answer = Content(await pipeline.Health().Run(Request(), Cancellation));

        string? kernel = JsonNode.Parse(answer.Content!)!["model"]!["int8Kernel"]?.GetValue<string>(); // health always has text
        Assert.Equal(told ? Int8Probe.ForThisMachine?.ToString().ToLowerInvariant() : null, kernel);
    }

    [Fact]
    public async Task Health_is_bad_where_the_images_have_no_container()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        await pipeline.Models.LiveAsync(Cancellation);
        await pipeline.Storage.Container("images").DeleteAsync(cancellationToken: Cancellation);

        ContentResult answer = Content(await pipeline.Health().Run(Request(), Cancellation));

        Assert.Equal(503, answer.StatusCode);
        Assert.Contains("There is no container", answer.Content, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gone", "is not in container")]
    [InlineData("refused", "is refused")]
    [InlineData("damaged", "'check.weights' in the package")]
    public async Task A_check_that_cannot_be_asked_is_named_until_it_can(string fault, string told)
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        await pipeline.Models.LiveAsync(Cancellation);
        string package = TinyPackage.Check(3);
        string check = CheckPackage.Open(package).Id;
        BlobClient weights = pipeline
            .Storage.Container(ContainerNames.Models)
            .GetBlobClient(ModelId.Parse(check).Folder + "/" + CheckPackage.Weights);
        if (fault != "gone")
            await pipeline.Repository.PublishAsync(package, cancellation: Cancellation);
        if (fault == "damaged")
            await weights.UploadAsync(BinaryData.FromString("no weights"), overwrite: true, Cancellation);
        if (fault == "refused")
            await pipeline.Trust.AddAsync([new TrustedModel("other@1", new string('0', 64))], Cancellation);
        string named = $$"""{ "c": { "class": "bottle", "generated": { "model": "{{check}}", "threshold": 0.9 } } }""";
        await pipeline.SetCamerasAsync(named);
        RgbImage picture = ImageDecoder.Decode(TestPipeline.Picture(), "it").Image;
        Health health = pipeline.Health();

        JsonNode? before = await ChecksAsync(health);
        await Assert.ThrowsAnyAsync<Exception>(() => pipeline.Checks.ProbabilityAsync(check, picture, Cancellation));
        ContentResult during = Content(await health.Run(Request(), Cancellation));
        await pipeline.SetCamerasAsync("""{ "c": { "class": "bottle" } }""");
        JsonNode? unnamed = await ChecksAsync(health);
        await pipeline.SetCamerasAsync(named);
        await pipeline.Trust.ClearAsync(Cancellation);
        if (fault == "gone")
            await pipeline.Repository.PublishAsync(package, cancellation: Cancellation);
        if (fault == "damaged")
            await weights.UploadAsync(Path.Combine(package, CheckPackage.Weights), overwrite: true, Cancellation);
        await Eventually.HappensAsync(async () =>
        {
            try
            {
                return await pipeline.Checks.ProbabilityAsync(check, picture, Cancellation) > 0.9;
            }
            catch (Exception e) when (e is InvalidOperationException or InvalidDataException)
            {
                return false; // it rests for a second
            }
        });

        Assert.Null(before);
        JsonNode one = Assert.Single(JsonNode.Parse(during.Content!)!["checks"]!.AsArray())!; // health always has text
        Assert.Equal(check, (string?)one["id"]);
        Assert.Contains(told, (string?)one["note"], StringComparison.Ordinal);
        Assert.Equal(200, during.StatusCode); // images are scored without it
        Assert.Null(unnamed);
        Assert.Null(await ChecksAsync(health));
    }

    [Fact]
    public async Task A_refused_model_is_forgotten_once_another_one_is_promoted_although_no_image_comes()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllNormal);
        await pipeline.Models.LiveAsync(Cancellation);
        string other = await pipeline.Repository.PublishAsync(TestPipeline.AllAnomalous, cancellation: Cancellation);
        string hash = (await pipeline.Repository.HashAsync(other, Cancellation))!; // it was just published
        await pipeline.Trust.AddAsync([new TrustedModel(other, hash)], Cancellation);
        await Assert.ThrowsAsync<InvalidDataException>(() => pipeline.Models.LiveAsync(Cancellation));
        Health health = pipeline.Health();
        ContentResult refused = Content(await health.Run(Request(), Cancellation));

        await pipeline.Choice.PromoteAsync(other, "tester", hash, cancellation: Cancellation);
        await Eventually.HappensAsync(async () => Content(await health.Run(Request(), Cancellation)).StatusCode == 200);

        Assert.Equal(503, refused.StatusCode);
        Assert.Contains("is refused", refused.Content, StringComparison.Ordinal);
        Assert.Equal((true, other, null), (pipeline.Models.State.Loaded, pipeline.Models.State.Id, pipeline.Models.State.Note));
    }

    private static async Task<JsonNode?> ChecksAsync(Health health) =>
        JsonNode.Parse(Content(await health.Run(Request(), Cancellation)).Content!)!["checks"]; // health always has text

    private static HttpRequest Request() => new DefaultHttpContext().Request;

    private static ContentResult Content(IActionResult result) => Assert.IsType<ContentResult>(result);
}
