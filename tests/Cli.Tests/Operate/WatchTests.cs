using System.Diagnostics;
using System.Text.Json.Nodes;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Storage;
using AaClip.Tests;

namespace AaClip.Cli.Tests.Operate;

/// <summary><c>aaclip watch</c> on real storage.</summary>
public sealed class WatchTests(AzuriteFixture azurite)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task New_results_are_shown_once_and_old_ones_never()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        await account.ResultAsync("line1/old.png", "0x1");
        using Process process = account.Start("watch", "--camera", "line1");
        Assert.Equal("Watching. Ctrl-C ends it.", await process.StandardError.ReadLineAsync(Cancellation));

        await account.ResultAsync("line2/other.png", "0x2");
        await account.ResultAsync("line1/a.png", "0x3", Verdict.Anomalous, 0.75);
        string first = await process.StandardOutput.ReadLineAsync(Cancellation) ?? "";
        await account.ResultAsync("line1/a.png", "0x3", Verdict.Anomalous, 0.75); // delivered twice
        await account.ResultAsync("line1/a.png", "0x4");
        string second = await process.StandardOutput.ReadLineAsync(Cancellation) ?? "";
        Aaclip.Interrupt(process);
        Aaclip.Result end = Aaclip.Finish(process);

        Assert.Equal(["line1", "a.png", "anomalous", "0.750", "tiny@1"], first.Split('\t')[1..]);
        Assert.Equal(["line1", "a.png", "normal", "0.250", "tiny@1"], second.Split('\t')[1..]);
        Assert.Equal((0, "", ""), (end.Code, end.Output, end.Error));
    }

    [Fact]
    public async Task Alerts_are_shown_once_by_their_id_and_stay_in_the_queue()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        var queue = account.Storage.Queue(QueueNames.Alerts);
        await queue.SendMessageAsync(Events.Opened("line1", 1), Cancellation);
        await queue.SendMessageAsync(Events.Opened("line1", 1), Cancellation);
        await queue.SendMessageAsync("not an alert", Cancellation);
        using Process process = account.Start("watch", "--alerts", "--json");

        JsonNode first = JsonNode.Parse((await process.StandardOutput.ReadLineAsync(Cancellation))!)!; // a line, an object
        await queue.SendMessageAsync(Events.Opened("line2", 2), Cancellation);
        JsonNode second = JsonNode.Parse((await process.StandardOutput.ReadLineAsync(Cancellation))!)!;
        Aaclip.Interrupt(process);
        Aaclip.Result end = Aaclip.Finish(process);

        Assert.Equal(("line1", "opened", "major"), ((string)first["camera"]!, (string)first["change"]!, (string)first["severity"]!));
        Assert.Equal("line2", (string)second["camera"]!);
        Assert.Equal((0, ""), (end.Code, end.Output));
        Assert.Equal(4, (await queue.GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount);
        Assert.Equal(0, (await queue.PeekMessagesAsync(32, Cancellation)).Value.Max(m => m.DequeueCount));
    }

    [Fact]
    public async Task An_alert_that_downstream_has_taken_is_seen_in_the_cameras_state()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        await StateAsync(account, Open(1));
        using Process process = account.Start("watch", "--alerts", "--json", "--camera", "line 1");

        JsonNode opened = JsonNode.Parse((await process.StandardOutput.ReadLineAsync(Cancellation))!)!; // a line, an object
        await StateAsync(account, Open(2));
        JsonNode updated = JsonNode.Parse((await process.StandardOutput.ReadLineAsync(Cancellation))!)!;
        await StateAsync(account, null);
        JsonNode closed = JsonNode.Parse((await process.StandardOutput.ReadLineAsync(Cancellation))!)!;
        Aaclip.Interrupt(process);

        Assert.Equal(0, Aaclip.Finish(process).Code);
        Assert.Equal(["abc-1-opened", "abc-2-updated", "abc-3-closed"], new[] { opened, updated, closed }.Select(n => (string)n["id"]!));
        Assert.All([opened, updated, closed], n => Assert.Equal("line 1", (string)n["camera"]!));
    }

    private static JsonObject Open(int sequence) =>
        new()
        {
            ["id"] = "abc",
            ["openedAt"] = "2026-01-31T08:00:00Z",
            ["sequence"] = sequence,
            ["severity"] = "minor",
            ["images"] = sequence,
            ["worst"] = new JsonObject
            {
                ["image"] = "line 1/a.png",
                ["eTag"] = "0x1",
                ["time"] = "2026-01-31T08:00:00Z",
                ["objectClass"] = "bottle",
                ["model"] = "tiny@1",
                ["raw"] = 0.6,
                ["calibrated"] = 0.6,
                ["threshold"] = 0.5,
                ["result"] = "tiny@1/line 1/a.png/0x1.json",
            },
        };

    private static async Task StateAsync(TestAccount account, JsonObject? open)
    {
        JsonObject state = new() { ["schemaVersion"] = 1 };
        if (open is not null)
            state["open"] = open;
        await account
            .Storage.Container(ContainerNames.State)
            .GetBlobClient("alerts/line%201.json")
            .UploadAsync(BinaryData.FromString(state.ToJsonString()), overwrite: true, Cancellation);
    }
}
