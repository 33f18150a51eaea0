using System.Text.Json;
using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;
using AaClip.Scoring.Maps;
using AaClip.Tests;

namespace AaClip.Pipeline.Tests.Alerts;

public sealed class AlertEventTests
{
    private static readonly AlertOptions Linked = new() { LinkBase = "https://plant.blob.core.windows.net/" };

    // Written by the program before it took its envelopes from Azure.Core: what subscribers have seen so far.
    private const string Closed = """
        {
          "specversion": "1.0", "id": "674ba5a75d17bb8a81d5699ab65ca662-3-closed", "source": "/plant1/aaclip",
          "type": "aaclip.anomaly.closed", "subject": "line1", "time": "2026-03-01T06:00:04+00:00", "datacontenttype": "application/json",
          "dataschema": "urn:aaclip:schema:alert:1#/$defs/data", "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
          "data": {
            "schemaVersion": 1, "alertId": "674ba5a75d17bb8a81d5699ab65ca662", "sequence": 3, "severity": "critical",
            "closeReason": "normal", "camera": "line1", "objectClass": "bottle", "model": "demo@1",
            "openedAt": "2026-03-01T06:00:00+00:00", "images": 2,
            "score": { "raw": 0.95, "calibrated": 0.95, "threshold": 0.5 },
            "region": { "x": 3, "y": 4, "width": 5, "height": 6, "peak": 0.7, "areaFraction": 0.01 },
            "image": {
              "blob": "line1/Prüfung 1/a#b.png", "etag": "0x11", "time": "2026-03-01T06:00:01+00:00",
              "url": "https://plant.blob.core.windows.net/images/line1/Pr%C3%BCfung%201/a%23b.png"
            },
            "result": {
              "blob": "demo@1/line1/1.png/0x1.json", "url": "https://plant.blob.core.windows.net/results/demo%401/line1/1.png/0x1.json"
            },
            "heatmap": {
              "blob": "demo@1/line1/1.png/0x1.jpg", "url": "https://plant.blob.core.windows.net/heatmaps/demo%401/line1/1.png/0x1.jpg"
            }
          }
        }
        """;

    private const string Bare = """
        {
          "specversion": "1.0", "id": "86385c7135c43d029d667dd853a3ae48-1-opened", "source": "/aaclip", "type": "aaclip.anomaly.opened",
          "subject": "line1", "time": "2026-03-01T06:00:00+00:00", "datacontenttype": "application/json",
          "dataschema": "urn:aaclip:schema:alert:1#/$defs/data",
          "data": {
            "schemaVersion": 1, "alertId": "86385c7135c43d029d667dd853a3ae48", "sequence": 1, "severity": "minor", "camera": "line1",
            "objectClass": "bottle", "model": "demo@1", "openedAt": "2026-03-01T06:00:00+00:00", "images": 1,
            "score": { "raw": 0.6, "calibrated": 0.6, "threshold": 0.5 },
            "image": { "blob": "line1/0.png", "etag": "0x1", "time": "2026-03-01T06:00:00+00:00" },
            "result": { "blob": "demo@1/line1/0.png/0x1.json" }
          }
        }
        """;

    [Fact]
    public void An_event_in_full_is_written_as_ever()
    {
        (_, List<AlertChange> changes) = ScoredImages.Run(
            new AlertRule(),
            ScoredImages
                .Sequence("mCnnn")
                .Select(i =>
                    i with
                    {
                        Image = "line1/Prüfung 1/a#b.png",
                        ETag = i.ETag + i.ImageTime.Second,
                        Peak = new Region
                        {
                            X = 3,
                            Y = 4,
                            Width = 5,
                            Height = 6,
                            Peak = 0.7f,
                            AreaFraction = 0.01,
                        },
                    }
                )
        );

        AssertSame(Closed, Json(changes[^1], new AlertOptions { LinkBase = Linked.LinkBase, Source = "/plant1/aaclip" }));
    }

    [Fact]
    public void An_event_without_anything_optional_is_written_as_ever()
    {
        Scored image = ScoredImages.At(0, 0.6) with { Heatmap = null, Traceparent = null };
        (_, List<AlertChange> changes) = ScoredImages.Run(new AlertRule(), [image]);

        AssertSame(Bare, Json(changes[0], new AlertOptions()));
    }

    [Theory]
    [InlineData(Closed)]
    [InlineData(Bare)]
    public void What_was_written_is_read_again(string json)
    {
        AlertEvent read = AlertEvent.Parse(BinaryData.FromString(json));

        AssertSame(json, read.ToJson().ToString());
        Assert.Equal(read.Envelope.Subject, read.Data.Camera);
    }

