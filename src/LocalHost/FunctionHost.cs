using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using AaClip.LocalHost.Functions;
using AaClip.LocalHost.Http;
using AaClip.LocalHost.Queues;
using AaClip.LocalHost.Storage;
using AaClip.LocalHost.Timers;
using AaClip.LocalHost.Uploads;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AaClip.LocalHost;

/// <summary>
/// Runs the functions of an assembly in this process, against Azurite or a storage account: what the Azure Functions host does for them in
/// Azure. Steps of the start: 1. settings, 2. storage, 3. services, 4. functions, 5. listeners and HTTP.
/// </summary>
public sealed partial class FunctionHost : IAsyncDisposable
{
    private const string StorageSetting = "AzureWebJobsStorage";
    private static readonly TimeSpan CancelLimit = TimeSpan.FromSeconds(5);

    private readonly LocalHostOptions _options;
    private readonly CancellationTokenSource _listening = new();
    private readonly CancellationTokenSource _running = new();
    private readonly List<Task> _loops = [];
    private readonly Doorbell _doorbell = new();
    private ILoggerFactory? _startLogging;
    private Azurite? _azurite;
    private WebApplication? _app;
    private Task? _stop;

    private FunctionHost(LocalHostOptions options) => _options = options;

    /// <summary>Address of the HTTP functions, such as "http://127.0.0.1:7071".</summary>
    public IReadOnlyList<string> Urls => [.. App.Urls];

    /// <summary>Storage that the functions use.</summary>
    public string ConnectionString { get; private set; } = "";

    /// <summary>Services of the functions.</summary>
    public IServiceProvider Services => App.Services;

    /// <summary>Names of the functions that run.</summary>
    public IReadOnlyList<string> Functions { get; private set; } = [];

    /// <summary>True when Azurite was started by this host and ends with it.</summary>
    public bool StartedAzurite => _azurite is not null;

    internal int? AzuriteProcess => _azurite?.ProcessId;

    // Set by StartAsync, before anyone holds the object.
    private WebApplication App => _app!;

