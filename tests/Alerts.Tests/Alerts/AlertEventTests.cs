using System.Text.Json;
using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Cameras;
using AaClip.Pipeline.Messages;
using AaClip.Scoring.Maps;
using AaClip.Tests;

namespace AaClip.Alerts.Tests.Alerts;

public sealed class AlertEventTests
{
    private static readonly AlertOptions Linked = new() { LinkBase = "https://plant.blob.core.windows.net/" };

    [Theory]
    [InlineData("m", true)]
    [InlineData("mC", true)]
    [InlineData("mCnnn", true)]
    [InlineData("mCnnn", false)]
    public void Events_keep_to_the_published_schema(string letters, bool links)
    {
        (_, List<AlertChange> changes) = Images.Run(new AlertRule(), Images.Sequence(letters).Select(i => links ? i with
        {
            Peak = new Region { X = 3, Y = 4, Width = 5, Height = 6, Peak = 0.7f, AreaFraction = 0.01 },
        } : i with { Heatmap = null, Traceparent = null }));

        string json = Json(changes[^1], links ? Linked : new AlertOptions());

        Assert.Equal([], SchemaCheck.Faults(SchemaCheck.Load("alert.schema.json"), json));
    }

    [Fact]
    public void The_schema_refuses_what_is_no_event()
    {
        (_, List<AlertChange> changes) = Images.Run(new AlertRule(), Images.Sequence("m"));

        string json = Json(changes[0], Linked).Replace("aaclip.anomaly.opened", "aaclip.anomaly.odd", StringComparison.Ordinal);

        Assert.StartsWith("/type: Value should match one of the values", Assert.Single(SchemaCheck.Faults(SchemaCheck.Load("alert.schema.json"), json)), StringComparison.Ordinal);
    }

    [Fact]
    public void An_event_says_what_a_receiver_needs()
    {
        (_, List<AlertChange> changes) = Images.Run(new AlertRule(), [Images.At(0, 0.6, name: "line1/day 1/a#b.png")]);

        JsonElement root = JsonDocument.Parse(Json(changes[0], Linked)).RootElement;

        Assert.Equal("aaclip.anomaly.opened", root.GetProperty("type").GetString());
        Assert.Equal("line1", root.GetProperty("subject").GetString());
        Assert.Equal(Images.Start, root.GetProperty("time").GetDateTimeOffset());
        Assert.Equal("minor", root.GetProperty("data").GetProperty("severity").GetString());
        Assert.Equal(0.6, root.GetProperty("data").GetProperty("score").GetProperty("calibrated").GetDouble());
        Assert.Equal("https://plant.blob.core.windows.net/images/line1/day%201/a%23b.png", root.GetProperty("data").GetProperty("image").GetProperty("url").GetString());
        Assert.Equal("https://plant.blob.core.windows.net/heatmaps/demo%401/line1/0.png/0x1.jpg", root.GetProperty("data").GetProperty("heatmap").GetProperty("url").GetString());
    }

    [Fact]
    public void Without_a_link_base_there_are_names_and_no_links()
    {
        (_, List<AlertChange> changes) = Images.Run(new AlertRule(), Images.Sequence("m"));

        JsonElement image = JsonDocument.Parse(Json(changes[0], new AlertOptions())).RootElement.GetProperty("data").GetProperty("image");

        Assert.Equal("line1/0.png", image.GetProperty("blob").GetString());
        Assert.False(image.TryGetProperty("url", out _));
    }

    private static string Json(AlertChange change, AlertOptions options) => JsonSerializer.Serialize(AlertEvent.Of(change, options), AlertJson.Default.AlertEvent);
}
