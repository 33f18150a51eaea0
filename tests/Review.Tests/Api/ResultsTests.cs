using System.Net;
using System.Text.Json.Nodes;
using AaClip.Scoring.Images;
using AaClip.Tests.Seeds;

namespace AaClip.Review.Tests.Api;

public class ResultsTests(SmallSite site) : IClassFixture<SmallSite>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pages_give_every_result_once_newest_first()
    {
        List<string> seen = [];
        string after = "";
        do
        {
            JsonObject page = await site.GetAsync($"/api/results?model=demo@seed&top=20{after}");
            seen.AddRange(page["results"]!.AsArray().Select(r => (string)r!["cursor"]!));
            after = (string?)page["next"] is { } next ? $"&after={Uri.EscapeDataString(next)}" : "";
        } while (after.Length > 0);

        Assert.Equal(72, seen.Count);
        Assert.Equal(seen.Order(StringComparer.Ordinal).Distinct(), seen);
    }

    [Fact]
    public async Task Asked_again_with_its_version_an_unchanged_page_is_not_sent()
    {
        using HttpResponseMessage first = await site.Http.GetAsync("/api/results?model=demo@seed&top=5", Cancellation);
        using HttpRequestMessage again = new(HttpMethod.Get, "/api/results?model=demo@seed&top=5");
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);

        using HttpResponseMessage second = await site.Http.SendAsync(again, Cancellation);

        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
    }

    [Fact]
    public async Task Without_a_promoted_model_the_one_of_the_newest_image_is_shown()
    {
        JsonObject session = await site.GetAsync("/api/session");

        Assert.Equal(SeededStore.Model, (string?)session["live"]); // the first of the two by name
        Assert.Equal([SeededStore.Model, SeededStore.Other], session["models"]!.AsArray().Select(m => (string?)m));
    }

    [Fact]
    public async Task Pictures_come_in_the_size_that_is_asked_for()
    {
        JsonObject row = (await site.ResultsAsync("model=demo@seed&top=1"))[0];
        string image = $"/api/image?name={Uri.EscapeDataString((string)row["image"]!)}&etag={row["etag"]}";

        byte[] small = await site.Http.GetByteArrayAsync($"{image}&size=320", Cancellation);
        byte[] whole = await site.Http.GetByteArrayAsync(image, Cancellation);
        byte[] heatmap = await site.Http.GetByteArrayAsync(
            $"/api/heatmap?blob={Uri.EscapeDataString((string)row["heatmap"]!)}",
            Cancellation
        );

        foreach (byte[] picture in (byte[][])[small, whole, heatmap])
            Assert.Equal((int)row["width"]!, ImageDecoder.Decode(picture, "picture").Image.Width);
        Assert.Equal(400, await StatusAsync($"{image}&size=321"));
        Assert.Equal(404, await StatusAsync($"/api/image?name={Uri.EscapeDataString((string)row["image"]!)}&etag=0x1"));
        Assert.Equal(404, await StatusAsync("/api/image?name=nowhere/a.jpg&etag=0x1"));
        Assert.Equal(404, await StatusAsync("/api/heatmap?blob=nothing.jpg"));
        Assert.Equal(400, await StatusAsync("/api/image"));
    }

    [Theory]
    [InlineData("top=0", "top")]
    [InlineData("verdict=odd", "verdict")]
    [InlineData("review=maybe", "review")]
    [InlineData("generated=perhaps", "generated")]
    [InlineData("from=yesterday", "from")]
    [InlineData("after=x", "cursor")]
    [InlineData("colour=red", "colour")]
    public async Task A_question_with_a_fault_is_refused_with_its_name(string query, string named)
    {
        using HttpResponseMessage answer = await site.Http.GetAsync($"/api/results?{query}", Cancellation);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(named, await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pictures_that_the_check_flags_can_be_asked_for()
    {
        JsonObject[] all = await site.ResultsAsync("model=demo@seed&top=1000");
        JsonObject[] flagged = await site.ResultsAsync("model=demo@seed&top=1000&generated=generated");

        Assert.Equal(6, flagged.Length); // one in twelve of 72
        Assert.All(flagged, r => Assert.Equal(("generated", 0.97), ((string?)r["generated"], (double?)r["generatedProbability"])));
        Assert.Equal(66, all.Count(r => (string?)r["generated"] == "camera"));
    }

    [Fact]
    public async Task Two_models_are_compared_on_the_images_that_both_have_scored()
    {
        JsonObject compared = await site.GetAsync($"/api/compare?a={SeededStore.Model}&b={SeededStore.Other}&top=3");

        (string, string)[] verdicts =
        [
            .. from a in await site.ResultsAsync($"model={SeededStore.Model}&top=1000")
            join b in await site.ResultsAsync($"model={SeededStore.Other}&top=1000") on (string?)a["image"] equals (string?)b["image"]
            select ((string)a["verdict"]!, (string)b["verdict"]!),
        ];
        Assert.Equal(72, (int)compared["both"]!);
        Assert.Equal(verdicts.Count(v => v.Item1 == v.Item2), (int)compared["same"]!);
        Assert.Equal(verdicts.Count(v => v is ("anomalous", "normal")), (int)compared["aOnly"]!);
        Assert.Equal(verdicts.Count(v => v is ("normal", "anomalous")), (int)compared["bOnly"]!);
        double[] differences = [.. compared["flips"]!.AsArray().Select(f => Math.Abs((double)f!["difference"]!))];
        Assert.Equal(Math.Min(3, verdicts.Count(v => v.Item1 != v.Item2)), differences.Length);
        Assert.Equal(differences.OrderDescending(), differences);
        Assert.Equal(400, await StatusAsync("/api/compare?a=x@1&b=x@1"));
    }

    [Fact]
    public async Task Every_view_and_its_parts_come_from_the_own_origin()
    {
        foreach (string path in (string[])[.. Page.Views, "/app.js", "/app.css"])
        {
            using HttpResponseMessage answer = await site.Http.GetAsync(path, Cancellation);
            string text = await answer.Content.ReadAsStringAsync(Cancellation);

            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Contains("default-src 'self'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
            Assert.DoesNotContain("src=\"http", text, StringComparison.Ordinal);
            Assert.DoesNotContain("url(http", text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/api/result?blob=")]
    [InlineData("/api/heatmap?blob=")]
    [InlineData("/api/map?blob=")]
    [InlineData("/api/image?etag=0x1&name=")]
    public async Task A_name_cannot_lead_out_of_its_container(string path)
    {
        await site
            .Storage.Container("config")
            .GetBlobClient("secret.json")
            .UploadAsync(BinaryData.FromString("{}"), overwrite: true, Cancellation);
        string container = site.Storage.NameOf("config");
        foreach (
            string name in (string[])
                [$"../{container}/secret.json", $"a/../../{container}/secret.json", $"..\\{container}\\secret.json", "."]
        )
            Assert.Equal(400, await StatusAsync(path + Uri.EscapeDataString(name)));
        Assert.Equal(400, await StatusAsync(path + new string('x', 1025)));
    }

    [Fact]
    public async Task What_if_counts_every_scored_image_once_by_what_people_decided()
    {
        const string span = "camera=pill&model=demo@seed&from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z";
        JsonObject[] rows = await site.ResultsAsync("camera=pill&model=demo@seed&top=1000");
        await site.SendAsync(
            HttpMethod.Post,
            "/api/reviews",
            new JsonObject { ["decisions"] = new JsonArray(ReviewSite.Decision(rows[0], "fine"), ReviewSite.Decision(rows[1], "defect")) }
        );

        JsonObject whatIf = await site.GetAsync($"/api/whatif?{span}");

        Assert.Equal((1, 1, 0, rows.Length - 2), (Sum("fine"), Sum("defect"), Sum("unsure"), Sum("undecided")));
        Assert.Equal(1, (int)whatIf["fine"]![(int)((double)rows[0]["raw"]! * 256)]!);
        Assert.Equal(0.5, (double)whatIf["threshold"]!);
        Assert.Equal(400, await StatusAsync("/api/whatif?camera=pill&from=2026-12-01T00:00:00Z&to=2026-11-01T00:00:00Z"));

        int Sum(string decision) => whatIf[decision]!.AsArray().Sum(n => (int)n!);
    }

    [Fact]
    public async Task The_state_tells_every_camera_and_queue()
    {
        JsonObject state = await site.GetAsync("/api/state");

        Assert.Contains(state["queues"]!.AsArray(), q => (string?)q!["name"] == "score" && (int)q["messages"]! == 0);
        JsonNode pill = state["cameras"]!.AsArray().Single(c => (string?)c!["camera"] == "pill")!;
        Assert.True((bool)pill["silent"]!); // the newest image of the store is old
    }

    private async Task<int> StatusAsync(string path)
    {
        using HttpResponseMessage answer = await site.Http.GetAsync(path, Cancellation);
        return (int)answer.StatusCode;
    }
}
