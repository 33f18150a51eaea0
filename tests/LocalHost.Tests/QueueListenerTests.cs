using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;

namespace AaClip.LocalHost.Tests;

public class QueueListenerTests(AzuriteFixture azurite)
{
    private const string FastRetries = """{ "extensions": { "queues": { "maxDequeueCount": 3, "visibilityTimeout": "00:00:00" } } }""";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Text", "plain", "plain")]
    [InlineData("Bytes", "plain", "706C61696E")]
    [InlineData("Binary", "plain", "plain")]
    [InlineData("Json", """{"name":"lid","count":3}""", "lid 3")]
    [InlineData("Told", "plain", "plain Told 1 True")]
    public async Task A_message_reaches_a_parameter_of_any_type_and_is_deleted(string function, string sent, string expected)
    {
        await using TestHost host = new(azurite.ConnectionString);
        await host.StartAsync([function]);

        await host.Queue.SendMessageAsync(sent, Cancellation);
        string[] records = await host.Recorder.WaitAsync(1);

        Assert.Equal([expected], records);
        await EmptyAsync(host.Queue);
    }

    [Fact]
    public async Task Encoding_none_takes_the_text_as_it_is()
    {
        await using TestHost host = new(azurite.ConnectionString, """{ "extensions": { "queues": { "messageEncoding": "none" } } }""");
        await host.StartAsync(["Text"]);

        await new QueueClient(azurite.ConnectionString, host.Name).SendMessageAsync("not Base64!", Cancellation);

        Assert.Equal(["not Base64!"], await host.Recorder.WaitAsync(1));
    }

