using System.Reflection;
using AaClip.LocalHost.Worker;
using AaClip.Pipeline.Storage;
using Azure.Core;
using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Extensions.Timers;
using Microsoft.Azure.WebJobs.Host;
using Microsoft.Azure.WebJobs.Host.Timers;
using Microsoft.Extensions.Azure;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AaClip.LocalHost.Triggers;

/// <summary>
/// The WebJobs SDK's own host, which the Functions host is built on: its listeners take the messages and watch the clock as host.json says,
/// count attempts, move what is given up on to the poison queue. The functions themselves run in the worker.
/// </summary>
internal sealed class TriggerHost : IAsyncDisposable
{
    // Where the Functions host keeps what stands in host.json; settings named AzureFunctionsJobHost__… override it, as in Azure.
    private const string Section = "AzureFunctionsJobHost";

    private readonly IHost _host;
    private readonly CancellationTokenSource _sending = new();
    private Task _outputs = Task.CompletedTask;

    private TriggerHost(IHost host) => _host = host;

    /// <summary>Sends messages of the host's own.</summary>
    public QueueOutputs Outputs => _host.Services.GetRequiredService<QueueOutputs>();

    /// <summary>Builds it; <see cref="StartAsync"/> begins to listen.</summary>
    /// <param name="app">The function app.</param>
    /// <param name="worker">Runs the functions.</param>
    /// <param name="settings">App settings.</param>
    /// <param name="lease">How long a message that was taken stays hidden from others, if this process dies.</param>
    /// <param name="logging">Of the whole host.</param>
    /// <param name="ended">Called when a listener has ended by itself: its queue is not read any more.</param>
    public static TriggerHost Build(
        FunctionApp app,
        FunctionWorker worker,
        IConfiguration settings,
        TimeSpan lease,
        ILoggerFactory logging,
        Action<Exception> ended
    )
    {
        ILogger log = logging.CreateLogger<TriggerHost>();
        OutagePolicy outages = new(log);
        IReadOnlyList<Type> types = [.. TriggerTypes.Make(app.Functions), typeof(QueueOutputs.Lender)];
        IHost host = new HostBuilder()
            .ConfigureAppConfiguration(configuration => configuration.AddConfiguration(settings))
            .ConfigureWebJobs(jobs => jobs.AddAzureStorageQueues().AddTimers())
            .ConfigureServices(services =>
            {
                services.AddSingleton(logging);
                // FunctionHost has the limit
                services.Configure<HostOptions>(options => options.ShutdownTimeout = Timeout.InfiniteTimeSpan);
                services.AddSingleton<ITypeLocator>(new Types(types));
                services.AddSingleton(app);
                services.AddSingleton(worker);
                services.AddSingleton<QueueOutputs>();
                services.AddSingleton<TriggerRunner>();
                services.AddSingleton<ScheduleMonitor>(new NoMonitor());
                services.AddSingleton<Microsoft.Azure.WebJobs.Host.Queues.IQueueProcessorFactory>(new LeasedQueueProcessorFactory(lease));
                services.AddSingleton<IWebJobsExceptionHandlerFactory>(new ListenerFailures(ended, log));
                services.AddAzureClients(clients =>
                    clients.ConfigureDefaults(options =>
                    {
                        options.AddPolicy(new ShortLeasePolicy(lease), HttpPipelinePosition.PerCall);
                        options.AddPolicy(new NeverExpirePolicy(), HttpPipelinePosition.PerCall);
                        options.AddPolicy(outages, HttpPipelinePosition.PerCall);
                        options.AddPolicy(new WholeAnswerPolicy(), HttpPipelinePosition.PerRetry);
                    })
                );
            })
            .Build();
        WakeListeners(host.Services);
        return new TriggerHost(host);
    }

