using AaClip.LocalHost.Uploads;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace AaClip.LocalHost;

/// <summary>Options of <see cref="FunctionHost"/>.</summary>
public sealed record LocalHostOptions
{
    /// <summary>Folder of the built function app, with functions.metadata and host.json.</summary>
    public required string Functions { get; init; }

    /// <summary>Configures logging, after host.json; null logs single lines to the console.</summary>
    public Action<ILoggingBuilder>? Logging { get; init; }

    /// <summary>
    /// Settings file; the default is local.settings.json in the function app. If it is absent, local.settings.sample.json in the same
    /// folder is used. Environment variables override the file, as in the Functions tools.
    /// </summary>
    public string? SettingsFile { get; init; }

    /// <summary>Settings that override the file and the environment.</summary>
    public IReadOnlyDictionary<string, string?> Settings { get; init; } = new Dictionary<string, string?>();

    /// <summary>
    /// Names of settings that are paths, such as "Model__Path". Relative paths are resolved against the current folder, because the worker
    /// runs in another one.
    /// </summary>
    public IReadOnlyList<string> PathSettings { get; init; } = [];

    /// <summary>Data folder of Azurite; null keeps the data in memory.</summary>
    public string? Persist { get; init; }

    /// <summary>
    /// Port of the HTTP functions on 127.0.0.1, 0 to 65535. For 0, or when the port is in use, a free port is taken. Default 7071.
    /// </summary>
    public int Port { get; init; } = 7071;

    /// <summary>
    /// Blob port of an Azurite started by this host; queues use the next port, tables the one after. 0 takes free ports. Default 10000.
    /// </summary>
    public int AzuritePort { get; init; } = 10000;

    /// <summary>Starts a separate Azurite and uses it, even when DataStorage already answers. Default false.</summary>
    public bool OwnAzurite { get; init; }

    /// <summary>
    /// Azurite's main script; null searches node_modules/azurite in the parent folders of the program and of the current folder.
    /// </summary>
    public string? AzuriteScript { get; init; }

    /// <summary>How long running functions may take to finish when the host stops. Then they are cancelled. Default 30 s.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Visibility timeout of a message taken from a queue, in whole seconds. It is renewed while the function runs; if this host dies, the
    /// message is visible again after this time. 3 s to 9 minutes; default 30 s. In Azure it is 10 minutes.
    /// </summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest interval between two polls of an empty queue; null takes maxPollingInterval of host.json.</summary>
    public TimeSpan? MaxPollingInterval { get; init; }

    /// <summary>
    /// Container whose new and overwritten blobs raise events; null raises none. When several hosts use the same storage, one at a time
    /// raises events. Default "images".
    /// </summary>
    public string? WatchedContainer { get; init; } = "images";

    /// <summary>
    /// "name@version" of the model that the functions score with; other hosts on the same storage can read it. Null for none.
    /// </summary>
    public string? Model { get; init; }

    /// <summary>Called with the connection string when another host watches the same container; it may throw to refuse the start.</summary>
    public Func<string, WatcherNote, CancellationToken, Task>? Beside { get; init; }

    /// <summary>Queue that receives the events. Default "uploads".</summary>
    public string EventQueue { get; init; } = "uploads";

    /// <summary>Container for the list of events already raised. Default "state".</summary>
    public string StateContainer { get; init; } = "state";

    /// <summary>Interval between two listings of the watched container. Default 250 ms.</summary>
    public TimeSpan WatchInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Called with the connection string before the functions start, to create the containers and queues that they need.</summary>
    public Func<string, CancellationToken, Task>? Prepare { get; init; }

    /// <summary>Called with what the start is waiting for, such as "Azurite to start".</summary>
    public Action<string>? Waiting { get; init; }

    /// <summary>Value of an app setting, such as "Model__Path"; null where it is not set.</summary>
    /// <exception cref="FileNotFoundException">Neither the named settings file nor its sample exists.</exception>
    /// <exception cref="InvalidDataException">The settings file cannot be read.</exception>
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
        // Must stay below the SDK's 10 minutes: our renewal has to come before the SDK's.
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Lease, TimeSpan.FromMinutes(9));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(WatchInterval, TimeSpan.Zero);
    }
}
