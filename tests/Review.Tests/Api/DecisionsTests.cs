using System.Text.Json.Nodes;
using AaClip.Tests.Seeds;

namespace AaClip.Review.Tests.Api;

public class DecisionsTests(SmallSite site) : IClassFixture<SmallSite>
{
    [Fact]
    public async Task A_decision_stands_at_the_results_of_every_model_and_in_the_filters()
    {
        JsonObject row = (await site.ResultsAsync("camera=pill&model=demo@seed&top=1"))[0];

        await DecideAsync(row, "defect");

        JsonObject versions = await site.GetAsync(Versions(row));
        Assert.Equal([SeededStore.Model, SeededStore.Other], versions["results"]!.AsArray().Select(r => (string?)r!["model"]).Order());
        Assert.All(versions["results"]!.AsArray(), r => Assert.Equal("defect", (string?)r!["review"]!["verdict"]));
        Assert.Contains(await ImagesAsync("camera=pill&review=defect"), image => image == (string?)row["image"]);
        Assert.DoesNotContain(await ImagesAsync("camera=pill&review=undecided"), image => image == (string?)row["image"]);
        Assert.DoesNotContain(await ImagesAsync("camera=pill&review=fine,unsure"), image => image == (string?)row["image"]);
    }

    [Fact]
    public async Task The_same_decision_sent_again_is_stored_once_and_a_new_one_is_added()
    {
        JsonObject row = (await site.ResultsAsync("camera=key&model=demo@seed&top=1"))[0];
        Guid id = Guid.NewGuid();
        await DecideAsync(row, "fine", id);
        await DecideAsync(row, "fine", id);

        await DecideAsync(row, "unsure");

        JsonArray history = (await site.GetAsync(Versions(row)))["reviews"]!.AsArray();
        Assert.Equal(["unsure", "fine"], history.Select(r => (string?)r!["verdict"]));
        Assert.All(history, r => Assert.Equal(Environment.UserName, (string?)r!["who"]));
    }

    [Fact]
    public async Task A_decision_taken_back_leaves_the_image_undecided_and_its_history_whole()
    {
        JsonObject row = (await site.ResultsAsync("camera=gasket&model=demo@seed&top=1"))[0];
        await DecideAsync(row, "defect");

        await DecideAsync(row, "none");

        JsonObject versions = await site.GetAsync(Versions(row));
        Assert.All(versions["results"]!.AsArray(), r => Assert.Null(r!["review"]));
        Assert.Equal(2, versions["reviews"]!.AsArray().Count);
        Assert.Contains(await ImagesAsync("camera=gasket&review=undecided"), image => image == (string?)row["image"]);
        Assert.Empty(await ImagesAsync("camera=gasket&review=defect"));
    }

    [Fact]
    public async Task A_thousand_decisions_go_in_one_request_and_a_batch_with_known_ones_adds_the_others()
    {
        JsonObject[] rows = await site.ResultsAsync("camera=wire_mesh&model=demo@seed&top=10");
        JsonArray decisions = [.. Enumerable.Range(0, 1000).Select(i => Decision(rows[i % rows.Length], "fine"))];
        await site.SendAsync(HttpMethod.Post, "/api/reviews", new JsonObject { ["decisions"] = decisions.DeepClone() });

        decisions[999] = Decision(rows[0], "unsure"); // the others are known
        await site.SendAsync(HttpMethod.Post, "/api/reviews", new JsonObject { ["decisions"] = decisions });

        Assert.Equal(1000 / rows.Length + 1, (await site.GetAsync(Versions(rows[0])))["reviews"]!.AsArray().Count);
        Assert.Equal("unsure", (string?)(await site.GetAsync(Versions(rows[0])))["results"]![0]!["review"]!["verdict"]);
        await site.SendAsync(
            HttpMethod.Post,
            "/api/reviews",
            new JsonObject { ["decisions"] = new JsonArray([.. Enumerable.Range(0, 1001).Select(i => Decision(rows[0], "fine"))]) },
            status: 400
        );
    }