    [Theory]
    [InlineData("")]
    [InlineData("7")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{ "specversion": "2.0", "id": "1", "source": "/a", "type": "t", "data": {} }""")]
    [InlineData("""{ "specversion": "1.0", "id": 1, "source": "/a", "type": "t", "data": {} }""")]
    [InlineData("""{ "specversion": "1.0", "id": "1", "source": "/a", "type": "t", "time": "noon", "data": {} }""")]
    [InlineData("""{ "specversion": "1.0", "id": "1", "source": "/a", "type": "t", "No Name": 1, "data": {} }""")]
    [InlineData("""{ "specversion": "1.0", "id": "1", "source": "/a", "type": "t" }""")]
    [InlineData("""{ "specversion": "1.0", "id": "1", "source": "/a", "type": "t", "data": { "alertId": "1" } }""")]
    [InlineData("""{ "specversion": "1.0", "id": "1", "source": "/a", "type": "t", "data_base64": "AAAA" }""")]
    [InlineData("""{ "specversion": "1.0", "id": "1", "source": "/a", "type": "t", "data_base64": "?" }""")]
    public void What_is_no_alert_event_is_refused_as_JSON_that_does_not_fit(string json) =>
        Assert.ThrowsAny<JsonException>(() => AlertEvent.Parse(BinaryData.FromString(json)));

    [Theory]
    [InlineData("m", true)]
    [InlineData("mC", true)]
    [InlineData("mCnnn", true)]
    [InlineData("mCnnn", false)]
    public void Events_keep_to_the_published_schema(string letters, bool links)
    {
        (_, List<AlertChange> changes) = ScoredImages.Run(
            new AlertRule(),
            ScoredImages
                .Sequence(letters)
                .Select(i =>
                    links
                        ? i with
                        {
                            Peak = new Region
                            {
                                X = 3,
                                Y = 4,
                                Width = 5,
                                Height = 6,
                                Peak = 0.7f,
                                AreaFraction = 0.01,
                            },
                        }
                        : i with
                        {
                            Heatmap = null,
                            Traceparent = null,
                        }
                )
        );

        string json = Json(changes[^1], links ? Linked : new AlertOptions());

        Assert.Equal([], SchemaCheck.Faults(SchemaCheck.Load("alert.schema.json"), json));
    }

    [Fact]
    public void Decisions_of_people_keep_to_the_published_schema()
    {
        (AlertState state, _) = ScoredImages.Run(new AlertRule(), ScoredImages.Sequence("m"));
        AlertDecision acknowledged = AlertMarks.Acknowledge(state, "line1", state.Open!.Id, new AlertMark("kim", null, ScoredImages.Start)),
            closed = AlertMarks.Close(acknowledged.State, "line1", state.Open.Id, new AlertMark("lee", "moved", ScoredImages.Start));

        foreach (AlertChange change in acknowledged.Changes.Concat(closed.Changes))
            Assert.Equal([], SchemaCheck.Faults(SchemaCheck.Load("alert.schema.json"), Json(change, new AlertOptions())));
        JsonElement data = JsonDocument.Parse(Json(Assert.Single(closed.Changes), new AlertOptions())).RootElement.GetProperty("data");
        Assert.Equal("operator", data.GetProperty("closeReason").GetString());
        Assert.Equal("kim", data.GetProperty("acknowledged").GetProperty("by").GetString());
        Assert.Equal("moved", data.GetProperty("closedBy").GetProperty("note").GetString());
    }

    [Fact]
    public void The_schema_refuses_what_is_no_event()
    {
        (_, List<AlertChange> changes) = ScoredImages.Run(new AlertRule(), ScoredImages.Sequence("m"));

        string json = Json(changes[0], Linked).Replace("aaclip.anomaly.opened", "aaclip.anomaly.odd", StringComparison.Ordinal);

        Assert.Contains(
            SchemaCheck.Faults(SchemaCheck.Load("alert.schema.json"), json),
            fault => fault.StartsWith("/type: Value should match one of the values", StringComparison.Ordinal)
        );
    }

    private static void AssertSame(string expected, string json) =>
        Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(expected).RootElement, JsonDocument.Parse(json).RootElement), json);

    private static string Json(AlertChange change, AlertOptions options) => AlertEvent.Of(change, options).ToJson().ToString();
}
