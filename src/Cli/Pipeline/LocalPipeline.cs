using AaClip.Functions;
using AaClip.LocalHost;
using AaClip.Pipeline.Cameras;
using AaClip.Pipeline.Inference;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Storage;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AaClip.Cli.Pipeline;

/// <summary>The whole pipeline in this process: storage, functions, HTTP.</summary>
internal sealed class LocalPipeline : IAsyncDisposable
{
    // Below what the program is given to end after Ctrl-C.
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(20);

    private readonly FunctionHost _host;
    private readonly RunningHost? _announced;

    private LocalPipeline(FunctionHost host)
    {
        _host = host;
        Storage = host.Services.GetRequiredService<StorageClients>();
        if (Storage.Blobs.Uri.IsLoopback)
            _announced = RunningHost.TryAnnounce(host.ConnectionString, Http);
    }

    /// <summary>The storage that the functions use.</summary>
    public StorageClients Storage { get; }

    /// <summary>Address of the HTTP functions.</summary>
    public string Http => _host.Urls[0];

    /// <summary>"name@version" of the model.</summary>
    public string Model => _host.Services.GetRequiredService<ModelHost>().OwnId;

    /// <summary>Starts; returns when images are taken.</summary>
    /// <param name="settings">Settings file; null looks for local.settings.json, and for the sample of it.</param>
    /// <param name="model">Folder of the model package; null takes the settings'.</param>
    /// <param name="cameras">Content of config/cameras.json.</param>
    /// <param name="replace">Whether it takes the place of what is there, or stands in where there is nothing.</param>
    /// <param name="change">Last word on the options of the host.</param>
    public static async Task<LocalPipeline> StartAsync(string? settings, string? model, byte[]? cameras, bool replace, Func<LocalHostOptions, LocalHostOptions> change, CancellationToken cancellation)
    {
        Dictionary<string, string?> fixedSettings = [];
        if (model is not null)
            fixedSettings["Model__Path"] = Path.GetFullPath(model);
        LocalHostOptions options = change(new LocalHostOptions
        {
            Functions = typeof(RouteUpload).Assembly,
            Configure = (services, configuration) =>
            {
                services.AddSingleton<IHostedService>(provider => new Preparation(provider.GetRequiredService<StorageClients>(), cameras, replace));
                services.AddAaClip(configuration);
            },
            SettingsFile = settings ?? ProjectFiles.Find("local.settings.json") ?? ProjectFiles.Find("local.settings.sample.json"),
            Settings = fixedSettings,
            StopTimeout = StopTimeout,
        });
        FunctionHost host = await FunctionHost.StartAsync(options, cancellation);
        try
        {
            _ = host.Services.GetRequiredService<ModelHost>().OwnId; // without a package nothing would ever be scored
            return new LocalPipeline(host);
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>Finishes what runs, then ends.</summary>
    /// <param name="impatience">Cancels what runs at once.</param>
    public Task StopAsync(CancellationToken impatience)
    {
        _announced?.Leave();
        return _host.StopAsync(impatience);
    }

    public async ValueTask DisposeAsync()
    {
        _announced?.Leave();
        await _host.DisposeAsync();
    }

    // Before the functions run: containers and queues, and camera profiles.
    private sealed class Preparation(StorageClients storage, byte[]? cameras, bool replace) : IHostedService
    {
        public async Task StartAsync(CancellationToken cancellationToken)
        {
            await storage.EnsureCreatedAsync(cancellationToken);
            if (cameras is null)
                return;
            try
            {
                BlobUploadOptions options = new() { Conditions = replace ? null : new BlobRequestConditions { IfNoneMatch = ETag.All }, HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" } };
                await storage.Container(ContainerNames.Config).GetBlobClient(CameraProfiles.Blob).UploadAsync(BinaryData.FromBytes(cameras), options, cancellationToken);
            }
            catch (RequestFailedException e) when (e.Status is 409 or 412)
            {
                // There are profiles, and they stay.
            }
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