    /// <summary>Starts everything; returns once HTTP answers and every queue is listened to.</summary>
    /// <exception cref="InvalidOperationException">A function, a setting or the storage is not as it must be; the message says which and what to do.</exception>
    /// <exception cref="InvalidDataException">host.json or the settings file is broken.</exception>
    public static async Task<FunctionHost> StartAsync(LocalHostOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        FunctionHost host = new(options);
        try
        {
            await host.StartAsync(cancellation).ConfigureAwait(false);
            return host;
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Stops: nothing new is taken; what runs may finish within <see cref="LocalHostOptions.StopTimeout"/> and is cancelled then, its message
    /// back in the queue; Azurite ends if it was started here.
    /// </summary>
    /// <param name="impatience">Cancels what runs at once.</param>
    public Task StopAsync(CancellationToken impatience = default) => _stop ??= StopCoreAsync(impatience);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        _listening.Dispose();
        _running.Dispose();
    }

    private async Task StartAsync(CancellationToken cancellation)
    {
        // 1. Settings
        HostJson host = HostJson.Load(_options.ScriptRoot);
        ConfigurationManager configuration = Settings.Load(_options);
        _startLogging = LoggerFactory.Create(logging => AddLogging(logging, host)); // the services' own comes later
        ILogger log = _startLogging.CreateLogger<FunctionHost>();

        // 2. Storage
        ConnectionString = await FindStorageAsync(configuration, log, cancellation).ConfigureAwait(false);
        configuration.AddInMemoryCollection([KeyValuePair.Create<string, string?>(StorageSetting, ConnectionString)]);

        // 3. Services
        _app = Build(configuration, host, log);
        ILoggerFactory logging = App.Services.GetRequiredService<ILoggerFactory>();
        FunctionRunner runner = ActivatorUtilities.CreateInstance<FunctionRunner>(App.Services);
        JsonSerializerOptions json = App.Services.GetRequiredService<IOptions<JsonSerializerOptions>>().Value;

        // 4. Functions
        IReadOnlyList<FunctionMethod> functions = FunctionMethod.Find(_options.Functions, configuration);
        List<QueueListener> listeners = [];
        List<TimerRunner> timers = [];
        foreach (FunctionMethod function in functions)
        {
            switch (function.Trigger)
            {
                case QueueTriggerAttribute trigger:
                    listeners.Add(await QueueListeners.CreateAsync(
                        function, trigger, Queues(trigger, configuration), Settings.Resolve(trigger.QueueName, configuration), host, _options, runner, _doorbell, json,
                        logging.CreateLogger<QueueListener>(), cancellation).ConfigureAwait(false));
                    break;
                case HttpTriggerAttribute trigger:
                    HttpRoutes.Map(App, function, trigger, host.RoutePrefix, runner, _running.Token);
                    break;
                case TimerTriggerAttribute trigger:
                    timers.Add(new TimerRunner(function, trigger, Settings.Resolve(trigger.Schedule, configuration), runner, _options.Time));
                    break;
                default:
                    throw new InvalidOperationException($"Function '{function.Name}' is started by {function.Trigger.GetType().Name}, which this host does not know: it runs queue, HTTP and timer functions.");
            }
        }

        Functions = [.. functions.Select(function => function.Name)];

        // 5. Listeners and HTTP
        BlobWatcher? watcher = await PrepareWatcherAsync(host, logging, cancellation).ConfigureAwait(false);
        await App.StartAsync(cancellation).ConfigureAwait(false);
        _loops.AddRange(listeners.Select(listener => Task.Run(() => listener.RunAsync(_listening.Token, _running.Token), CancellationToken.None)));
        _loops.AddRange(timers.Select(timer => Task.Run(() => timer.RunAsync(_listening.Token, _running.Token), CancellationToken.None)));
        if (watcher is not null)
            _loops.Add(Task.Run(() => watcher.RunAsync(_listening.Token), CancellationToken.None));
        Log.Started(log, functions.Count, string.Join(", ", Urls), StartedAzurite ? "Azurite of its own" : "storage that was there");
    }

    private async Task<string> FindStorageAsync(ConfigurationManager configuration, ILogger log, CancellationToken cancellation)
    {
        if (configuration[StorageSetting] is null && configuration.GetSection(StorageSetting).GetChildren().Any())
            throw new InvalidOperationException($"{StorageSetting} names an identity ({StorageSetting}__…), which works in Azure: here it is a connection string, or \"UseDevelopmentStorage=true\".");
        string wanted = configuration[StorageSetting] is { Length: > 0 } setting ? setting : "UseDevelopmentStorage=true";
        if (!DevelopmentStorage.IsLocal(wanted))
            return wanted;
        if (!_options.OwnAzurite && await DevelopmentStorage.AnswersAsync(wanted, cancellation).ConfigureAwait(false))
        {
            if (_options.Persist is not null)
                Log.NotPersisted(log, _options.Persist);
            return wanted;
        }

        if (!_options.OwnAzurite && !wanted.Contains("UseDevelopmentStorage", StringComparison.OrdinalIgnoreCase))
            throw new InvalidOperationException($"AzureWebJobsStorage points to {new BlobServiceClient(wanted).Uri}, where no storage answers: start it, or write \"UseDevelopmentStorage=true\" to have Azurite started.");
        _azurite = await Azurite.StartAsync(_options.AzuriteScript, _options.Persist, _options.AzuritePort, log, cancellation).ConfigureAwait(false);
        return _azurite.ConnectionString;
    }

    private WebApplication Build(ConfigurationManager configuration, HostJson host, ILogger log)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = Path.GetFullPath(_options.ScriptRoot) });
        builder.Configuration.AddConfiguration(configuration);
        AddLogging(builder.Logging, host);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, FreePort(log)));
        builder.Services.AddRouting();
        builder.Services.AddMvcCore();
        // A page from elsewhere must not reach the functions by a name that it points to this machine.
        builder.Services.Configure<HostFilteringOptions>(filter => filter.AllowedHosts = ["127.0.0.1", "localhost"]);
        builder.Services.Configure<JsonSerializerOptions>(json => json.PropertyNameCaseInsensitive = true); // the isolated worker's default
        builder.Services.AddSingleton(_options.Time);
        _options.Configure?.Invoke(builder.Services, builder.Configuration);
        WebApplication app = builder.Build();
        app.UseHostFiltering();
        app.UseRouting();
        return app;
    }

    private void AddLogging(ILoggingBuilder logging, HostJson host)
    {
        logging.AddConfiguration(host.Logging);
        if (_options.Logging is { } custom)
            custom(logging);
        else
            logging.AddSimpleConsole(console => console.SingleLine = true);
    }

    private int FreePort(ILogger log)
    {
        if (_options.Port == 0)
            return 0;
        try
        {
            using TcpListener probe = new(IPAddress.Loopback, _options.Port);
            probe.Start();
            return _options.Port;
        }
        catch (SocketException)
        {
            Log.PortTaken(log, _options.Port);
            return 0;
        }
    }

    private QueueServiceClient Queues(QueueTriggerAttribute trigger, ConfigurationManager configuration)
    {
        string setting = trigger.Connection ?? StorageSetting;
        string connection = setting == StorageSetting ? ConnectionString : configuration[setting]
            ?? throw new InvalidOperationException($"Queue '{trigger.QueueName}' is on the connection '{setting}', which has no value: add it to Values in {Settings.FileName}.");
        return new QueueServiceClient(connection, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.None });
    }

    private async Task<BlobWatcher?> PrepareWatcherAsync(HostJson host, ILoggerFactory logging, CancellationToken cancellation)
    {
        if (_options.WatchedContainer is not { } watched || !DevelopmentStorage.IsLocal(ConnectionString))
            return null;
        BlobServiceClient blobs = new(ConnectionString);
        BlobWatcher watcher = new(
            blobs.GetBlobContainerClient(watched), blobs.GetBlobContainerClient(_options.StateContainer), new QueueClient(ConnectionString, _options.EventQueue),
            host.Base64, _options, _doorbell, logging.CreateLogger<BlobWatcher>());
        await watcher.PrepareAsync(cancellation).ConfigureAwait(false);
        return watcher;
    }

    private async Task StopCoreAsync(CancellationToken impatience)
    {
        await _listening.CancelAsync().ConfigureAwait(false);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(impatience);
        limit.CancelAfter(_options.StopTimeout);
        Task http = _app is null ? Task.CompletedTask : _app.StopAsync(limit.Token);
        Task all = Task.WhenAll([http, .. _loops]);
        try
        {
            await all.WaitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            await _running.CancelAsync().ConfigureAwait(false);
            // A function that does not heed its token is left behind; its message comes again when the lease ends.
            await ((Task)Task.WhenAny(all, Task.Delay(CancelLimit, CancellationToken.None))).ConfigureAwait(false);
        }

        if (_app is not null)
            await _app.DisposeAsync().ConfigureAwait(false);
        if (_azurite is not null)
            await _azurite.DisposeAsync().ConfigureAwait(false);
        _startLogging?.Dispose();
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Count} functions run, HTTP at {Urls}, on {Storage}.")]
        public static partial void Started(ILogger logger, int count, string urls, string storage);

        [LoggerMessage(2, LogLevel.Warning, "Port {Port} is in use: HTTP takes a free one.")]
        public static partial void PortTaken(ILogger logger, int port);

        [LoggerMessage(3, LogLevel.Warning, "Storage is already running and is used as it is: '{Persist}' is not.")]
        public static partial void NotPersisted(ILogger logger, string persist);
    }
}
