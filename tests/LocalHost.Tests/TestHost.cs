using System.Reflection;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AaClip.LocalHost.Tests;

/// <summary>A host over chosen sample functions, with a queue, containers and a script root of its own.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    private readonly string _connection;
    private FunctionHost? _host;

    public TestHost(string connection, string hostJson = "{}")
    {
        _connection = connection;
        QueueClientOptions base64 = new() { MessageEncoding = QueueMessageEncoding.Base64 };
        Queue = new QueueClient(connection, Name, base64);
        Poison = new QueueClient(connection, Name + "-poison", base64);
        Images = new BlobContainerClient(connection, Name + "-images");
        File.WriteAllText(Path.Combine(ScriptRoot, "host.json"), hostJson);
    }

    public string Name { get; } = "t" + Guid.NewGuid().ToString("N")[..12];

    public string ScriptRoot { get; } = Directory.CreateTempSubdirectory("localhost-").FullName;

    public QueueClient Queue { get; }

    public QueueClient Poison { get; }

    public BlobContainerClient Images { get; }

    public Recorder Recorder { get; } = new();

    public LogLines Log { get; } = new();

    public FunctionHost Host => _host ?? throw new InvalidOperationException("Not started.");

    /// <summary>Starts a host in which the named sample functions alone run; may be called again after a stop.</summary>
    public async Task StartAsync(string[] functions, Func<LocalHostOptions, LocalHostOptions>? change = null)
    {
        LocalHostOptions options = Options(functions);
        _host = await FunctionHost.StartAsync(change is null ? options : change(options), TestContext.Current.CancellationToken);
    }

    public LocalHostOptions Options(params string[] functions) => new()
    {
        Functions = Assembly.GetExecutingAssembly(),
        ScriptRoot = ScriptRoot,
        Settings = Settings(functions),
        Port = 0,
        AzuriteScript = AzuriteFixture.Script,
        AzuritePort = 0,
        Configure = (services, _) => services.AddSingleton(Recorder),
        Logging = logging => logging.AddProvider(Log),
        MaxPollingInterval = TimeSpan.FromMilliseconds(100),
        WatchedContainer = null,
        EventQueue = Name,
        StateContainer = Name + "-state",
        WatchInterval = TimeSpan.FromMilliseconds(50),
    };

    public async ValueTask DisposeAsync()
    {
        Recorder.Gate.TrySetResult();
        if (_host is not null)
            await _host.DisposeAsync();
        Directory.Delete(ScriptRoot, recursive: true);
    }

    private Dictionary<string, string?> Settings(string[] functions)
    {
        Dictionary<string, string?> settings = new() { ["AzureWebJobsStorage"] = _connection, ["Queue"] = Name };
        foreach (string other in SampleFunctions.Names.Except(functions))
            settings[$"AzureWebJobs.{other}.Disabled"] = "true";
        return settings;
    }
}
