using System.Text;
using System.Text.Json;
using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Scoring;
using AaClip.Pipeline.Storage;
using AaClip.Tests;
using Azure.Core;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AaClip.Functions.Tests.Http;

/// <summary>Images that programs send over HTTP.</summary>
public sealed class ScoreApiTests(AzuriteFixture azurite)
{
    private const int Patient = 230;

    private static readonly byte[] Picture = TestPipeline.Picture();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_image_is_stored_under_its_camera_and_answered_with_its_result()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        HttpRequest request = Request("?camera=line%201&part=L%2F7%20%C3%A4", Picture);
        request.Headers.TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

        Task<ContentResult> answering = PushAsync(pipeline, request, Patient);
        await WorkAsync(pipeline);
        ContentResult answer = await answering;

        Assert.Equal((200, "application/json"), (answer.StatusCode, answer.ContentType));
        Assert.Empty(SchemaCheck.Faults(SchemaCheck.Load("result.schema.json"), answer.Content!));
        ResultDocument result = ResultDocument.Parse(Encoding.UTF8.GetBytes(answer.Content!), "the answer");
        Assert.Matches("^line 1/[0-9]{4}/[0-9]{2}/[0-9]{2}/[0-9]{9}-[0-9a-f]{8}[.]png$", result.Image.Name);
        Assert.Equal(("line 1", "L/7 ä", Picture.Length), (result.Image.Camera, result.Image.Part, result.Image.Bytes));
        Assert.StartsWith("00-0af7651916cd43dd8448eb211c80319c-", result.Traceparent, StringComparison.Ordinal);
        Assert.Equal(Picture, await pipeline.ReadAsync(ContainerNames.Images, result.Image.Name));
        BlobProperties blob = await pipeline
            .Storage.Container(ContainerNames.Images)
            .GetBlobClient(result.Image.Name)
            .GetPropertiesAsync(cancellationToken: Cancellation);
        Assert.Equal(("image/png", "L%2F7%20%C3%A4"), (blob.ContentType, blob.Metadata["part"]));
    }

    [Fact]
    public async Task Without_a_result_in_time_the_answer_tells_where_it_will_be()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        HttpRequest request = Request("?camera=line%201", Picture);

        ContentResult answer = await PushAsync(pipeline, request, seconds: 1);

        ScoreRequested sent = Assert.Single(await pipeline.MessagesAsync(QueueNames.Score, MessageJson.Default.ScoreRequested));
        string address = "/api/results/" + sent.Image.Replace(" ", "%20", StringComparison.Ordinal);
        Assert.Equal(202, answer.StatusCode);
        Assert.Equal(address, request.HttpContext.Response.Headers.Location);
        Assert.Equal(
            [("image", sent.Image), ("etag", sent.ETag), ("result", address)],
            JsonDocument.Parse(answer.Content!).RootElement.EnumerateObject().Select(p => (p.Name, p.Value.GetString()!)) // texts
        );
        Assert.Equal([sent.Image], await pipeline.NamesAsync(ContainerNames.Images));
    }

    [Fact]
    public async Task What_cannot_be_scored_is_kept_and_answered_with_its_failed_result()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);

        Task<ContentResult> answering = PushAsync(pipeline, Request("?camera=line1", "no image"u8.ToArray()), Patient);
        await WorkAsync(pipeline);
        ContentResult answer = await answering;

        Assert.Equal(200, answer.StatusCode);
        Assert.Contains("\"code\":\"unknown-format\"", answer.Content, StringComparison.Ordinal);
        Assert.EndsWith(".bin", Assert.Single(await pipeline.NamesAsync(ContainerNames.Images)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_with_a_file_and_a_part_is_an_image_too()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        using MultipartFormDataContent form = Form(("part", "SN-1"), ("image", null));

        ContentResult answer = await PushAsync(pipeline, await RequestAsync("?camera=line1", form), 0);

        Assert.Equal(202, answer.StatusCode);
        string name = Assert.Single(await pipeline.NamesAsync(ContainerNames.Images));
        BlobProperties blob = await pipeline
            .Storage.Container(ContainerNames.Images)
            .GetBlobClient(name)
            .GetPropertiesAsync(cancellationToken: Cancellation);
        Assert.Equal("SN-1", blob.Metadata["part"]);
        Assert.Equal(Picture, await pipeline.ReadAsync(ContainerNames.Images, name));
    }

    [Fact]
    public async Task The_storage_event_of_a_pushed_image_leaves_one_result_and_one_alert()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, modelPath: TestPipeline.AllAnomalous);
        await PushAsync(pipeline, Request("?camera=line1&part=SN-1", Picture), 0);
        ScoreRequested pushed = Assert.Single(await pipeline.MessagesAsync(QueueNames.Score, MessageJson.Default.ScoreRequested));
        BlobCreated stored = new()
        {
            Id = "1",
            Container = pipeline.Storage.NameOf(ContainerNames.Images),
            Name = pushed.Image,
            ETag = pushed.ETag,
            Bytes = Picture.Length,
            Time = DateTimeOffset.UtcNow,
        };
        ScoreRequested? routed = await Router(pipeline).RouteAsync(stored, Cancellation);
        Assert.NotNull(routed);

        // At the same moment, and once more later
        ScoredImage[] both = await Task.WhenAll(
            pipeline.Scoring.ScoreAsync(pushed, Cancellation),
            pipeline.Scoring.ScoreAsync(routed, Cancellation)
        );
        ScoredImage later = await pipeline.Scoring.ScoreAsync(routed, Cancellation);
        List<Scored> messages = await pipeline.MessagesAsync(QueueNames.Scored, MessageJson.Default.Scored);
        using AlertRaiser raiser = new(
            new AlertStore(pipeline.Storage, TimeProvider.System),
            [new QueueAlertSink(pipeline.Storage, TimeProvider.System)],
            Options.Create(new AlertOptions()),
            TimeProvider.System,
            NullLogger<AlertRaiser>.Instance
        );
        foreach (Scored message in messages)
            await new RaiseAlert(new CameraAlerts(pipeline.Cameras, raiser, TimeProvider.System)).Run(message, Cancellation);

        Assert.Equal(both[0].Result.ScoredAt, both[1].Result.ScoredAt); // one of them scored, the other found its result
        Assert.Equal(both[0].Result.ScoredAt, later.Result.ScoredAt);
        Assert.Equal(3, messages.Count);
        Assert.Single(await pipeline.NamesAsync(ContainerNames.Results));
        QueueMessage[] alerts = (
            await pipeline.Storage.Queue(QueueNames.Alerts).ReceiveMessagesAsync(32, cancellationToken: Cancellation)
        ).Value;
        string alert = Assert.Single(alerts).Body.ToString();
        Assert.Empty(SchemaCheck.Faults(SchemaCheck.Load("alert.schema.json"), alert));
        AlertEvent opened = AlertEvent.Parse(BinaryData.FromString(alert));
        Assert.Equal((pushed.Image, "SN-1"), (opened.Anomaly?.Image.Blob, opened.Anomaly?.Image.Part));
    }

    [Theory]
    [InlineData("", 400, "The camera '' is not valid: it has 0 characters")]
    [InlineData("?camera=a/b", 400, "The camera 'a/b' is not valid: it has a slash")]
    [InlineData("?camera=a.", 400, "it ends with a dot")]
    [InlineData("?camera=line1&prat=7", 400, "The parameter 'prat' is not known: there are camera and part.")]
    [InlineData("?camera=line1&part=a%0Ab", 400, "part is not valid: it has characters that cannot be printed")]
    [InlineData("?camera=unknown", 422, "has no profile for camera 'unknown': add one")]
    [InlineData("?camera=skipping", 422, "its name matches the skip pattern '*.png'")]
    public async Task A_bad_question_is_refused_and_nothing_is_stored(string query, int status, string detail)
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        await pipeline.SetCamerasAsync("""{ "line1": {}, "skipping": { "skip": ["*.png"] } }""");

        ContentResult answer = await PushAsync(pipeline, Request(query, Picture), 0);

        await AssertRefusedAsync(pipeline, answer, status, detail);
    }

    [Theory]
    [InlineData(0, "image/png", 400, "There is no image")]
    [InlineData(5001, "image/png", 413, "The image has more than 5000 bytes: compress it or raise Limits__MaxBytes.")]
    [InlineData(9, "application/json", 415, "The content type is 'application/json', expected image/jpeg")]
    [InlineData(9, null, 415, "The content type is '', expected image/jpeg")]
    [InlineData(9, "multipart/form-data", 400, "The content type has no boundary")]
    [InlineData(9, "multipart/form-data; boundary=x", 400, "The multipart body cannot be read")]
    public async Task A_bad_body_is_refused_and_nothing_is_stored(int bytes, string? type, int status, string detail)
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);

        foreach (long? declared in (long?[])[bytes, null, 1]) // whatever the header says
        {
            HttpRequest request = Request("?camera=line1", new byte[bytes], type);
            request.ContentLength = declared;
            await AssertRefusedAsync(
                pipeline,
                await PushAsync(pipeline, request, 0, new LimitsOptions { MaxBytes = 5000 }),
                status,
                detail
            );
        }
    }

    [Theory]
    [InlineData("image,image", "The form has more than one file")]
    [InlineData("part", "The form has no file")]
    [InlineData("image,lot", "The form has a field 'lot', expected one file")]
    public async Task A_form_of_another_kind_is_refused_and_nothing_is_stored(string fields, string detail)
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        using MultipartFormDataContent form = Form([.. fields.Split(',').Select(f => (f, f == "image" ? null : "7"))]);

        await AssertRefusedAsync(pipeline, await PushAsync(pipeline, await RequestAsync("?camera=line1", form), 0), 400, detail);
    }

    [Fact]
    public async Task A_part_is_refused_where_it_is_too_long_or_where_query_and_form_differ()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        using MultipartFormDataContent form = Form(("part", "8"), ("image", null)),
            longer = Form(("part", new string('x', 2000)), ("image", null));

        ContentResult differ = await PushAsync(pipeline, await RequestAsync("?camera=line1&part=7", form), 0);
        ContentResult tooLong = await PushAsync(pipeline, Request($"?camera=line1&part={new string('x', 129)}", Picture), 0);
        ContentResult longField = await PushAsync(pipeline, await RequestAsync("?camera=line1", longer), 0);

        await AssertRefusedAsync(pipeline, differ, 400, "The query has part '7' and the form '8'");
        await AssertRefusedAsync(pipeline, tooLong, 400, "part is not valid: it has 129 characters, expected 1 to 128");
        await AssertRefusedAsync(pipeline, longField, 400, "part is not valid: it has 513 characters");
    }

    [Theory]
    [InlineData("https://elsewhere.example", 403)]
    [InlineData("null", 403)]
    [InlineData("https://plant.example:7071", 202)]
    public async Task A_page_of_another_site_stores_no_image(string origin, int status)
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        HttpRequest request = Request("?camera=line1", Picture);
        request.Host = new HostString("plant.example", 7071);
        request.Headers.Origin = origin;

        ContentResult answer = await PushAsync(pipeline, request, 0);

        Assert.Equal(status, answer.StatusCode);
        Assert.Equal(status == 202 ? 1 : 0, (await pipeline.NamesAsync(ContainerNames.Images)).Count);
    }

    [Fact]
    public async Task While_storage_does_not_take_images_the_answer_is_to_send_it_again()
    {
        FaultyTransport transport = new(request =>
            request.Method == RequestMethod.Put && request.Uri.Path.EndsWith(".png", StringComparison.Ordinal)
                ? StorageFault.Error500
                : null
        );
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, transport: transport);
        HttpRequest request = Request("?camera=line1", Picture);

        ContentResult answer = await PushAsync(pipeline, request, 0);

        await AssertRefusedAsync(pipeline, answer, 503, "send it again");
        Assert.Equal("5", request.HttpContext.Response.Headers.RetryAfter);
    }

    [Fact]
    public async Task An_image_whose_request_cannot_be_sent_is_stored_and_left_to_its_storage_event()
    {
        FaultyTransport transport = new(request =>
            request.Method == RequestMethod.Post && request.Uri.Path.EndsWith("/messages", StringComparison.Ordinal)
                ? StorageFault.Error500
                : null
        );
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite, transport: transport);

        ContentResult answer = await PushAsync(pipeline, Request("?camera=line1", Picture), 0);

        Assert.Equal(202, answer.StatusCode);
        Assert.Single(await pipeline.NamesAsync(ContainerNames.Images));
    }

    private static async Task AssertRefusedAsync(TestPipeline pipeline, ContentResult answer, int status, string detail)
    {
        Assert.Equal((status, "application/problem+json"), (answer.StatusCode, answer.ContentType));
        JsonElement problem = JsonDocument.Parse(answer.Content!).RootElement;
        Assert.Equal(["type", "title", "status", "detail"], problem.EnumerateObject().Select(p => p.Name));
        Assert.Equal(("about:blank", status), (problem.GetProperty("type").GetString(), problem.GetProperty("status").GetInt32()));
        Assert.Contains(detail, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Empty(await pipeline.NamesAsync(ContainerNames.Images));
        Assert.Empty(await pipeline.MessagesAsync(QueueNames.Score, MessageJson.Default.ScoreRequested));
    }

    private static async Task<ContentResult> PushAsync(
        TestPipeline pipeline,
        HttpRequest request,
        int seconds,
        LimitsOptions? limits = null
    )
    {
        IOptions<LimitsOptions> options = Options.Create(limits ?? new LimitsOptions());
        using ImagePush push = new(
            pipeline.Storage,
            pipeline.Cameras,
            Router(pipeline),
            options,
            TimeProvider.System,
            NullLogger<ImagePush>.Instance
        );
        ScoreApi api = new(
            push,
            pipeline.Results,
            pipeline.Models,
            Options.Create(new PushOptions { WaitSeconds = seconds }),
            options,
            TimeProvider.System
        );
        return Assert.IsType<ContentResult>(await api.Push(request, Cancellation));
    }

    /// <summary>Takes the next request from the queue, as the scorer does.</summary>
    private static async Task WorkAsync(TestPipeline pipeline)
    {
        List<ScoreRequested> waiting;
        while ((waiting = await pipeline.MessagesAsync(QueueNames.Score, MessageJson.Default.ScoreRequested)).Count == 0)
            await Task.Delay(10, Cancellation);
        await pipeline.ScoreAsync(waiting[0]);
    }

    private static UploadRouter Router(TestPipeline pipeline) =>
        new(pipeline.Storage, pipeline.Cameras, pipeline.Sender, TimeProvider.System, NullLogger<UploadRouter>.Instance);

    private static MultipartFormDataContent Form(params (string Name, string? Text)[] fields)
    {
        MultipartFormDataContent form = [];
        foreach ((string name, string? text) in fields)
            if (text is null)
                form.Add(new ByteArrayContent(Picture), name, "a.png");
            else
                form.Add(new StringContent(text), name);
        return form;
    }

    private static async Task<HttpRequest> RequestAsync(string query, MultipartFormDataContent form) =>
        Request(query, await form.ReadAsByteArrayAsync(Cancellation), form.Headers.ContentType!.ToString()); // a form has a type

    private static HttpRequest Request(string query, byte[] body, string? type = "image/png") =>
        new DefaultHttpContext
        {
            Request =
            {
                Method = "POST",
                QueryString = new QueryString(query),
                Body = new MemoryStream(body),
                ContentLength = body.Length,
                ContentType = type,
            },
        }.Request;
}
