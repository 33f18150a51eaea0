using System.Text.Json;
using System.Text.Json.Nodes;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results;
using AaClip.Tests;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace AaClip.Functions.Tests.Http;

public sealed class ReadResultsTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_newest_result_of_an_image_is_read_by_its_name()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        ReadResults results = new(pipeline.Results, pipeline.Models);
        ResultDocument? stored = await pipeline.ScoreAsync(
            TestPipeline.Request("c/x/a.png", await pipeline.UploadAsync("c/x/a.png", TestPipeline.Picture()))
        );

        ContentResult found = Content(await results.One(Request(""), "c", "x/a.png", Cancellation));
        ContentResult absent = Content(await results.One(Request(""), "c", "none.png", Cancellation));

        Assert.Equal((200, JsonSerializer.Serialize(stored, ResultJson.Default.ResultDocument!)), (found.StatusCode, found.Content));
        Assert.Equal(404, absent.StatusCode);
        Assert.Contains("Image 'c/none.png' has no result of model tiny@", absent.Content, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_of_results_is_listed()
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);
        ReadResults results = new(pipeline.Results, pipeline.Models);
        foreach (string image in (string[])["c/a.png", "c/b.png", "d/c.png"])
            await pipeline.ScoreAsync(TestPipeline.Request(image, await pipeline.UploadAsync(image, TestPipeline.Picture())));

        ContentResult all = Content(await results.List(Request(""), Cancellation));
        ContentResult one = Content(await results.List(Request("?camera=c&top=1&since=2020-01-01"), Cancellation));
        string next = JsonNode.Parse(one.Content!)!["next"]!.GetValue<string>(); // a page that is full has one
        ContentResult second = Content(await results.List(Request($"?camera=c&top=1&model=*&after={next}"), Cancellation));
        ContentResult none = Content(await results.List(Request("?model=other@1"), Cancellation));

        Assert.Equal(["d/c.png", "c/b.png", "c/a.png"], Images(all).OrderDescending());
        Assert.Null(JsonNode.Parse(all.Content!)!["next"]);
        Assert.Equal(["c/a.png", "c/b.png"], Images(one).Concat(Images(second)).Order());
        Assert.Empty(Images(none));
    }

    [Theory]
    [InlineData("?top=0", "top is '0', expected 1 to 1000")]
    [InlineData("?top=many", "top is 'many'")]
    [InlineData("?verdict=bad", "verdict is 'bad', expected normal, anomalous or failed")]
    [InlineData("?verdict=normal,1", "verdict is '1'")]
    [InlineData("?minScore=high", "minScore is 'high', expected a number")]
    [InlineData("?maxScore=NaN", "maxScore is 'NaN'")]
    [InlineData("?after=x", "'x' is no cursor")]
    [InlineData("?camra=c", "The parameter 'camra' is not known: there are camera, model,")]
    [InlineData("?since=yesterday", "since is 'yesterday', expected a time in ISO 8601")]
    public async Task A_bad_question_is_refused_with_the_remedy(string query, string message)
    {
        await using TestPipeline pipeline = await TestPipeline.NewAsync(azurite);

        ContentResult answer = Content(await new ReadResults(pipeline.Results, pipeline.Models).List(Request(query), Cancellation));

        Assert.Equal(400, answer.StatusCode);
        Assert.Contains(message, answer.Content, StringComparison.Ordinal);
    }

    private static HttpRequest Request(string query) =>
        new DefaultHttpContext { Request = { QueryString = new QueryString(query) } }.Request;

    private static ContentResult Content(IActionResult result) => Assert.IsType<ContentResult>(result);

    private static IEnumerable<string?> Images(ContentResult page) =>
        // A page is never empty text
        JsonSerializer.Deserialize(page.Content!, ResultListJson.Default.ResultList)!.Results.Select(r => r.Image);
}
