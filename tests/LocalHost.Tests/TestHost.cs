using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Logging;

namespace AaClip.LocalHost.Tests;

/// <summary>A host over the sample app (tests/SampleApp), on a storage account of its own.</summary>
internal sealed class TestHost(string connection) : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5); // it only ends a hang
    private static readonly string[] All = ["Split", "Weigh", "Fail", "GaveUp", "Wait", "Tick", "Greet", "Echo", "Break"];

    private FunctionHost? _host;

    /// <summary>The built sample app.</summary>
    public static string App { get; } =
        Path.Combine(AppContext.BaseDirectory, "..", "..", "SampleApp", new DirectoryInfo(AppContext.BaseDirectory).Name);

    public LogLines Log { get; } = new();

    public BlobContainerClient Images { get; } = new(connection, "images");

    public FunctionHost Host => _host ?? throw new InvalidOperationException("Not started.");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A queue of the account, which exists.</summary>
    public QueueClient Queue(string name) =>
        new(connection, name, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });

    /// <summary>Starts a host that runs only the named functions; may be called again after a stop.</summary>
    public async Task StartAsync(string[] functions, Func<LocalHostOptions, LocalHostOptions>? change = null)
    {
        LocalHostOptions options = Options(functions);
        _host = await FunctionHost.StartAsync(change is null ? options : change(options), Cancellation);
    }

    public LocalHostOptions Options(params string[] functions) =>
        new()
        {
            Functions = App,
            Settings = new Dictionary<string, string?>(
                All.Except(functions).Select(other => KeyValuePair.Create<string, string?>($"AzureWebJobs.{other}.Disabled", "true"))
            )
            {
                ["DataStorage"] = connection,
            },
            Port = 0,
            AzuriteScript = AzuriteFixture.Script,
            AzuritePort = 0,
            Logging = logging => logging.AddProvider(Log),
            WatchedContainer = null,
            WatchInterval = TimeSpan.FromMilliseconds(50),
        };

    /// <summary>Sends a text.</summary>
    public async Task SendAsync(string queue, string text)
    {
        await Queue(queue).CreateIfNotExistsAsync(cancellationToken: Cancellation);
        await Queue(queue).SendMessageAsync(text, Cancellation);
    }

    /// <summary>Takes messages until it has that many.</summary>
    public async Task<string[]> TakeAsync(string queue, int count)
    {
        await Queue(queue).CreateIfNotExistsAsync(cancellationToken: Cancellation);
        List<string> texts = [];
        await TrueAsync(
            async () =>
            {
                foreach (
                    QueueMessage message in (await Queue(queue).ReceiveMessagesAsync(32, TimeSpan.FromMinutes(10), Cancellation)).Value
                )
                    texts.Add(message.Body.ToString());
                return texts.Count >= count;
            },
            $"{count} messages in '{queue}'"
        );
        return [.. texts];
    }

    /// <summary>Messages of a queue, hidden ones too.</summary>
    public async Task<int> CountAsync(string queue) => (await Queue(queue).GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount;

    /// <summary>Waits until a line is in the log.</summary>
    public Task LoggedAsync(string line) =>
        TrueAsync(() => Task.FromResult(Log.All.Any(l => l.Contains(line, StringComparison.Ordinal))), $"the log line '{line}'");

    /// <summary>Waits until something is true.</summary>
    public async Task TrueAsync(Func<Task<bool>> look, string what)
    {
        DateTimeOffset end = TimeProvider.System.GetUtcNow() + Deadline;
        while (!await look())
        {
            Assert.True(
                TimeProvider.System.GetUtcNow() < end,
                $"Waited in vain for {what}. The log ends with:\n{string.Join('\n', Log.All.TakeLast(20))}"
            );
            await Task.Delay(20, Cancellation);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
    }
}
