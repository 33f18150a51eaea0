using System.Diagnostics;
using AaClip.LocalHost.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Extensions.Logging.Abstractions;

namespace AaClip.LocalHost.Tests;

public class AzuriteTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_downloaded_image_equals_the_uploaded_one()
    {
        // A download calls methods of System.IO.Hashing's base class that an upload does not call.
        BlobContainerClient container = new(azurite.NewAccount(), "t" + Guid.NewGuid().ToString("N")[..12]);
        await container.CreateAsync(cancellationToken: Cancellation);
        byte[] image = new byte[9 * 1024 * 1024];
        new Random(1).NextBytes(image);

        await container.GetBlobClient("image").UploadAsync(BinaryData.FromBytes(image), Cancellation);
        byte[] content = (await container.GetBlobClient("image").DownloadContentAsync(Cancellation)).Value.Content.ToArray();
        using MemoryStream streamed = new();
        await container.GetBlobClient("image").DownloadToAsync(streamed, Cancellation);

        Assert.Equal(image, content);
        Assert.Equal(image, streamed.ToArray());
    }

    [Fact]
    public async Task A_host_starts_Azurite_keeps_its_data_and_ends_it()
    {
        await using TestHost host = new(azurite.NewAccount());
        string data = Directory.CreateTempSubdirectory("azurite-").FullName;
        LocalHostOptions Own(LocalHostOptions options) =>
            options with
            {
                OwnAzurite = true,
                Persist = data,
                WatchedContainer = "images",
                EventQueue = "events",
            };
        await host.StartAsync([], Own);
        using Process child = Process.GetProcessById(host.Host.AzuriteProcess!.Value); // this host has started it
        await new BlobContainerClient(host.Host.ConnectionString, "images")
            .GetBlobClient("a.jpg")
            .UploadAsync(BinaryData.FromString("1"), Cancellation);
        string first = await EventAsync(host);
        await host.Host.StopAsync(Cancellation);
        bool ended = child.HasExited;

        await host.StartAsync([], Own);
        BlobContainerClient images = new(host.Host.ConnectionString, "images");
        bool kept = await images.GetBlobClient("a.jpg").ExistsAsync(Cancellation);
        await images.GetBlobClient("b.jpg").UploadAsync(BinaryData.FromString("1"), Cancellation);
        string second = await EventAsync(host);

        Assert.True(ended);
        Assert.True(kept);
        Assert.Contains("a.jpg", first, StringComparison.Ordinal);
        Assert.Contains("b.jpg", second, StringComparison.Ordinal);
        Assert.True(host.Host.StartedAzurite);

        static async Task<string> EventAsync(TestHost host)
        {
            QueueClient events = new(
                host.Host.ConnectionString,
                "events",
                new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 }
            );
            string? text = null;
            await host.TrueAsync(
                async () =>
                {
                    if (
                        !await events.ExistsAsync(Cancellation)
                        || (await events.ReceiveMessageAsync(cancellationToken: Cancellation)).Value is not { } message
                    )
                        return false;
                    text = message.Body.ToString();
                    await events.DeleteMessageAsync(message.MessageId, message.PopReceipt, Cancellation);
                    return true;
                },
                "an event"
            );
            return text!; // set before it was true
        }
    }

    [Fact]
    public async Task Storage_that_answers_is_used_and_left_running()
    {
        string connection = azurite.NewAccount();
        await using TestHost host = new(connection);

        await host.StartAsync([]);
        await host.Host.StopAsync(Cancellation);

        Assert.False(host.Host.StartedAzurite);
        Assert.True(await DevelopmentStorage.AnswersAsync(connection, Cancellation));
    }

    [Fact]
    public async Task Azurite_ends_when_the_program_that_started_it_is_killed()
    {
        // A shell takes the place of the program. It is killed with SIGKILL, so only the system closes its files and pipes.
        ProcessStartInfo start = new("sh") { RedirectStandardOutput = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(
            "mkfifo \"$0/pipe\"; exec 3<>\"$0/pipe\"; exec 4>\"$0/pipe\"; exec 5<\"$0/pipe\"; exec 3>&-; node -e \"$1\" -- --silent "
                + "--disableTelemetry --inMemoryPersistence --blobPort 0 --queuePort 0 --tablePort 0 <&5 4>&- & exec 5<&-; echo $!; wait"
        );
        string folder = Directory.CreateTempSubdirectory("kill-").FullName;
        start.ArgumentList.Add(folder);
        start.ArgumentList.Add(Azurite.Wrapper);
        start.Environment["AZURITE_SCRIPT"] = AzuriteFixture.Script;
        using Process program = Process.Start(start)!;
        int id = int.Parse((await program.StandardOutput.ReadLineAsync(Cancellation))!, System.Globalization.CultureInfo.InvariantCulture);
        using Process child = Process.GetProcessById(id);
        string? line = await program.StandardOutput.ReadLineAsync(Cancellation);
        while (line is not null && !line.Contains("Table service is successfully listening", StringComparison.Ordinal))
            line = await program.StandardOutput.ReadLineAsync(Cancellation);
        bool ran = !child.HasExited;

        program.Kill();
        await child.WaitForExitAsync(Cancellation);

        Assert.True(ran);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_missing_Azurite_is_named_with_what_to_do()
    {
        InvalidOperationException refused = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            Azurite.StartAsync("/nowhere/azurite.js", null, 0, NullLogger.Instance, Cancellation)
        );

        Assert.Contains("/nowhere/azurite.js", refused.Message, StringComparison.Ordinal);
        Assert.Contains("make restore", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nonsense", "is not the connection string of a storage account")]
    [InlineData(
        "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=AAAA;"
            + "BlobEndpoint=http://127.0.0.1:1/devstoreaccount1;QueueEndpoint=http://127.0.0.1:1/devstoreaccount1;"
            + "TableEndpoint=http://127.0.0.1:1/devstoreaccount1",
        "no storage answers"
    )]
    [InlineData(
        "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=AAAA;"
            + "BlobEndpoint=http://127.0.0.1:1/devstoreaccount1;QueueEndpoint=http://127.0.0.1:1/devstoreaccount1",
        "no TableEndpoint, which the results index needs: add"
    )]
    public async Task Storage_that_cannot_be_used_is_an_error_at_the_start(string connection, string reason)
    {
        await using TestHost host = new(azurite.NewAccount());
        LocalHostOptions options = host.Options();

        InvalidOperationException refused = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            FunctionHost.StartAsync(
                options with
                {
                    Settings = new Dictionary<string, string?>(options.Settings) { ["DataStorage"] = connection },
                },
                Cancellation
            )
        );

        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.Contains("DataStorage", refused.Message, StringComparison.Ordinal);
    }
}