    // The SDK's queue binding wakes the listener of the queue that it sends to, by a watcher that 5.3.10 makes and no longer hands to it.
    // Both are internal. Without this every step waits for the next look at its queue; where a newer version has other types, the start
    // fails here.
    private static void WakeListeners(IServiceProvider services)
    {
        Assembly sdk = typeof(QueueAttribute).Assembly;
        Type watcher = Internal("Listeners.SharedQueueWatcher"),
            setter = Internal("IContextSetter`1").MakeGenericType(Internal("IMessageEnqueuedWatcher"));
        setter.GetMethod("SetValue")!.Invoke(services.GetRequiredService(setter), [services.GetRequiredService(watcher)]); // its one method

        // Or it throws
        Type Internal(string name) => sdk.GetType($"Microsoft.Azure.WebJobs.Extensions.Storage.Common.{name}", throwOnError: true)!;
    }

    /// <summary>What host.json says, where the SDK looks for it.</summary>
    /// <exception cref="InvalidDataException">The file is not JSON.</exception>
    public static IConfiguration Configuration(FunctionApp app, IConfiguration settings)
    {
        try
        {
            IConfiguration file = new ConfigurationBuilder().AddJsonFile(app.HostJson, optional: true).Build();
            return new ConfigurationBuilder()
                .AddInMemoryCollection(file.AsEnumerable().Select(entry => KeyValuePair.Create($"{Section}:{entry.Key}", entry.Value)))
                .AddInMemoryCollection([KeyValuePair.Create<string, string?>("AzureWebJobsConfigurationSection", Section)])
                .AddConfiguration(settings)
                .Build();
        }
        catch (InvalidDataException broken) when (broken.InnerException is not null)
        {
            throw new InvalidDataException(
                $"'{app.HostJson}' is not JSON: {broken.InnerException.InnerException?.Message ?? broken.InnerException.Message}",
                broken
            );
        }
    }

    /// <summary>Value of host.json, or of the setting that overrides it.</summary>
    public static string? Value(IConfiguration configuration, string key) => configuration[$"{Section}:{key}"];

    /// <summary>Log levels of host.json.</summary>
    public static IConfiguration Logging(IConfiguration configuration) => configuration.GetSection($"{Section}:logging");

    /// <summary>Begins to listen.</summary>
    public Task StartAsync(CancellationToken cancellation)
    {
        // Before the listeners: a timer that runs at the start is awaited by them, and may have something to send.
        _outputs = ((JobHost)_host.Services.GetRequiredService<IJobHost>())
            .CallAsync(nameof(QueueOutputs.Lender), cancellationToken: _sending.Token)
            .ContinueWith(
                ended => Outputs.End(ended.Exception),
                CancellationToken.None,
                TaskContinuationOptions.None,
                TaskScheduler.Default
            );
        return _host.StartAsync(cancellation);
    }

    /// <summary>Takes nothing new, and waits for what runs: end the worker to end it sooner.</summary>
    public async Task StopAsync()
    {
        // Without it, what runs would be cancelled at once and come again.
        await _host.Services.GetRequiredService<IDrainModeManager>().EnableDrainModeAsync(CancellationToken.None);
        Task stopping = _host.StopAsync(CancellationToken.None);
        await _sending.CancelAsync(); // SendAsync goes on: the function only lent its binder
        await stopping;
        await _outputs;
    }

    public async ValueTask DisposeAsync()
    {
        _sending.Dispose();
        if (_host is IAsyncDisposable host)
            await host.DisposeAsync();
    }

    private sealed class Types(IReadOnlyList<Type> types) : ITypeLocator
    {
        public IReadOnlyList<Type> GetTypes() => types;
    }

    // Timers of functions here have no memory of missed runs, but the SDK wants somebody to ask.
    private sealed class NoMonitor : ScheduleMonitor
    {
        // Null: never ran, as the SDK documents
        public override Task<ScheduleStatus> GetStatusAsync(string timerName) => Task.FromResult<ScheduleStatus>(null!);

        public override Task UpdateStatusAsync(string timerName, ScheduleStatus status) => Task.CompletedTask;
    }
}
