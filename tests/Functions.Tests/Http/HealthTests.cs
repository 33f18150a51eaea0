using System.Text.Json.Nodes;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Tests;
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

    private static HttpRequest Request() => new DefaultHttpContext().Request;

    private static ContentResult Content(IActionResult result) => Assert.IsType<ContentResult>(result);
}
