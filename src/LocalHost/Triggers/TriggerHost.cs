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
/// The host of the WebJobs SDK, on which the Functions host is built. Its listeners read queues and timers as host.json configures, count
/// attempts, and move failed messages to the poison queue. The functions themselves run in the worker.
/// </summary>
internal sealed class TriggerHost : IAsyncDisposable
{
    // Configuration section of host.json, as in the Functions host; settings named AzureFunctionsJobHost__… override it, as in Azure.
    private const string Section = "AzureFunctionsJobHost";

    private readonly IHost _host;
    private readonly CancellationTokenSource _sending = new();
    private Task _outputs = Task.CompletedTask;

    private TriggerHost(IHost host) => _host = host;

    /// <summary>Sends messages of the host.</summary>
    public QueueOutputs Outputs => _host.Services.GetRequiredService<QueueOutputs>();

    /// <summary>Builds the host; <see cref="StartAsync"/> starts the listeners.</summary>
    /// <param name="app">The function app.</param>
    /// <param name="worker">Runs the functions.</param>
    /// <param name="settings">App settings.</param>
    /// <param name="lease">
    /// Visibility timeout of a message that was taken: if this process dies, the message is visible again after it.
    /// </param>
    /// <param name="logging">Logging of the whole host.</param>
    /// <param name="ended">Called when a listener has ended by itself: its queue is no longer read.</param>
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
                // FunctionHost limits the time to stop.
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

    // The SDK's queue binding wakes the listener of the target queue through a watcher. Version 5.3.10 creates the watcher but no longer
    // passes it to the binding. Both types are internal. Without this call, every step waits for the next poll of its queue. If a newer
    // version has other types, the start fails here.
    private static void WakeListeners(IServiceProvider services)
    {
        Assembly sdk = typeof(QueueAttribute).Assembly;
        Type watcher = Internal("Listeners.SharedQueueWatcher"),
            setter = Internal("IContextSetter`1").MakeGenericType(Internal("IMessageEnqueuedWatcher"));
        setter.GetMethod("SetValue")!.Invoke(services.GetRequiredService(setter), [services.GetRequiredService(watcher)]); // only method

        // Not null: throws when the type is missing.
        Type Internal(string name) => sdk.GetType($"Microsoft.Azure.WebJobs.Extensions.Storage.Common.{name}", throwOnError: true)!;
    }

    /// <summary>host.json and app settings as one configuration, with host.json in the section where the SDK reads it.</summary>
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

    /// <summary>Starts the listeners.</summary>
    public Task StartAsync(CancellationToken cancellation)
    {
        // Before the listeners: they await timers that run at the start, and such a timer may send messages.
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

    /// <summary>Takes no new messages and waits for running functions. To stop sooner, end the worker.</summary>
    public async Task StopAsync()
    {
        // Without drain mode, running functions would be cancelled at once and run again later.
        await _host.Services.GetRequiredService<IDrainModeManager>().EnableDrainModeAsync(CancellationToken.None);
        Task stopping = _host.StopAsync(CancellationToken.None);
        await _sending.CancelAsync(); // SendAsync still works: it only needs the binder
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

    // Missed timer runs are not recorded here, but the SDK requires a monitor.
    private sealed class NoMonitor : ScheduleMonitor
    {
        // Null means "never ran", as the SDK documents.
        public override Task<ScheduleStatus> GetStatusAsync(string timerName) => Task.FromResult<ScheduleStatus>(null!);

        public override Task UpdateStatusAsync(string timerName, ScheduleStatus status) => Task.CompletedTask;
    }
}
