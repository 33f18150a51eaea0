using AaClip.LocalHost.Uploads;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace AaClip.LocalHost;

/// <summary>What <see cref="FunctionHost"/> runs, and how.</summary>
public sealed record LocalHostOptions
{
    /// <summary>Folder of the built function app, with functions.metadata and host.json.</summary>
    public required string Functions { get; init; }

    /// <summary>Sets up logging after host.json has; null writes single lines to the console.</summary>
    public Action<ILoggingBuilder>? Logging { get; init; }

    /// <summary>
    /// Settings file; local.settings.json in the function app by default. Where it is absent, local.settings.sample.json beside it counts.
    /// Environment variables win over the file, as with the Functions tools.
    /// </summary>
    public string? SettingsFile { get; init; }

    /// <summary>Settings that win over the file and the environment.</summary>
    public IReadOnlyDictionary<string, string?> Settings { get; init; } = new Dictionary<string, string?>();

    /// <summary>
    /// Settings that are paths, such as "Model__Path": a relative one is taken from the current folder, for the worker runs in another one.
    /// </summary>
    public IReadOnlyList<string> PathSettings { get; init; } = [];

    /// <summary>Folder where Azurite keeps its data; null keeps it in memory.</summary>
    public string? Persist { get; init; }

    /// <summary>Port of the HTTP functions on 127.0.0.1, 0 to 65535; 0 takes a free one, and so does a port in use. Default 7071.</summary>
    public int Port { get; init; } = 7071;

    /// <summary>
    /// Blob port of an Azurite started here; queues take the next port, tables the one after. 0 takes free ones. Default 10000.
    /// </summary>
    public int AzuritePort { get; init; } = 10000;

    /// <summary>Starts Azurite even where DataStorage already answers, and uses that one. Default false.</summary>
    public bool OwnAzurite { get; init; }

    /// <summary>Azurite's main script; null looks for node_modules/azurite above the program and above the current folder.</summary>
    public string? AzuriteScript { get; init; }

    /// <summary>How long running functions may take to finish when the host stops, before they are cancelled. Default 30 s.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a message taken from a queue stays hidden from others if this host dies, in whole seconds; it is renewed while the message
    /// runs. 3 s to 9 minutes; default 30 s. In Azure it is 10 minutes.
    /// </summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest pause between two looks at an empty queue; null takes maxPollingInterval of host.json.</summary>
    public TimeSpan? MaxPollingInterval { get; init; }

    /// <summary>
    /// Container whose new and overwritten blobs raise events; null raises none. Of several hosts one at a time does. Default "images".
    /// </summary>
    public string? WatchedContainer { get; init; } = "images";

    /// <summary>
    /// "name@version" of the model that the functions score with, told to other hosts on the same storage; null for none.
    /// </summary>
    public string? Model { get; init; }

    /// <summary>Called with the connection string where another host watches the same container: it may refuse by an exception.</summary>
    public Func<string, WatcherNote, CancellationToken, Task>? Beside { get; init; }

    /// <summary>Queue that receives the events. Default "uploads".</summary>
    public string EventQueue { get; init; } = "uploads";

    /// <summary>Container that remembers the events already raised. Default "state".</summary>
    public string StateContainer { get; init; } = "state";

    /// <summary>Pause between two looks at the watched container. Default 250 ms.</summary>
    public TimeSpan WatchInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Called with the connection string before the functions start: the place to make what they need of storage.</summary>
    public Func<string, CancellationToken, Task>? Prepare { get; init; }

    /// <summary>Told what the start waits for, such as "Azurite to start".</summary>
    public Action<string>? Waiting { get; init; }

    /// <summary>Value of an app setting, such as "Model__Path"; null where it is not set.</summary>
    /// <exception cref="FileNotFoundException">The named settings file and its sample are absent.</exception>
    /// <exception cref="InvalidDataException">The settings file is broken.</exception>
    public string? ReadSetting(string name)
    {
        using ConfigurationManager settings = LocalHost.Settings.Load(this);
        return settings[LocalHost.Settings.Key(name)];
    }

    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrEmpty(Functions);
        ArgumentOutOfRangeException.ThrowIfNegative(Port);
        ArgumentOutOfRangeException.ThrowIfNegative(AzuritePort);
        ArgumentOutOfRangeException.ThrowIfLessThan(StopTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(Lease, TimeSpan.FromSeconds(3));
        // Below the SDK's own, whose renewal must not come first
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Lease, TimeSpan.FromMinutes(9));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(WatchInterval, TimeSpan.Zero);
    }
}
