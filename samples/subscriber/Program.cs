// Receives alerts and settles them: one that was acted on is completed, one that was not is given back. See README.md.
using System.Text.Json;
using Azure.Identity;
using Azure.Messaging;
using Azure.Messaging.ServiceBus;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;

string connection = Environment.GetEnvironmentVariable("ALERTS_CONNECTION") ?? "";
HashSet<string> done = []; // a program that must not act twice keeps it where it survives a restart
using CancellationTokenSource end = new();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true; // the message at hand is settled first
    end.Cancel();
};

if (connection.Length == 0 || args is not (["topic", _, _] or ["queue", _]))
{
    Console.Error.WriteLine("Set ALERTS_CONNECTION, and pass 'topic NAME SUBSCRIPTION' or 'queue NAME'; see samples/subscriber/README.md.");
    return 2;
}

try
{
    await (args is ["topic", string topic, string subscription] ? FromTopicAsync(topic, subscription) : FromQueueAsync(args[1]));
}
catch (OperationCanceledException) when (end.IsCancellationRequested) { }

return 0;

// Here the line would be stopped. Whatever this throws gives the message back.
void Act(BinaryData body)
{
    CloudEvent alert = CloudEvent.Parse(body) ?? throw new FormatException("The message holds no event.");
    if (done.Contains(alert.Id))
        return; // delivery is at least once
    JsonElement data = JsonDocument.Parse(alert.Data).RootElement;
    string what = alert.Type.Split('.')[1] switch // the kind
    {
        "anomaly" => $"{data.GetProperty("severity")}, image {data.GetProperty("image").GetProperty("blob")}",
        "silence" => $"last image {data.GetProperty("lastImageAt")}",
        "drift" => $"index {data.GetProperty("psi")}",
        _ => "of a kind that is newer than this program",
    };
    Console.WriteLine($"{alert.Type} {alert.Subject} {what}");
    done.Add(alert.Id);
}

async Task FromTopicAsync(string topic, string subscription)
{
    await using ServiceBusClient client = connection.Contains('=') ? new(connection) : new(connection, new DefaultAzureCredential());
    await using ServiceBusProcessor processor = client.CreateProcessor(topic, subscription); // one message at a time
    processor.ProcessMessageAsync += received =>
    {
        Act(received.Message.Body);
        return Task.CompletedTask; // then the processor completes the message; when Act throws, it abandons it
    };
    processor.ProcessErrorAsync += error => Console.Error.WriteLineAsync($"{error.ErrorSource}: {error.Exception.Message}");
    await processor.StartProcessingAsync(end.Token);
    await Task.Delay(Timeout.Infinite, end.Token);
}

async Task FromQueueAsync(string name)
{
    QueueClientOptions options = new() { MessageEncoding = QueueMessageEncoding.Base64 };
    QueueClient queue = connection.StartsWith("https://", StringComparison.Ordinal)
        ? new(new Uri($"{connection.TrimEnd('/')}/{name}"), new DefaultAzureCredential(), options)
        : new(connection, name, options);
    while (true)
    {
        QueueMessage[] messages = await queue.ReceiveMessagesAsync(16, TimeSpan.FromMinutes(1), end.Token);
        foreach (QueueMessage message in messages)
        {
            try
            {
                Act(message.Body);
                await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt);
            }
            catch (Exception e)
            {
                Console.Error.WriteLine($"Message {message.MessageId} is given back for 5 s: {e.Message}");
                await queue.UpdateMessageAsync(message.MessageId, message.PopReceipt, visibilityTimeout: TimeSpan.FromSeconds(5));
            }
        }

        if (messages.Length == 0)
            await Task.Delay(TimeSpan.FromSeconds(1), end.Token);
    }
}
