using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using AaClip.LocalHost.Http;
using AaClip.LocalHost.Storage;
using AaClip.LocalHost.Triggers;
using AaClip.LocalHost.Uploads;
using AaClip.LocalHost.Worker;
using AaClip.Pipeline.Storage;
using Azure.Storage.Blobs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AaClip.LocalHost;

/// <summary>
/// Runs a built function app on this machine as the Functions host does in Azure: the app runs in a separate worker process, the listeners
/// of the WebJobs SDK run its triggers, and HTTP requests are forwarded to the worker. It also starts Azurite and raises BlobCreated events
/// for it. Steps of the start: 1. settings, 2. storage, 3. web server, 4. claim on the watched container, 5. worker, 6. triggers, 7. upload
/// events.
/// </summary>
public sealed partial class FunctionHost : IAsyncDisposable
{
    private const string StorageSetting = StorageConnection.Setting;
    private const string HostStorageSetting = "AzureWebJobsStorage"; // here the same account; in Azure a separate account of the host
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(10);

    private readonly LocalHostOptions _options;
    private FunctionApp _app;
    private readonly ConcurrentDictionary<string, WorkerConnection> _connections = new();
    private IConfiguration _settings = new ConfigurationBuilder().Build();
    private ILoggerFactory? _logging;
    private Azurite? _azurite;
    private WebApplication? _web;
    private FunctionWorker? _worker;
    private TriggerHost? _triggers;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource<string> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WatchClaim? _claim;
    private Task _watching = Task.CompletedTask;
    private Task? _stop;

    private FunctionHost(LocalHostOptions options)
    {
        _options = options;
        _app = FunctionApp.Open(options.Functions);
    }

    /// <summary>Address of the HTTP functions, such as "http://127.0.0.1:7071".</summary>
    public string Url { get; private set; } = "";

    /// <summary>Connection string of the storage that the functions use.</summary>
    public string ConnectionString { get; private set; } = "";

    /// <summary>Names of the functions that run.</summary>
    public IReadOnlyList<string> Functions => [.. _app.Functions.Select(function => function.Name)];

    /// <summary>True when this host started Azurite; Azurite then ends with the host.</summary>
    public bool StartedAzurite => _azurite is not null;

    /// <summary>Id of the worker process; 0 while none runs.</summary>
    public int WorkerProcess => _worker?.ProcessId ?? 0;

    /// <summary>Completes with the reason, in one line, when a part that the host needs has ended by itself. Stop the host then.</summary>
    public Task<string> Failed => _failed.Task;

    internal int? AzuriteProcess => _azurite?.ProcessId;

