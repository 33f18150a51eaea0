using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace AaClip.LocalHost.Storage;

/// <summary>An Azurite process started by this host. It always ends with the host: when its standard input closes, it stops.</summary>
internal sealed partial class Azurite : IAsyncDisposable
{
    // 1. Puts the script into the arguments where Azurite expects it. 2. Ignores Ctrl-C: a terminal sends it to every foreground process,
    // but storage must run until the functions have finished. 3. Turns the end of standard input into SIGTERM; Azurite then saves its data.
    // 4. Exits when all three services are closed; otherwise an open client connection would keep the process alive.
    public const string Wrapper = """
        process.argv.splice(1, 0, process.env.AZURITE_SCRIPT);
        const once = process.once;
        process.once = (name, listener) => name === 'SIGINT' ? process : once.call(process, name, listener);
        process.on('SIGINT', () => {});
        process.stdin.resume().on('end', () => { process.kill(process.pid, 'SIGTERM'); setTimeout(() => process.exit(1), 9000).unref(); });
        const log = console.log;
        let closed = 0;
        console.log = (...line) => {
          log(...line); if (String(line[0]).includes('successfully closed') && ++closed === 3) process.exit(0); };
        require(process.argv[1]);
        """;

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);

    private readonly Process _process;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource<string> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _stopping;

    private Azurite(Process process, ILogger logger)
    {
        _process = process;
        _logger = logger;
    }

    public string ConnectionString { get; private set; } = "";

    public int ProcessId => _process.Id;

    /// <summary>Completes with a message of one line when Azurite ends without being asked to.</summary>
    public Task<string> EndedByItself => _ended.Task;

    /// <summary>Starts Azurite and waits until its services answer.</summary>
    /// <param name="folder">Data folder; null keeps the data in memory.</param>
    /// <param name="blobPort">Queues and tables use the next two ports. For 0, or when one of the three is in use, free ports are
    /// taken.</param>
    /// <exception cref="InvalidOperationException">Node or Azurite is not installed, or Azurite exited during its start.</exception>
    public static async Task<Azurite> StartAsync(
        string? script,
        string? folder,
        int blobPort,
        ILogger logger,
        CancellationToken cancellation
    )
    {
        script ??= FindScript();
        if (!File.Exists(script))
            throw new InvalidOperationException(
                $"Azurite is not at '{script}': run 'make restore', or let DataStorage point to a storage account that answers."
            );
        if (blobPort != 0 && new[] { blobPort, blobPort + 1, blobPort + 2 }.Where(p => !IsFree(p)).ToArray() is { Length: > 0 } taken)
        {
            Log.PortTaken(logger, string.Join(" and ", taken));
            blobPort = 0;
        }

        Azurite azurite = new(Start(script, folder, blobPort), logger);
        try
        {
            await azurite.WaitUntilReadyAsync(cancellation);
            return azurite;
        }
        catch
        {
            await azurite.DisposeAsync();
            throw;
        }
    }

    /// <summary>Asks Azurite to exit, and kills it if it does not.</summary>
    public async ValueTask DisposeAsync()
    {
        _stopping = true;
        _process.StandardInput.Close();
        using CancellationTokenSource limit = new(StopLimit);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
    }

    private static Process Start(string script, string? folder, int blobPort)
    {
        ProcessStartInfo start = new("node")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["AZURITE_SCRIPT"] = Path.GetFullPath(script) },
        };
        foreach (string argument in (string[])["-e", Wrapper, "--", "--silent", "--disableTelemetry", "--skipApiVersionCheck"])
            start.ArgumentList.Add(argument);
        foreach ((string service, int offset) in (ReadOnlySpan<(string, int)>)[("blob", 0), ("queue", 1), ("table", 2)])
        {
            start.ArgumentList.Add($"--{service}Host");
            start.ArgumentList.Add("127.0.0.1");
            start.ArgumentList.Add($"--{service}Port");
            start.ArgumentList.Add((blobPort == 0 ? 0 : blobPort + offset).ToString(CultureInfo.InvariantCulture));
        }

        if (folder is null)
        {
            start.ArgumentList.Add("--inMemoryPersistence");
        }
        else
        {
            start.ArgumentList.Add("--location");
            start.ArgumentList.Add(Directory.CreateDirectory(folder).FullName);
        }

        try
        {
            return Process.Start(start) ?? throw new InvalidOperationException("Node did not start.");
        }
        catch (Win32Exception absent)
        {
            throw new InvalidOperationException(
                "Azurite needs Node.js, and 'node' was not found: install Node 20 or newer, or let DataStorage point to a storage "
                    + "account that answers.",
                absent
            );
        }
    }

    private async Task WaitUntilReadyAsync(CancellationToken cancellation)
    {
        Channel<string?> lines = Channel.CreateUnbounded<string?>();
        _process.OutputDataReceived += (_, line) => lines.Writer.TryWrite(line.Data);
        _process.ErrorDataReceived += (_, line) => Complain(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();

        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(StartLimit);
        Dictionary<string, string> addresses = [];
        List<string> said = [];
        try
        {
            while (addresses.Count < 3)
            {
                string? line = await lines.Reader.ReadAsync(limit.Token);
                if (line is null)
                    throw new InvalidOperationException($"Azurite ended before it was ready. It said: {string.Join(' ', said)}");
                said.Add(line);
                if (Listening().Match(line) is { Success: true } match)
                    addresses[match.Groups[1].Value] = match.Groups[2].Value;
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new InvalidOperationException(
                $"Azurite was not ready within {StartLimit.TotalSeconds} s. It said: {string.Join(' ', said)}"
            );
        }

        ConnectionString = DevelopmentStorage.ConnectionString(addresses["Blob"], addresses["Queue"], addresses["Table"]);
        _ = WatchAsync();
    }

    private async Task WatchAsync()
    {
        await _process.WaitForExitAsync();
        if (_stopping)
            return;
        string reason = string.Create(
            CultureInfo.InvariantCulture,
            $"Azurite ended by itself with code {_process.ExitCode}: nothing can be read or written until the host is started again."
        );
        Log.Ended(_logger, reason);
        _ended.TrySetResult(reason);
    }

    private void Complain(string? line)
    {
        if (!string.IsNullOrWhiteSpace(line))
            Log.Said(_logger, line);
    }

    private static bool IsFree(int port)
    {
        try
        {
            using TcpListener listener = new(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static string FindScript()
    {
        string inside = Path.Combine("node_modules", "azurite", "dist", "src", "azurite.js");
        foreach (string start in (string[])[AppContext.BaseDirectory, Environment.CurrentDirectory])
            for (DirectoryInfo? folder = new(start); folder is not null; folder = folder.Parent)
                if (Path.Combine(folder.FullName, inside) is { } script && File.Exists(script))
                    return script;
        return Path.Combine(Environment.CurrentDirectory, inside);
    }

    [GeneratedRegex(@"^Azurite (Blob|Queue|Table) service is successfully listening at (http://\S+)")]
    private static partial Regex Listening();

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Port {Ports} is in use by something else: Azurite takes free ones.")]
        public static partial void PortTaken(ILogger logger, string ports);

        [LoggerMessage(2, LogLevel.Error, "{Reason}")]
        public static partial void Ended(ILogger logger, string reason);

        [LoggerMessage(3, LogLevel.Debug, "Azurite: {Line}")]
        public static partial void Said(ILogger logger, string line);
    }
}
