using System.Text.Json;
using AaClip.Pipeline.Contracts;

namespace AaClip.Pipeline.Tests.Contracts;

public class BlobCreatedTests
{
    private const string EventGrid = """
        {
          "topic": "/subscriptions/x/resourceGroups/y/providers/Microsoft.Storage/storageAccounts/z",
          "subject": "/blobServices/default/containers/images/blobs/line 1/blobs/a+b.jpg",
          "eventType": "Microsoft.Storage.BlobCreated",
          "id": "831e1650-001e-001b-66ab-eeb76e069631",
          "data": { "api": "PutBlob", "eTag": "0x8D4BCC2E4835CD0", "contentType": "image/jpeg", "contentLength": 524288,
            "blobType": "BlockBlob",
            "url": "https://z.blob.core.windows.net/images/line%201/blobs/a%2Bb.jpg", "sequencer": "00",
            "storageDiagnostics": { "batchId": "b" } },
          "dataVersion": "", "metadataVersion": "1", "eventTime": "2026-01-31T08:00:00.123Z"
        }
        """;

    private const string CloudEvent = """
        {
          "specversion": "1.0", "type": "Microsoft.Storage.BlobCreated", "source": "/subscriptions/x", "id": "1",
          "time": "2026-01-31T08:00:00.123Z", "subject": "/blobServices/default/containers/images/blobs/line 1/blobs/a+b.jpg",
          "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
          "data": { "api": "PutBlob", "eTag": "0x8D4BCC2E4835CD0", "contentLength": 524288 }
        }
        """;

    [Fact]
    public void An_event_grid_event_is_read()
    {
        BlobCreated read = Read(EventGrid);

        Assert.Equal(("images", "line 1/blobs/a+b.jpg", "0x8D4BCC2E4835CD0", 524288L), (read.Container, read.Name, read.ETag, read.Bytes));
        Assert.Equal(new DateTimeOffset(2026, 1, 31, 8, 0, 0, 123, TimeSpan.Zero), read.Time);
        Assert.Equal((BlobCreated.Type, "PutBlob", "831e1650-001e-001b-66ab-eeb76e069631"), (read.EventType, read.Api, read.Id));
    }

    [Fact]
    public void A_cloud_event_gives_the_same_and_its_trace()
    {
        BlobCreated read = Read(CloudEvent);

        Assert.Equal(Read(EventGrid) with { Id = "1", Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" }, read);
    }

    [Fact]
    public void An_array_of_one_event_is_that_event() => Assert.Equal(Read(EventGrid), Read($"[{EventGrid}]"));

    [Fact]
    public void What_is_written_is_read_again()
    {
        BlobCreated original = Read(EventGrid) with { Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };

        BlobCreated again = Read(JsonSerializer.Serialize(original, MessageJson.Default.BlobCreated));

        Assert.Equal(original, again);
    }

    [Theory]
    [InlineData("https://z.blob.core.windows.net/images/key/task%F0%9F%92%8E.png", "key/task\uFFFD\uFFFD.png", "key/task\U0001F48E.png")]
    [InlineData("http://127.0.0.1:10000/devstoreaccount1/images/key/a%20b.png", "key/a b.png", "key/a b.png")]
    [InlineData("https://z.blob.core.windows.net/images//lead.png", "/lead.png", "/lead.png")]
    [InlineData("https://z.blob.core.windows.net/images/key/folder/?x=1", "key/folder/", "key/folder/")]
    [InlineData("https://z.dfs.core.windows.net/images/50%25.png", "50%.png", "50%.png")]
    [InlineData("https://z.blob.core.windows.net/elsewhere/b.png", "a.png", "a.png")]
    [InlineData("nonsense", "a.png", "a.png")]
    [InlineData("", "a.png", "a.png")]
    public void The_name_is_that_of_the_address_which_nothing_damages(string url, string subject, string expected)
    {
        BlobCreated read = Read(
            $$"""
            { "id": "1", "eventType": "Microsoft.Storage.BlobCreated", "eventTime": "2026-01-31T08:00:00Z",
              "subject": "/blobServices/default/containers/images/blobs/{{subject}}", "data": { "url": "{{url}}" } }
            """
        );

        Assert.Equal(expected, read.Name);
    }

    [Fact]
    public void An_event_without_length_and_version_says_so()
    {
        BlobCreated read = Read(
            """
            { "id": "1", "eventType": "Microsoft.Storage.BlobCreated", "eventTime": "2026-01-31T08:00:00Z",
              "subject": "/blobServices/default/containers/images/blobs/a.jpg" }
            """
        );

        Assert.Equal(("", -1L), (read.ETag, read.Bytes));
    }

    [Theory]
    [InlineData("[]", "array of 0 events, expected one")]
    [InlineData("[{}, {}]", "array of 2 events, expected one")]
    [InlineData("7", "is a JSON Number, expected an object")]
    [InlineData("{}", "has no 'subject'")]
    [InlineData("""{ "subject": "/x" }""", "subject '/x', expected '/blobServices/default/containers/<container>/blobs/<name>'")]
    [InlineData("""{ "subject": "/blobServices/default/containers/images/blobs/" }""", "has the subject")]
    [InlineData("""{ "specversion": "2.0" }""", "specversion \"2.0\", expected \"1.0\"")]
    [InlineData("""{ "subject": "/blobServices/default/containers/i/blobs/a", "id": "1", "eventType": "t" }""", "no time in 'eventTime'")]
    public void What_is_no_event_is_refused_with_what_was_found(string json, string message)
    {
        JsonException e = Assert.Throws<JsonException>(() => Read(json));

        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    // No case here is null
    private static BlobCreated Read(string json) => JsonSerializer.Deserialize(json, MessageJson.Default.BlobCreated)!;
}
