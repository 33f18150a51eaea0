using System.Text;
using System.Text.Json;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;
using AaClip.Tests;
using Json.Schema;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace AaClip.Functions.Tests.Http;

/// <summary>Rescoring jobs over HTTP.</summary>
public sealed class JobsApiTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_is_started_once_listed_paused_resumed_and_cancelled()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        JobsApi jobs = Jobs(pipeline);
        string body = $$"""{ "id": "j1", "model": "{{pipeline.Models.OwnId}}", "mode": "threshold", "cameras": ["line1"] }""";

        ContentResult started = Content(await jobs.Start(Request(body), Cancellation)),
            again = Content(await jobs.Start(Request(body), Cancellation));
        ContentResult other = Content(await jobs.Start(Request(body.Replace("line1", "line2", StringComparison.Ordinal)), Cancellation));
        ContentResult list = Content(await jobs.List(Request(""), Cancellation)),
            one = Content(await jobs.One(Request(""), "j1", Cancellation));

        JsonSchema progress = SchemaCheck.Load("jobs.schema.json", "progress");
        Assert.Empty(SchemaCheck.Faults(SchemaCheck.Load("jobs.schema.json", "request"), body));
        Assert.Empty(SchemaCheck.Faults(progress, started.Content!));
        Assert.NotEmpty(SchemaCheck.Faults(progress, started.Content!.Replace("running", "walking", StringComparison.Ordinal)));
        Assert.Equal((202, 202), (started.StatusCode, again.StatusCode));
        Assert.Equal((JobStatus.Running, RescoreMode.Threshold), (Progress(started).Status, Progress(started).Mode));
        Assert.Equal(409, other.StatusCode);
        Assert.Contains("There is a job j1 already, with another request", other.Content, StringComparison.Ordinal);
        // A list is never empty text
        Assert.Equal(["j1"], JsonSerializer.Deserialize(list.Content!, JobJson.Default.IReadOnlyListJobProgress)!.Select(j => j.Id));
        Assert.Equal(Progress(started).CreatedAt, Progress(one).CreatedAt);
        Assert.Equal(JobStatus.Paused, Progress(await jobs.Change(Request(""), "j1", "pause", Cancellation)).Status);
        Assert.Equal(JobStatus.Running, Progress(await jobs.Change(Request(""), "j1", "resume", Cancellation)).Status);
        Assert.Equal(JobStatus.Cancelled, Progress(await jobs.Change(Request(""), "j1", "cancel", Cancellation)).Status);
        Assert.Equal(409, Content(await jobs.Change(Request(""), "j1", "resume", Cancellation)).StatusCode);
    }

    [Theory]
    [InlineData("null", "It is null.")]
    [InlineData("", "Example: {")]
    [InlineData("{ \"model\": 7 }", "Example: {")]
    [InlineData("{ \"mode\": \"full\" }", "Example: {")]
    [InlineData("{ \"model\": \"a@1\", \"mode\": \"sideways\" }", "Example: {")]
    [InlineData("{ \"model\": \"a@1\", \"camera\": [\"line1\"] }", "There is no field 'camera'.")]
    [InlineData("{ \"model\": \"a\" }", "'a' is no model: expected name@version.")]
    [InlineData("{ \"model\": \"a@1\" }", "Model a@1 is not in container")]
    [InlineData("{ \"model\": \"a@1\", \"id\": \"../x\" }", "is not valid: use up to 64 letters")]
    [InlineData("{ \"model\": \"a@1\", \"pageSize\": 0 }", "pageSize is 0, expected 1 to 5000.")]
    [InlineData("{ \"model\": \"a@1\", \"inFlight\": 0 }", "inFlight is 0, expected 1 to 100000.")]
    [InlineData("{ \"model\": \"a@1\", \"cameras\": [] }", "cameras is empty or has an empty name")]
    [InlineData("{ \"model\": \"a@1\", \"verdicts\": [] }", "verdicts is empty")]
    [InlineData(
        "{ \"model\": \"a@1\", \"from\": \"2026-02-01T00:00:00Z\", \"to\": \"2026-01-01T00:00:00Z\" }",
        "No image can be stored from 2026-02-01"
    )]
    public async Task A_bad_request_is_refused_with_the_remedy(string body, string expected)
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);

        ContentResult answer = Content(await Jobs(pipeline).Start(Request(body), Cancellation));

        Assert.Equal(400, answer.StatusCode);
        Assert.Contains(expected, answer.Content, StringComparison.Ordinal);
        Assert.Empty(await pipeline.NamesAsync(AaClip.Pipeline.Storage.ContainerNames.Jobs));
    }

    [Fact]
    public async Task A_huge_body_an_unknown_job_and_an_unknown_action_are_told_apart()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        JobsApi jobs = Jobs(pipeline);
        HttpRequest huge = Request("{}");
        huge.Body = new MemoryStream(new byte[1 << 20]); // whatever its header says

        Assert.Equal(413, Content(await jobs.Start(huge, Cancellation)).StatusCode);
        Assert.Equal(404, Content(await jobs.One(Request(""), "none", Cancellation)).StatusCode);
        Assert.Equal(404, Content(await jobs.Change(Request(""), "none", "pause", Cancellation)).StatusCode);
        Assert.Contains(
            "pause, resume or cancel",
            Content(await jobs.Change(Request(""), "none", "explode", Cancellation)).Content,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("text/plain", null, 415)]
    [InlineData("application/x-www-form-urlencoded", null, 415)]
    [InlineData("application/json", "https://elsewhere.example", 403)]
    [InlineData("application/json", "null", 403)]
    [InlineData("application/json", "https://plant.example:7071", 202)]
    public async Task A_page_of_another_site_starts_no_job(string type, string? origin, int status)
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        HttpRequest request = Request($$"""{ "id": "j1", "model": "{{pipeline.Models.OwnId}}", "mode": "threshold" }""");
        request.Host = new HostString("plant.example", 7071);
        request.ContentType = type;
        if (origin is not null)
            request.Headers.Origin = origin;

        Assert.Equal(status, Content(await Jobs(pipeline).Start(request, Cancellation)).StatusCode);
    }

    [Fact]
    public async Task A_mistyped_request_is_not_repeated_without_end()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);

        ContentResult answer = Content(
            await Jobs(pipeline).Start(Request($$"""{ "model": "{{new string('m', 100_000)}}" }"""), Cancellation)
        );

        Assert.Equal(400, answer.StatusCode);
        Assert.InRange(answer.Content!.Length, 100, 2100);
    }

    private static JobsApi Jobs(TestPipeline pipeline) => new(pipeline.Jobs, pipeline.Store, pipeline.Models, TimeProvider.System);

    private static HttpRequest Request(string body) =>
        new DefaultHttpContext
        {
            Request =
            {
                Body = new MemoryStream(Encoding.UTF8.GetBytes(body)),
                ContentLength = body.Length,
                ContentType = "application/json; charset=utf-8",
            },
        }.Request;

    private static ContentResult Content(IActionResult result) => Assert.IsType<ContentResult>(result);

    private static JobProgress Progress(IActionResult result) =>
        JsonSerializer.Deserialize(Content(result).Content!, JobJson.Default.JobProgress)!; // an answer is never null
}
