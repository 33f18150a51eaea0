using System.Text.Json;
using AaClip.Pipeline.Contracts;

namespace AaClip.Pipeline.Tests.Contracts;

public class MessageJsonTests
{
    private static readonly JsonSerializerOptions Workers = new() { PropertyNameCaseInsensitive = true }; // as the isolated worker reads

    private static readonly ScoreRequested Request = new()
    {
        Image = "line1/ä.jpg",
        ETag = "0x1",
        Camera = "line1",
        ObjectClass = "bottle",
        EnqueuedAt = new DateTimeOffset(2026, 1, 31, 8, 0, 0, TimeSpan.Zero),
        Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    };

    [Fact]
    public void A_request_has_the_published_field_names()
    {
        using JsonDocument json = JsonDocument.Parse(JsonSerializer.Serialize(Request, MessageJson.Default.ScoreRequested));

        Assert.Equal(
            ["camera", "enqueuedAt", "etag", "image", "objectClass", "schemaVersion", "traceparent"],
            json.RootElement.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void A_request_is_read_again_by_our_context_and_by_the_workers_serializer()
    {
        string json = JsonSerializer.Serialize(Request, MessageJson.Default.ScoreRequested);

        Assert.Equal(Request, JsonSerializer.Deserialize(json, MessageJson.Default.ScoreRequested));
        Assert.Equal(Request, JsonSerializer.Deserialize<ScoreRequested>(json, Workers));
    }

    [Fact]
    public void A_message_without_a_version_is_of_version_1()
    {
        string json = JsonSerializer
            .Serialize(Request, MessageJson.Default.ScoreRequested)
            .Replace("\"schemaVersion\":1,", "", StringComparison.Ordinal);

        Assert.DoesNotContain("schemaVersion", json, StringComparison.Ordinal);
        Assert.Equal(1, JsonSerializer.Deserialize(json, MessageJson.Default.ScoreRequested)!.SchemaVersion);
        Assert.Equal(1, JsonSerializer.Deserialize<ScoreRequested>(json, Workers)!.SchemaVersion);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(-1)]
    public void A_message_of_another_version_is_refused_with_the_remedy(int version)
    {
        string json = JsonSerializer
            .Serialize(Request, MessageJson.Default.ScoreRequested)
            .Replace("\"schemaVersion\":1", FormattableString.Invariant($"\"schemaVersion\":{version}"), StringComparison.Ordinal);

        JsonException ours = Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(json, MessageJson.Default.ScoreRequested));
        JsonException workers = Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<ScoreRequested>(json, Workers));

        Assert.All(
            [ours, workers],
            e =>
                Assert.Contains(
                    $"A ScoreRequested message has schemaVersion {version}; this program reads up to 1: update it",
                    e.Message,
                    StringComparison.Ordinal
                )
        );
    }

    [Fact]
    public void A_missing_field_is_named()
    {
        JsonException e = Assert.Throws<JsonException>(() =>
            JsonSerializer.Deserialize("""{ "image": "a" }""", MessageJson.Default.ScoreRequested)
        );

        Assert.Contains("etag", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_null_where_a_text_is_needed_is_refused() =>
        Assert.Throws<JsonException>(() =>
            JsonSerializer.Deserialize(
                JsonSerializer.Serialize(Request, MessageJson.Default.ScoreRequested).Replace("\"0x1\"", "null", StringComparison.Ordinal),
                MessageJson.Default.ScoreRequested
            )
        );
}