    [Fact]
    public async Task A_message_that_fails_every_time_is_tried_maxDequeueCount_times_and_its_body_moved_to_the_poison_queue()
    {
        await using TestHost host = new(azurite.ConnectionString, FastRetries);
        await host.StartAsync(["Failing"]);

        await host.Queue.SendMessageAsync("bad", Cancellation);
        QueueMessage poison = await PoisonAsync(host);

        Assert.Equal("bad", poison.Body.ToString());
        Assert.Equal(["bad", "bad", "bad"], host.Recorder.All);
        await EmptyAsync(host.Queue);
        Assert.Equal(3, host.Log.All.Count(line => line == "Error: Failing failed: No luck with bad."));
        Assert.Contains(host.Log.All, line => line.StartsWith("Warning: Message", StringComparison.Ordinal) && line.EndsWith($"now in {host.Name}-poison.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Json", "not Base64!", "is not Base64")]
    [InlineData("Json", "eyBicm9rZW4=", "cannot be read as Part")]
    [InlineData("Json", "e30=", "cannot be read as Part")]
    [InlineData("Json", "bnVsbA==", "is JSON null")]
    [InlineData("Text", "//79", "is not UTF-8 text")]
    public async Task A_message_that_cannot_be_read_ends_in_the_poison_queue_as_it_came(string function, string raw, string reason)
    {
        await using TestHost host = new(azurite.ConnectionString, FastRetries);
        await host.StartAsync([function]);

        await new QueueClient(azurite.ConnectionString, host.Name).SendMessageAsync(raw, Cancellation);
        QueueClient poison = new(azurite.ConnectionString, host.Poison.Name);
        await Until.TrueAsync(async () => await poison.ExistsAsync(Cancellation) && (await poison.PeekMessagesAsync(1, Cancellation)).Value.Length == 1, "the poison message");

        Assert.Equal(raw, (await poison.PeekMessageAsync(Cancellation)).Value.Body.ToString());
        Assert.Empty(host.Recorder.All);
        Assert.Contains(host.Log.All, line => line.StartsWith($"Error: {function} failed: Message", StringComparison.Ordinal) && line.Contains(reason, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_message_whose_attempts_were_spent_by_workers_that_died_is_moved_without_another_run()
    {
        await using TestHost host = new(azurite.ConnectionString, FastRetries);
        await host.Queue.CreateIfNotExistsAsync(cancellationToken: Cancellation);
        await host.Queue.SendMessageAsync("deadly", Cancellation);
        for (int attempt = 0; attempt < 3; attempt++)
        {
            QueueMessage taken = (await host.Queue.ReceiveMessagesAsync(1, TimeSpan.FromMinutes(1), Cancellation)).Value.Single();
            await host.Queue.UpdateMessageAsync(taken.MessageId, taken.PopReceipt, (string?)null, TimeSpan.Zero, Cancellation);
        }

        await host.StartAsync(["Text"]);
        QueueMessage poison = await PoisonAsync(host);

        Assert.Equal("deadly", poison.Body.ToString());
        Assert.Empty(host.Recorder.All);
    }

    [Fact]
    public async Task A_failed_message_comes_again_after_visibilityTimeout_only()
    {
        await using TestHost host = new(azurite.ConnectionString, """{ "extensions": { "queues": { "visibilityTimeout": "00:10:00" } } }""");
        await host.StartAsync(["Failing"]);

        await host.Queue.SendMessageAsync("bad", Cancellation);
        await host.Recorder.WaitAsync(1);
        await host.Host.StopAsync(Cancellation);

        Assert.Equal(["bad"], host.Recorder.All);
        Assert.Empty((await host.Queue.ReceiveMessagesAsync(1, cancellationToken: Cancellation)).Value);
        Assert.Equal(1, (await host.Queue.GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount);
    }

    [Fact]
    public async Task A_poison_queue_has_no_poison_queue_of_its_own()
    {
        await using TestHost host = new(azurite.ConnectionString, """{ "extensions": { "queues": { "maxDequeueCount": 1 } } }""");
        await host.StartAsync(["FailingPoison"]);

        await host.Poison.SendMessageAsync("bad", Cancellation);
        await host.Recorder.WaitAsync(1);
        await host.Host.StopAsync(Cancellation);

        Assert.Equal(1, (await host.Poison.GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount);
        Assert.Empty((await host.Poison.ReceiveMessagesAsync(1, cancellationToken: Cancellation)).Value);
        Assert.False(await new QueueClient(azurite.ConnectionString, host.Name + "-poison-poison").ExistsAsync(Cancellation));
    }

    [Fact]
    public async Task A_lease_is_renewed_while_the_function_runs_and_nobody_else_gets_the_message()
    {
        await using TestHost host = new(azurite.ConnectionString);
        await host.StartAsync(["Slow"], options => options with { Lease = TimeSpan.FromSeconds(2), LeaseRenewal = TimeSpan.FromMilliseconds(400) });
        await host.Queue.SendMessageAsync("long", Cancellation);
        await host.Recorder.WaitAsync(1);

        // The message outlives two leases, while its own listener keeps asking for it.
        DateTimeOffset end = TimeProvider.System.GetUtcNow().AddSeconds(4.5);
        await Until.TrueAsync(
            async () => (await host.Queue.ReceiveMessagesAsync(1, TimeSpan.FromSeconds(1), Cancellation)).Value.Length > 0 || TimeProvider.System.GetUtcNow() > end,
            "two leases");
        host.Recorder.Gate.SetResult();
        string[] records = await host.Recorder.WaitAsync(2);

        Assert.Equal(["begin long", "end long"], records);
        await EmptyAsync(host.Queue);
        Assert.DoesNotContain(host.Log.All, line => line.StartsWith("Warning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task No_more_than_batchSize_and_newBatchThreshold_messages_run_at_once()
    {
        await using TestHost host = new(azurite.ConnectionString, """{ "extensions": { "queues": { "batchSize": 2, "newBatchThreshold": 1 } } }""");
        await host.Queue.CreateIfNotExistsAsync(cancellationToken: Cancellation);
        for (int i = 0; i < 6; i++)
            await host.Queue.SendMessageAsync($"{i}", Cancellation);

        await host.StartAsync(["Slow"]);
        await host.Recorder.WaitAsync(2);
        int visible = (await host.Queue.PeekMessagesAsync(32, Cancellation)).Value.Length;
        host.Recorder.Gate.SetResult();
        string[] records = await host.Recorder.WaitAsync(12);

        Assert.Equal(4, visible);
        Assert.All(Enumerable.Range(1, records.Length), count =>
            Assert.InRange(records.Take(count).Sum(record => record.StartsWith("begin", StringComparison.Ordinal) ? 1 : -1), 0, 3));
    }

    [Fact]
    public async Task Stopping_lets_a_running_function_finish_and_takes_nothing_new()
    {
        await using TestHost host = new(azurite.ConnectionString);
        await host.StartAsync(["Slow"]);
        await host.Queue.SendMessageAsync("first", Cancellation);
        await host.Recorder.WaitAsync(1);

        Task stopped = host.Host.StopAsync(Cancellation);
        await host.Queue.SendMessageAsync("second", Cancellation);
        bool early = stopped.IsCompleted;
        host.Recorder.Gate.SetResult();
        await stopped;

        Assert.False(early);
        Assert.Equal(["begin first", "end first"], host.Recorder.All);
        Assert.Equal("second", (await host.Queue.PeekMessageAsync(Cancellation)).Value.Body.ToString());
    }

    [Fact]
    public async Task A_function_that_does_not_finish_in_time_is_cancelled_and_its_message_is_back_at_once()
    {
        await using TestHost host = new(azurite.ConnectionString);
        await host.StartAsync(["Slow"], options => options with { StopTimeout = TimeSpan.FromMilliseconds(200) });
        await host.Queue.SendMessageAsync("endless", Cancellation);
        await host.Recorder.WaitAsync(1);

        await host.Host.StopAsync(Cancellation);

        Assert.Equal(["begin endless"], host.Recorder.All);
        Assert.Equal("endless", (await host.Queue.ReceiveMessagesAsync(1, cancellationToken: Cancellation)).Value.Single().Body.ToString());
        Assert.DoesNotContain(host.Log.All, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    private static Task EmptyAsync(QueueClient queue) =>
        Until.TrueAsync(async () => (await queue.GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount == 0, $"an empty queue {queue.Name}");

    private static async Task<QueueMessage> PoisonAsync(TestHost host)
    {
        QueueMessage[] found = [];
        await Until.TrueAsync(
            async () => await host.Poison.ExistsAsync(Cancellation) && (found = (await host.Poison.ReceiveMessagesAsync(1, cancellationToken: Cancellation)).Value).Length == 1,
            "a message in the poison queue",
            () => string.Join('\n', host.Log.All));
        return found[0];
    }
}
