using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace AaClip.Pipeline.Tests.Routing;

public sealed class UploadRouterTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_upload_becomes_one_request_with_its_cameras_class()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        await pipeline.SetCamerasAsync("""{ "line1": { "class": "screw" }, "*": {} }""");

        ScoreRequested sent = Assert.IsType<ScoreRequested>(await RouteAsync(pipeline, Upload(pipeline, "line1/day/a.jpg")));

        Assert.Equal(("line1/day/a.jpg", "0x1", "line1", "screw"), (sent.Image, sent.ETag, sent.Camera, sent.ObjectClass));
        Assert.Equal("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", sent.Traceparent);
        Assert.Equal([sent], await pipeline.MessagesAsync(QueueNames.Score, MessageJson.Default.ScoreRequested));
    }

    [Theory]
    [InlineData("a.jpg", "default")]
    [InlineData("line1/no-extension", "line1")]
    [InlineData("line1/notes.txt", "line1")] // its content decides, later
    public async Task What_a_file_is_called_plays_no_part(string name, string camera)
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);

        ScoreRequested? sent = await RouteAsync(pipeline, Upload(pipeline, name));

        Assert.Equal(camera, sent?.Camera);
    }

    [Fact]
    public async Task An_event_without_a_version_means_the_one_that_is_there()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);

        Assert.Equal("*", (await RouteAsync(pipeline, Upload(pipeline, "c/a.jpg") with { ETag = "" }))?.ETag);
    }

    [Fact]
    public async Task What_is_not_to_be_scored_is_skipped()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        await pipeline.SetCamerasAsync("""{ "line1": { "skip": ["thumbs/*"] }, "line2": {} }""");
        BlobCreated upload = Upload(pipeline, "line1/a.jpg");

        Assert.Null(await RouteAsync(pipeline, upload with { EventType = "Microsoft.Storage.BlobDeleted" }));
        Assert.Null(await RouteAsync(pipeline, upload with { Container = "other" }));
        Assert.Null(await RouteAsync(pipeline, upload with { Bytes = 0, Api = "SftpCreate" }));
        Assert.Null(await RouteAsync(pipeline, upload with { Bytes = 0, Api = "PutBlob" })); // OpenWrite, or a placeholder of a folder
        Assert.Null(await RouteAsync(pipeline, upload with { Bytes = 0, Name = "line1/day/" }));
        Assert.Null(await RouteAsync(pipeline, upload with { Name = "unknown/a.jpg" }));
        Assert.Null(await RouteAsync(pipeline, upload with { Name = "line1/thumbs/a.jpg" }));
        Assert.Null(await RouteAsync(pipeline, upload with { Name = "line2/a.jpg.tmp" }));
        Assert.Empty(await pipeline.MessagesAsync(QueueNames.Score, MessageJson.Default.ScoreRequested));
    }

    private static Task<ScoreRequested?> RouteAsync(TestPipeline pipeline, BlobCreated upload) =>
        new UploadRouter(
            pipeline.Storage,
            pipeline.Cameras,
            pipeline.Sender,
            TimeProvider.System,
            NullLogger<UploadRouter>.Instance
        ).RouteAsync(upload, Cancellation);

    private static BlobCreated Upload(TestPipeline pipeline, string name) =>
        new()
        {
            Id = "1",
            Container = pipeline.Storage.NameOf(ContainerNames.Images),
            Name = name,
            ETag = "0x1",
            Bytes = 10,
            Time = DateTimeOffset.UtcNow,
            Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        };
}
