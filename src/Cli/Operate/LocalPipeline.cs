using System.Globalization;
using System.Net;
using System.Net.Sockets;
using AaClip.LocalHost;
using AaClip.LocalHost.Uploads;
using AaClip.Pipeline.Storage;
using AaClip.Review;
using AaClip.Scoring.Packages;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace AaClip.Cli.Operate;

/// <summary>The whole pipeline on this machine: storage, the function app in its worker process, HTTP.</summary>
internal sealed class LocalPipeline : IAsyncDisposable
{
    // Less than the 30 s after which the program is ended by force (Program.cs).
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(20);

    private readonly FunctionHost _host;
    private readonly WebApplication _review;
    private readonly RunningHost? _announced;

    private LocalPipeline(FunctionHost host, WebApplication review, StorageClients storage, string model, IReadOnlyList<string> gaps)
    {
        _host = host;
        _review = review;
        Model = model;
        Gaps = gaps;
        Storage = storage;
        if (Storage.Blobs.Uri.IsLoopback)
            _announced = RunningHost.TryAnnounce(host.ConnectionString, Http);
    }

    /// <summary>The storage that the functions use.</summary>
    public StorageClients Storage { get; }

    /// <summary>Address of the HTTP functions.</summary>
    public string Http => _host.Url;

    /// <summary>Address of the review page.</summary>
    public string Review => _review.Urls.First();

    /// <summary>"name@version" of the model.</summary>
    public string Model { get; }

    /// <summary>Classes in the camera profiles without a calibration, one line each; see <see cref="Profiles.GapsAsync"/>.</summary>
    public IReadOnlyList<string> Gaps { get; }

    /// <summary>Completes with the reason, in one line, when a part has ended without which no image is scored.</summary>
    public Task<string> Failed => _host.Failed;

    /// <summary>Starts everything; returns when the functions take images.</summary>
    /// <param name="functions">Folder of the built function app; null searches for it.</param>
    /// <param name="settings">Settings file; null searches for local.settings.json, then for the sample.</param>
    /// <param name="model">Folder of the model package; null takes the one in the settings.</param>
    /// <param name="cameras">Content of config/cameras.json; null writes none.</param>
    /// <param name="replace">True replaces camera profiles in storage; false writes them only if there are none.</param>
    /// <param name="reviewPort">Port of the review page; 0, or a port in use, takes a free one.</param>
    /// <param name="change">Changes the options of the host before it starts.</param>
    public static async Task<LocalPipeline> StartAsync(
        string? functions,
        string? settings,
        string? model,
        byte[]? cameras,
        bool replace,
        int reviewPort,
        Func<LocalHostOptions, LocalHostOptions> change,
        CancellationToken cancellation
    )
    {
        LocalHostOptions options = change(
            new LocalHostOptions
            {
                Functions = FunctionsFolder.Find(functions),
                SettingsFile = settings ?? ProjectFiles.Find("local.settings.json") ?? ProjectFiles.Find("local.settings.sample.json"),
                Settings = model is null ? [] : new Dictionary<string, string?> { ["Model__Path"] = model },
                PathSettings = ["Model__Path", "Model__Cache"],
                StopTimeout = StopTimeout,
                Prepare = (connection, token) => Preparation.RunAsync(Account.Open(connection), cameras, replace, token),
            }
        );
        // Without a package nothing would be scored: fail here, with one line, before anything starts.
        string path = options.ReadSetting("Model__Path") is { Length: > 0 } set
            ? set
            : throw new InvalidOperationException(
                "No model is named: pass --model, or set Model__Path to the folder of a model package, made by 'aaclip import'."
            );
        ModelManifest manifest = ModelPackage.Open(path).Manifest;
        string id = manifest.Id;
        reviewPort = FreePort(reviewPort);
        options = options with
        {
            Settings = new Dictionary<string, string?>(options.Settings)
            {
                ["Results__ReviewAddress"] = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{reviewPort}"),
            },
        };
        options = options with { Model = id, Beside = (connection, other, token) => RefuseMixtureAsync(connection, other, id, token) };
        using StartLine line = new();
        FunctionHost host = await FunctionHost.StartAsync(options with { Waiting = line.Show }, cancellation);
        try
        {
            StorageClients storage = Account.Open(host.ConnectionString);
            IReadOnlyList<string> gaps = await Profiles.GapsAsync(storage, manifest, cancellation);
            return new LocalPipeline(host, await ReviewAsync(storage, reviewPort, options.Logging, cancellation), storage, id, gaps);
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    private static async Task<WebApplication> ReviewAsync(
        StorageClients storage,
        int port,
        Action<ILoggingBuilder>? logging,
        CancellationToken cancellation
    )
    {
        return await ReviewApp.StartLocalAsync(storage, port, Log, cancellation);

        void Log(ILoggingBuilder builder)
        {
            builder.SetMinimumLevel(LogLevel.Warning);
            if (logging is null)
                builder.AddSimpleConsole(console => console.SingleLine = true);
            else
                logging(builder);
        }
    }

    // The functions are told the address of the page before it starts.
    private static int FreePort(int wanted)
    {
        using TcpListener probe = new(IPAddress.Loopback, wanted);
        try
        {
            probe.Start();
        }
        catch (SocketException) when (wanted != 0) // in use, or not for this user
        {
            return FreePort(0);
        }

        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    // Both hosts take messages of the same queues, so each image would be scored by one model or the other. Both use a promoted model.
    private static async Task RefuseMixtureAsync(string connection, WatcherNote other, string id, CancellationToken cancellation)
    {
        if (other.Model is not { } theirs || theirs == id)
            return;
        if (await new JobServices(Account.Open(connection)).LiveAsync(cancellation) is not null)
            return;
        throw new InvalidOperationException(
            $"Model {theirs} already scores the images of this storage, in {other}; with {id} as well, each image would be scored by "
                + "one of the two: stop that host, start this one with the same model, or set DataStorage to other storage."
        );
    }

    /// <summary>Lets running work finish, then ends.</summary>
    /// <param name="atOnce">Ends running work at once.</param>
    public async Task StopAsync(CancellationToken atOnce)
    {
        _announced?.Leave();
        await _review.DisposeAsync();
        await _host.StopAsync(atOnce);
    }

    public async ValueTask DisposeAsync()
    {
        _announced?.Leave();
        await _review.DisposeAsync();
        await _host.DisposeAsync();
    }
}
