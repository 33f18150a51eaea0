using System.Text.Json.Nodes;

namespace AaClip.Review.Tests.Api;

public class CamerasTests(SmallSite site) : IClassFixture<SmallSite>
{
    // One after the other: all of it is about one file.
    [Fact]
    public async Task Profiles_are_changed_under_their_version_and_every_version_can_come_back()
    {
        // There is no file: every camera has the default profile
        JsonObject first = await site.GetAsync("/api/cameras");
        Assert.Null(first["etag"]);
        Assert.Equal(6, first["cameras"]!.AsArray().Count);
        Assert.All(first["cameras"]!.AsArray(), c => Assert.Equal("object", (string?)c!["profile"]!["class"]));
        Assert.All(first["cameras"]!.AsArray(), c => Assert.NotNull(c!["newest"]));

        // The first change makes one
        JsonObject pattern = await PutAsync("*", new JsonObject { ["class"] = "part", ["minRegion"] = 0.01 }, null);
        Assert.Contains(pattern["changes"]!.AsArray(), c => (string?)c!["path"] == "cameras.*.class");

        // A threshold for a camera without an entry keeps what the pattern says
        JsonObject threshold = await site.SendAsync(
            HttpMethod.Post,
            "/api/cameras/threshold",
            new JsonObject
            {
                ["camera"] = "pill",
                ["threshold"] = 0.61,
                ["etag"] = pattern["etag"]!.DeepClone(),
            }
        );
        JsonNode pill = (await site.GetAsync("/api/cameras"))["cameras"]!.AsArray().Single(c => (string?)c!["name"] == "pill")!;
        Assert.Equal(
            ("pill", "part", 0.01, 0.61),
            ((string?)pill["key"], Text(pill, "class"), Number(pill, "minRegion"), Number(pill, "threshold"))
        );

        // Who has not seen that is told so, and nothing changes
        JsonObject problem = await PutAsync("pill", null, (string?)pattern["etag"], status: 412);
        Assert.Contains("load them again", (string?)problem["detail"], StringComparison.Ordinal);

        // A check writes nothing and names the fault
        JsonObject check = await site.SendAsync(
            HttpMethod.Post,
            "/api/cameras/check",
            new JsonObject
            {
                ["camera"] = "pill",
                ["profile"] = new JsonObject { ["threshold"] = 7 },
            }
        );
        Assert.Contains("'threshold' is 7", (string?)check["errors"]![0], StringComparison.Ordinal);
        await PutAsync("pill", new JsonObject { ["clas"] = "pill" }, (string?)threshold["etag"], status: 400);

        // Every version is kept with who wrote it, and can come back
        JsonArray versions = (await site.GetAsync("/api/cameras/history"))["versions"]!.AsArray();
        Assert.Equal([true, false], versions.Select(v => (bool)v!["current"]!));
        Assert.All(versions, v => Assert.Equal(Environment.UserName, (string?)v!["who"]));
        JsonObject restored = await site.SendAsync(
            HttpMethod.Post,
            "/api/cameras/restore",
            new JsonObject { ["id"] = versions[1]!["id"]!.DeepClone(), ["etag"] = threshold["etag"]!.DeepClone() }
        );
        Assert.Contains(restored["changes"]!.AsArray(), c => (string?)c!["path"] == "cameras.pill.threshold" && c["after"] is null);
        Assert.Equal(3, (await site.GetAsync("/api/cameras/history"))["versions"]!.AsArray().Count);

        // Twenty are kept
        string? etag = (string?)restored["etag"];
        for (int i = 1; i <= 20; i++)
            etag = (string?)(await PutAsync("pill", new JsonObject { ["threshold"] = i / 100.0 }, etag))["etag"];
        JsonArray kept = (await site.GetAsync("/api/cameras/history"))["versions"]!.AsArray();
        Assert.Equal(20, kept.Count);
        Assert.Contains("0.2", kept[0]!["changes"]!.ToJsonString(), StringComparison.Ordinal);
        JsonArray events = (await site.GetAsync("/api/audit"))["events"]!.AsArray();
        Assert.Equal(20, events.Count(e => (string?)e!["kind"] == "profile"));
    }

    private Task<JsonObject> PutAsync(string camera, JsonObject? profile, string? etag, int status = 200) =>
        site.SendAsync(
            HttpMethod.Put,
            "/api/cameras",
            new JsonObject
            {
                ["camera"] = camera,
                ["profile"] = profile,
                ["etag"] = etag,
            },
            status
        );

    private static string? Text(JsonNode camera, string field) => (string?)camera["profile"]![field];

    private static double? Number(JsonNode camera, string field) => (double?)camera["profile"]![field];
}