    /// <summary>Starts everything. Returns when HTTP answers and all queues have listeners.</summary>
    /// <exception cref="InvalidOperationException">The function app, a setting or the storage is wrong; the message says which, and what to
    /// do.</exception>
    /// <exception cref="InvalidDataException">host.json or the settings file cannot be read.</exception>
    public static async Task<FunctionHost> StartAsync(LocalHostOptions options, CancellationToken cancellation = default)
    {
        options.Validate();
        FunctionHost host = new(options);
        try
        {
            await host.StartAsync(cancellation);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Stops the host. It takes no new work. Running functions may finish within <see cref="LocalHostOptions.StopTimeout"/>; then they are
    /// cancelled and their messages return to the queue. The worker ends, and Azurite if this host started it.
    /// </summary>
    /// <param name="impatience">Cancels running functions at once.</param>
    public Task StopAsync(CancellationToken impatience = default) => _stop ??= StopCoreAsync(impatience);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task StartAsync(CancellationToken cancellation)
    {
        // 1. Settings
        ConfigurationManager settings = Settings.Load(_options);
        if (_options.MaxPollingInterval is { } interval)
            settings.AddInMemoryCollection([
                KeyValuePair.Create<string, string?>("AzureFunctionsJobHost:extensions:queues:maxPollingInterval", interval.ToString("c")),
            ]);
        _settings = TriggerHost.Configuration(_app, settings);
        _app = _app.Enabled(_settings);
        _logging = LoggerFactory.Create(AddLogging);
        ILogger log = _logging.CreateLogger<FunctionHost>();

        // 2. Storage
        _options.Waiting?.Invoke("storage to answer");
        ConnectionString = await FindStorageAsync(log, cancellation);
        settings[StorageSetting] = settings[HostStorageSetting] = ConnectionString;
        if (_options.Prepare is { } prepare)
            await prepare(ConnectionString, cancellation);

        _options.Waiting?.Invoke("the function app to start");

        // 3. Web server: the HTTP functions, and the gRPC address for the worker
        _worker = new FunctionWorker(_app, _connections, _logging);
        _web = Build(log);
        await _web.StartAsync(cancellation);
        string[] urls = [.. _web.Urls];
        (Url, string rpc) = (urls[0], urls[1]); // the order in which Build adds them

        // 4. Claim
        BlobContainerClient? watched = null,
            state = null;
        if (_options.WatchedContainer is { } container && DevelopmentStorage.IsLocal(ConnectionString))
        {
            BlobServiceClient blobs = StorageConnection.Open(_settings).Blobs;
            (watched, state) = (blobs.GetBlobContainerClient(container), blobs.GetBlobContainerClient(_options.StateContainer));
            await watched.CreateIfNotExistsAsync(cancellationToken: cancellation);
            _claim = new WatchClaim(state, container, WatcherNote.Own(_options.Model, Url), _logging.CreateLogger<WatchClaim>());
            if (await _claim.TakeAsync(cancellation) is { } other)
            {
                if (_options.Beside is { } beside)
                    await beside(ConnectionString, other, cancellation);
                _claim.SayWhoHasIt(other);
            }
        }

        // 5. Worker
        Dictionary<string, string?> environment = Settings.Own(_options);
        environment[StorageSetting] = environment[HostStorageSetting] = ConnectionString;
        await _worker.StartAsync(rpc, environment, cancellation);
        FailWith(_worker.Supervision, "The worker process is not watched any more", log);

        // 6. Triggers
        _options.Waiting?.Invoke("the queues to be listened to");
        _triggers = TriggerHost.Build(_app, _worker, _settings, _options.Lease, _logging, e => Fail(log, "A trigger has ended", e));
        await _triggers.StartAsync(cancellation);

        // 7. Upload events
        if (_claim is not null)
        {
            QueueOutputs outputs = _triggers.Outputs;
            ILogger watching = _logging.CreateLogger<BlobWatcher>();
            _watching = Task.Run(
                () =>
                    _claim.RunAsync(
                        async listening =>
                        {
                            BlobWatcher watcher = new(watched!, state!, _options.WatchInterval, watching); // not null: set with the claim
                            await watcher.PrepareAsync(listening);
                            await watcher.RunAsync(
                                (text, token) =>
                                    outputs.SendAsync(_options.EventQueue, StorageSetting, Encoding.UTF8.GetBytes(text), token),
                                listening
                            );
                        },
                        _stopping.Token
                    ),
                CancellationToken.None
            );
            FailWith(_watching, "Uploads are not watched any more", log);
        }

        Log.Started(log, _app.Functions.Count, Url, StartedAzurite ? "Azurite of its own" : "storage that was there");
    }

    private async Task<string> FindStorageAsync(ILogger log, CancellationToken cancellation)
    {
        if (_settings[StorageSetting] is null && _settings.GetSection(StorageSetting).GetChildren().Any())
            throw new InvalidOperationException(
                $"{StorageSetting} names an identity ({StorageSetting}__…), which works in Azure: here it is a connection string, "
                    + $"or \"UseDevelopmentStorage=true\"."
            );
        string wanted = _settings[StorageSetting] is { Length: > 0 } setting ? setting : "UseDevelopmentStorage=true";
        if (!DevelopmentStorage.IsLocal(wanted))
            return wanted;
        if (!_options.OwnAzurite && await DevelopmentStorage.AnswersAsync(wanted, cancellation))
        {
            if (_options.Persist is not null)
                Log.NotPersisted(log, _options.Persist);
            return wanted;
        }

        if (!_options.OwnAzurite && !wanted.Contains("UseDevelopmentStorage", StringComparison.OrdinalIgnoreCase))
            throw new InvalidOperationException(
                $"{StorageSetting} points to {new BlobServiceClient(wanted).Uri}, where no storage answers: start it, or write "
                    + $"\"UseDevelopmentStorage=true\" to have Azurite started."
            );
        _options.Waiting?.Invoke("Azurite to start");
        _azurite = await Azurite.StartAsync(_options.AzuriteScript, _options.Persist, _options.AzuritePort, log, cancellation);
        _ = _azurite.EndedByItself.ContinueWith(ended => _failed.TrySetResult(ended.Result), TaskScheduler.Default);
        return _azurite.ConnectionString;
    }

    private void FailWith(Task loop, string what, ILogger log) =>
        loop.ContinueWith(
            ended => Fail(log, what, ended.Exception!.InnerException!), // a faulted task has an inner exception
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted,
            TaskScheduler.Default
        );

    private void Fail(ILogger log, string what, Exception cause)
    {
        string reason = $"{what}: {cause.Message.Split('\n', 2)[0].Trim()}";
        if (_failed.TrySetResult(reason))
            Log.Failed(log, cause, reason);
    }

    private WebApplication Build(ILogger log)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = _app.Folder });
        AddLogging(builder.Logging);
        int port = FreePort(log);
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(kestrel =>
            {
                kestrel.Limits.MaxRequestBodySize = null; // the worker applies its own limits
                kestrel.Listen(IPAddress.Loopback, port);
                kestrel.Listen(IPAddress.Loopback, 0, rpc => rpc.Protocols = HttpProtocols.Http2);
            });
        builder.Services.AddRouting();
        builder.Services.AddHttpForwarder();
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = grpc.MaxSendMessageSize = null);
        builder.Services.AddSingleton(_connections);
        builder.Services.AddSingleton(_worker!); // not null: set before Build
        builder.Services.AddSingleton<HttpFunctions>();
        // Reject other host names: a foreign web page could use its own name for 127.0.0.1 to call the functions (DNS rebinding).
        builder.Services.Configure<HostFilteringOptions>(filter => filter.AllowedHosts = ["127.0.0.1", "localhost"]);
        WebApplication web = builder.Build();
        web.UseHostFiltering();
        web.UseRouting();
        web.MapGrpcService<FunctionRpcService>();
        web.Services.GetRequiredService<HttpFunctions>()
            .Map(web, _app, TriggerHost.Value(_settings, "extensions:http:routePrefix") ?? "api");
        return web;
    }

    private void AddLogging(ILoggingBuilder logging)
    {
        // Hide the host's log lines about every run and request; host.json can enable them.
        logging.AddFilter("Azure", LogLevel.Error); // it logs expected answers such as 404 and 412 as warnings
        foreach (string talkative in (string[])["Function", "Host", "Microsoft", "Grpc", "Yarp", "System.Net.Http"])
            logging.AddFilter(talkative, LogLevel.Warning);
        logging.AddConfiguration(TriggerHost.Logging(_settings));
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
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AccessDenied)
        {
            throw new InvalidOperationException(
                $"Port {_options.Port} may not be opened by this user: choose one above 1023, or 0 for a free one.",
                e
            );
        }
        catch (SocketException)
        {
            Log.PortTaken(log, _options.Port);
            return 0;
        }
    }

    // The order matters: drain, worker, listeners, web server. Otherwise the worker calls a closed server, or functions run without a
    // worker.
    private async Task StopCoreAsync(CancellationToken impatience)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(impatience);
        limit.CancelAfter(_options.StopTimeout);
        using CancellationTokenRegistration cancel = limit.Token.Register(() =>
            _web?.Services.GetRequiredService<HttpFunctions>().Cancel()
        );
        await _stopping.CancelAsync();
        await WaitAsync(_watching, limit.Token);
        if (_claim is not null)
            await WaitAsync(_claim.DisposeAsync().AsTask(), limit.Token);
        Task draining = _triggers?.StopAsync() ?? Task.CompletedTask;
        await WaitAsync(draining, limit.Token);
        if (_worker is not null)
            await _worker.StopAsync(limit.Token);
        using CancellationTokenSource end = new(EndLimit);
        await WaitAsync(draining, end.Token); // the remaining runs failed when the worker ended; their messages return to the queue
        if (_triggers is not null)
            await _triggers.DisposeAsync();
        if (_web is not null)
        {
            await WaitAsync(_web.StopAsync(end.Token), end.Token);
            await _web.DisposeAsync();
        }

        if (_worker is not null)
            await _worker.DisposeAsync();
        if (_azurite is not null)
            await _azurite.DisposeAsync();
        _logging?.Dispose();
        _stopping.Dispose();
    }

    private static async Task WaitAsync(Task stopping, CancellationToken limit)
    {
        try
        {
            await stopping.WaitAsync(limit);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested) { }
        catch (Exception) when (stopping.IsFaulted)
        {
            // It ended earlier; Failed has reported the reason.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "{Count} functions run, HTTP at {Url}, on {Storage}.")]
        public static partial void Started(ILogger logger, int count, string url, string storage);

        [LoggerMessage(2, LogLevel.Warning, "Port {Port} is in use: HTTP takes a free one.")]
        public static partial void PortTaken(ILogger logger, int port);

        [LoggerMessage(3, LogLevel.Warning, "Storage is already running and is used as it is: '{Persist}' is not.")]
        public static partial void NotPersisted(ILogger logger, string persist);

        [LoggerMessage(4, LogLevel.Critical, "The host cannot go on. {Reason}")]
        public static partial void Failed(ILogger logger, Exception cause, string reason);
    }
}
