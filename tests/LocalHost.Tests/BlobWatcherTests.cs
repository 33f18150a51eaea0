using System.Text.Json;
using AaClip.LocalHost.Uploads;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Queues.Models;

namespace AaClip.LocalHost.Tests;

public class BlobWatcherTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_new_blob_raises_one_event_of_the_form_that_Event_Grid_sends()
    {
        await using TestHost host = new(azurite.NewAccount());
        await StartAsync(host);
        BlobClient blob = host.Images.GetBlobClient("line 1/ä+b.jpg");

        BlobContentInfo stored = await blob.UploadAsync(
            BinaryData.FromString("12345"),
            new BlobUploadOptions { HttpHeaders = new BlobHttpHeaders { ContentType = "image/jpeg" } },
            Cancellation
        );
        JsonElement raised = JsonDocument.Parse((await EventsAsync(host, 1)).Single()).RootElement;

        Assert.Equal("Microsoft.Storage.BlobCreated", raised.GetProperty("eventType").GetString());
        Assert.Equal(
            $"/blobServices/default/containers/{host.Images.Name}/blobs/line 1/ä+b.jpg",
            raised.GetProperty("subject").GetString()
        );
        Assert.Equal(stored.LastModified, raised.GetProperty("eventTime").GetDateTimeOffset());
        Assert.True(Guid.TryParse(raised.GetProperty("id").GetString(), out _));
        Assert.Equal("1", raised.GetProperty("metadataVersion").GetString());
        Assert.Contains("Microsoft.Storage", raised.GetProperty("topic").GetString(), StringComparison.Ordinal);
        JsonElement data = raised.GetProperty("data");
        Assert.Equal(stored.ETag.ToString("G").Trim('"'), data.GetProperty("eTag").GetString());
        Assert.Equal(5, data.GetProperty("contentLength").GetInt64());
        Assert.Equal("image/jpeg", data.GetProperty("contentType").GetString());
        Assert.Equal("BlockBlob", data.GetProperty("blobType").GetString());
        Assert.Equal(blob.Uri.AbsoluteUri, data.GetProperty("url").GetString());
    }

    [Fact]
    public async Task An_overwritten_blob_raises_another_event_and_an_unchanged_one_none()
    {
        await using TestHost host = new(azurite.NewAccount());
        await StartAsync(host);
        await UploadAsync(host, "same.jpg");
        string first = (await UploadAsync(host, "again.jpg")).ETag.ToString("G").Trim('"');
        await EventsAsync(host, 2);

        string second = (await UploadAsync(host, "again.jpg", "other")).ETag.ToString("G").Trim('"');
        await EventsAsync(host, 3);
        await UploadAsync(host, "last.jpg");
        string[] raised = await EventsAsync(host, 4);

        Assert.Equal(4, raised.Length);
        Assert.Contains(first, raised[0] + raised[1], StringComparison.Ordinal);
        Assert.Contains(second, raised[2], StringComparison.Ordinal);
        Assert.Contains("last.jpg", raised[3], StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_restart_only_what_came_in_between_raises_events()
    {
        await using TestHost host = new(azurite.NewAccount());
        await StartAsync(host);
        await UploadAsync(host, "before.jpg");
        await UploadAsync(host, "changed.jpg");
        await EventsAsync(host, 2);
        await host.Host.StopAsync(Cancellation);
        await UploadAsync(host, "between.jpg");
        await UploadAsync(host, "changed.jpg", "other");

        await StartAsync(host);
        await EventsAsync(host, 4);
        await UploadAsync(host, "after.jpg");
        string[] raised = await EventsAsync(host, 5);

        Assert.Equal(["before.jpg", "changed.jpg"], Names(raised[..2]));
        Assert.Equal(["between.jpg", "changed.jpg"], Names(raised[2..4]));
        Assert.Equal(["after.jpg"], Names(raised[4..]));
    }

    [Fact]
    public async Task Blobs_that_were_there_before_the_first_start_raise_events_too()
    {
        await using TestHost host = new(azurite.NewAccount());
        await host.Images.CreateIfNotExistsAsync(cancellationToken: Cancellation);
        await UploadAsync(host, "early.jpg");

        await StartAsync(host);

        Assert.Equal(["early.jpg"], Names(await EventsAsync(host, 1)));
    }

    [Fact]
    public async Task A_change_of_metadata_properties_or_tags_raises_no_event()
    {
        await using TestHost host = new(azurite.NewAccount());
        await StartAsync(host);
        BlobClient blob = host.Images.GetBlobClient("a.jpg");
        BlobContentInfo stored = await UploadAsync(host, "a.jpg");
        await EventsAsync(host, 1);

        await blob.SetMetadataAsync(new Dictionary<string, string> { ["part"] = "4711" }, cancellationToken: Cancellation);
        await blob.SetTagsAsync(new Dictionary<string, string> { ["reviewed"] = "yes" }, cancellationToken: Cancellation);
        await blob.SetHttpHeadersAsync(
            new BlobHttpHeaders { ContentType = "image/jpeg", ContentHash = stored.ContentHash },
            cancellationToken: Cancellation
        );
        await UploadAsync(host, "last.jpg");
        string[] raised = await EventsAsync(host, 2);

        Assert.Equal(["a.jpg", "last.jpg"], Names(raised));
        Assert.NotEqual(stored.ETag, (await blob.GetPropertiesAsync(cancellationToken: Cancellation)).Value.ETag);
    }

    [Fact]
    public async Task Other_bytes_of_the_same_length_raise_an_event()
    {
        await using TestHost host = new(azurite.NewAccount());
        await StartAsync(host);
        await UploadAsync(host, "a.jpg");
        await EventsAsync(host, 1);

        await UploadAsync(host, "a.jpg", "54321");

        Assert.Equal(2, (await EventsAsync(host, 2)).Length);
    }

    [Fact]
    public async Task A_placeholder_of_a_folder_raises_the_event_that_Event_Grid_raises()
    {
        await using TestHost host = new(azurite.NewAccount());
        await StartAsync(host);

        await host
            .Images.GetBlobClient("key/line2")
            .UploadAsync(
                BinaryData.Empty,
                new BlobUploadOptions { HttpHeaders = new BlobHttpHeaders { ContentType = "inode/directory" } },
                Cancellation
            );
        JsonElement raised = JsonDocument.Parse((await EventsAsync(host, 1)).Single()).RootElement.GetProperty("data");

        Assert.Equal(
            ("PutBlob", 0, "inode/directory"),
            (
                raised.GetProperty("api").GetString(),
                raised.GetProperty("contentLength").GetInt64(),
                raised.GetProperty("contentType").GetString()
            )
        );
    }

    [Fact]
    public async Task An_append_raises_no_event_only_the_creation_does()
    {
        await using TestHost host = new(azurite.NewAccount());
        await StartAsync(host);
        AppendBlobClient blob = host.Images.GetAppendBlobClient("log.jpg");
        await blob.CreateAsync(cancellationToken: Cancellation);
        await EventsAsync(host, 1);

        await blob.AppendBlockAsync(new MemoryStream("12345"u8.ToArray()), cancellationToken: Cancellation);
        await UploadAsync(host, "last.jpg");

        Assert.Equal(["last.jpg", "log.jpg"], Names(await EventsAsync(host, 2)));
    }

    [Fact]
    public void A_blob_that_an_older_version_recorded_by_its_ETag_counts_as_seen()
    {
        SeenBlobs seen = new();
        seen.Add("a", "0x1");

        Assert.True(seen.Contains("a", "created 5 md5", "0x1"));
        Assert.False(seen.Contains("a", "created 5 md5", "0x2"));
    }

    [Fact]
    public void What_was_seen_survives_writing_and_reading_and_forgets_blobs_that_are_gone()
    {
        SeenBlobs seen = new();
        seen.Add("a", "1");
        seen.Add("b", "1");

        SeenBlobs? read = SeenBlobs.Read(seen.Write());

        Assert.NotNull(read);
        read.BeginPass();
        Assert.True(read.Contains("a", "1"));
        Assert.False(read.Contains("a", "2"));
        read.EndPass();
        Assert.Equal(1, read.Count);
        Assert.False(read.Contains("b", "1"));
        Assert.Null(SeenBlobs.Read("something else"u8));
    }

    // Every event so far, in the order of their sending.
    private static async Task<string[]> EventsAsync(TestHost host, int count)
    {
        string[] events = [];
        await host.TrueAsync(
            async () =>
            {
                await host.Queue("events").CreateIfNotExistsAsync(cancellationToken: Cancellation);
                PeekedMessage[] messages = (await host.Queue("events").PeekMessagesAsync(32, Cancellation)).Value;
                events = [.. messages.Select(message => message.Body.ToString())];
                return events.Length >= count;
            },
            $"{count} events"
        );
        return events;
    }

    private static Task StartAsync(TestHost host) =>
        host.StartAsync([], options => options with { WatchedContainer = host.Images.Name, EventQueue = "events" });

    private static async Task<BlobContentInfo> UploadAsync(TestHost host, string name, string content = "12345") =>
        await host.Images.GetBlobClient(name).UploadAsync(BinaryData.FromString(content), overwrite: true, Cancellation);

    private static string[] Names(IEnumerable<string> raised) =>
        [
            .. raised
                .Select(text => JsonDocument.Parse(text).RootElement.GetProperty("subject").GetString()!.Split('/')[^1])
                .Order(StringComparer.Ordinal),
        ];
}
