using System.Diagnostics;
using System.Text.RegularExpressions;
using AaClip.Pipeline.Storage;
using AaClip.Tests;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

[assembly: AssemblyFixture(typeof(AzuriteFixture))]

namespace AaClip.Tests;

/// <summary>
/// One Azurite for all tests of an assembly, on free ports and in memory. Each test takes names of its own by <see cref="NewAsync"/>.
/// </summary>
public sealed partial class AzuriteFixture : IAsyncLifetime
{
    // Azurite's published one
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(5);
    private static int _count;

    private Process? _process;
    private string? _connection;

    /// <summary>For tests that bring their own clients; skips the test when Azurite is not installed.</summary>
    public string ConnectionString
    {
        get
        {
            if (_connection is null)
                Assert.Skip("Azurite is not installed: run 'npm ci --ignore-scripts' in the repository.");
            return _connection;
        }
    }

    /// <summary>Settings that reach Azurite.</summary>
    public IConfiguration Configuration(params IEnumerable<KeyValuePair<string, string?>> more) =>
        new ConfigurationBuilder().AddInMemoryCollection([new(StorageConnection.Setting, ConnectionString), .. more]).Build();

    /// <summary>Clients with containers and queues that no other test uses.</summary>
    public async Task<StorageClients> NewAsync()
    {
        string prefix = $"t{Interlocked.Increment(ref _count)}-";
        StorageClients storage = new(Configuration(), Options.Create(new StorageOptions { Prefix = prefix }));
        await storage.EnsureCreatedAsync(TestContext.Current.CancellationToken);
        return storage;
    }

    public async ValueTask InitializeAsync()
    {
        string script = Path.Combine(Parity.RepositoryRoot, "node_modules", "azurite", "dist", "src", "azurite.js");
        if (!File.Exists(script))
            return;
        ProcessStartInfo start = new("node") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (
            string argument in (string[])
                [
                    script,
                    "--inMemoryPersistence",
                    "--silent",
                    "--disableTelemetry",
                    "--skipApiVersionCheck",
                    "--blobPort",
                    "0",
                    "--queuePort",
                    "0",
                    "--tablePort",
                    "0",
                ]
        )
            start.ArgumentList.Add(argument);
        _process = Process.Start(start) ?? throw new InvalidOperationException("Node did not start.");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Stop();
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginErrorReadLine();

        using CancellationTokenSource limit = new(StartLimit);
        Dictionary<string, string> addresses = [];
        while (addresses.Count < 2)
        {
            string line =
                await _process.StandardOutput.ReadLineAsync(limit.Token)
                ?? throw new InvalidOperationException("Azurite ended before it was ready.");
            if (Listening().Match(line) is { Success: true } match)
                addresses[match.Groups[1].Value] = match.Groups[2].Value;
        }

        _ = _process.StandardOutput.ReadToEndAsync(CancellationToken.None); // or its pipe would fill
        _connection =
            $"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={Key};"
            + $"BlobEndpoint={addresses["Blob"]}/devstoreaccount1;QueueEndpoint={addresses["Queue"]}/devstoreaccount1";
    }

    public ValueTask DisposeAsync()
    {
        Stop();
        return ValueTask.CompletedTask;
    }

    private void Stop()
    {
        if (Interlocked.Exchange(ref _process, null) is { } process)
        {
            process.Kill();
            process.Dispose();
        }
    }

    [GeneratedRegex(@"^Azurite (Blob|Queue) service is successfully listening at (http://[^/\s]+)")]
    private static partial Regex Listening();
}