    [Theory]
    [InlineData("verdict", "broken", "verdict")]
    [InlineData("etag", "0x1", "cursor")]
    [InlineData("camera", "other", "camera")]
    [InlineData("cursor", "nothing", "cursor")]
    [InlineData("id", "00000000-0000-0000-0000-000000000000", "id")]
    [InlineData("note", "long", "characters")]
    public async Task A_decision_with_a_fault_is_refused_and_none_of_its_request_is_stored(string field, string value, string named)
    {
        JsonObject[] rows = await site.ResultsAsync("camera=cork_board&model=demo@seed&top=2");
        JsonObject bad = Decision(rows[1], "fine");
        bad[field] = field == "note" ? new string('x', 2001) : value;

        JsonObject problem = await site.SendAsync(
            HttpMethod.Post,
            "/api/reviews",
            new JsonObject { ["decisions"] = new JsonArray(Decision(rows[0], "fine"), bad) },
            status: 400
        );

        Assert.Contains(named, (string?)problem["detail"], StringComparison.Ordinal);
        Assert.Empty((await site.GetAsync(Versions(rows[0])))["reviews"]!.AsArray());
    }

    [Fact]
    public async Task Nothing_instead_of_a_decision_is_refused()
    {
        foreach (string body in (string[])["{\"decisions\":[null]}", "{\"decisions\":[]}", "{}", "[]", "nonsense"])
        {
            using StringContent content = new(body, System.Text.Encoding.UTF8, "application/json");
            using HttpResponseMessage answer = await site.Http.PostAsync("/api/reviews", content, TestContext.Current.CancellationToken);
            Assert.Equal(400, (int)answer.StatusCode);
        }
    }

    [Fact]
    public async Task Who_decided_what_is_in_the_audit()
    {
        JsonObject row = (await site.ResultsAsync("camera=connector&model=demo@seed&top=1"))[0];
        JsonObject decision = Decision(row, "defect");
        decision["note"] = "scratch";
        await site.SendAsync(HttpMethod.Post, "/api/reviews", new JsonObject { ["decisions"] = new JsonArray(decision) });

        JsonArray events = (await site.GetAsync("/api/audit?from=2026-10-01T00:00:00Z"))["events"]!.AsArray();

        JsonNode only = Assert.Single(events, e => (string?)e!["image"] == (string?)row["image"])!;
        Assert.Equal(
            ("review", "defect: scratch", Environment.UserName),
            ((string?)only["kind"], (string?)only["what"], (string?)only["who"])
        );
    }

    [Theory]
    [InlineData("application/json", "http://evil.example", 403)]
    [InlineData("text/plain", null, 403)]
    [InlineData("application/x-www-form-urlencoded", null, 403)]
    public async Task Pages_of_other_origins_and_forms_change_nothing(string type, string? origin, int status)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/api/reviews") { Content = new StringContent("{\"decisions\":[]}") };
        request.Content.Headers.ContentType = new(type);
        if (origin is not null)
            request.Headers.Add("Origin", origin);

        using HttpResponseMessage answer = await site.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Another_host_name_is_refused()
    {
        using HttpRequestMessage request = new(HttpMethod.Get, "/api/session");
        request.Headers.Host = "rebound.example";

        using HttpResponseMessage answer = await site.Http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(400, (int)answer.StatusCode);
    }

    private Task<JsonObject> DecideAsync(JsonObject row, string verdict, Guid? id = null) =>
        site.SendAsync(HttpMethod.Post, "/api/reviews", new JsonObject { ["decisions"] = new JsonArray(Decision(row, verdict, id)) });

    private async Task<string?[]> ImagesAsync(string query) =>
        [.. (await site.ResultsAsync($"{query}&model=demo@seed&top=1000")).Select(r => (string?)r["image"])];

    private static JsonObject Decision(JsonObject row, string verdict, Guid? id = null) => ReviewSite.Decision(row, verdict, id);

    private static string Versions(JsonObject row) =>
        $"/api/versions?camera={row["camera"]}&cursor={Uri.EscapeDataString((string)row["cursor"]!)}";
}
