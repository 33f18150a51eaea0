using System.Net;
using System.Net.Sockets;
using AaClip.LocalHost.Storage;
using AaClip.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace AaClip.EndToEnd.Tests.Soak;

/// <summary>Storage in a folder that can be restarted, behind proxies that inject the faults.</summary>
internal sealed class FaultyStorage : IAsyncDisposable
{
    private const string Emulator = "devstoreaccount1";
    private static readonly string Script = Path.Combine(Parity.RepositoryRoot, "node_modules", "azurite", "dist", "src", "azurite.js");

    private readonly string _folder;
    private readonly StorageProxy _blobs,
        _queues,
        _tables;
    private Azurite _azurite;

    private FaultyStorage(string folder, Azurite azurite, StorageProxy blobs, StorageProxy queues, StorageProxy tables) =>
        (_folder, _azurite, _blobs, _queues, _tables) = (folder, azurite, blobs, queues, tables);

    public static async Task<FaultyStorage> OpenAsync(string folder, StorageFaults faults)
    {
        Azurite azurite = await Azurite.StartAsync(Script, folder, FreePorts(), NullLogger.Instance, CancellationToken.None);
        StorageProxy blobs = await StorageProxy.StartAsync(StorageProxy.Endpoint(azurite.ConnectionString, "BlobEndpoint"));
        StorageProxy queues = await StorageProxy.StartAsync(StorageProxy.Endpoint(azurite.ConnectionString, "QueueEndpoint"));
        StorageProxy tables = await StorageProxy.StartAsync(StorageProxy.Endpoint(azurite.ConnectionString, "TableEndpoint"));
        foreach (StorageProxy proxy in (StorageProxy[])[blobs, queues, tables])
            (proxy.Choose, proxy.Delay) = (faults.Choose, faults.Delay);
        return new FaultyStorage(folder, azurite, blobs, queues, tables);
    }

    /// <summary>
    /// Connection string without the proxies, for cameras and verbs. The ports stay the same after a restart, for the proxies too.
    /// </summary>
    /// <param name="account">One of the fixture's.</param>
    public string Direct(string account) => _azurite.ConnectionString.Replace(Emulator, account, StringComparison.Ordinal);

    /// <summary>Connection string through the proxies, for the hosts.</summary>
    public string Through(string account) => StorageProxy.Through(Direct(account), _blobs, _queues, _tables);

    /// <summary>
    /// Ends storage and starts it again. Azurite writes its tables every few seconds and at SIGTERM: with SIGKILL it would lose data that
    /// it has confirmed, which no program above it can repair.
    /// </summary>
    public async Task RestartAsync(TimeSpan away)
    {
        Uri before = _blobs.Target;
        await _azurite.DisposeAsync();
        await Task.Delay(away);
        _azurite = await Azurite.StartAsync(Script, _folder, before.Port, NullLogger.Instance, CancellationToken.None);
        Assert.Equal(before, StorageProxy.Endpoint(_azurite.ConnectionString, "BlobEndpoint")); // cameras would not find it
    }

    public async ValueTask DisposeAsync()
    {
        await _blobs.DisposeAsync();
        await _queues.DisposeAsync();
        await _tables.DisposeAsync();
        await _azurite.DisposeAsync();
    }

    // Below the range of ports that the system assigns itself.
    private static int FreePorts()
    {
        while (true)
        {
            int port = Random.Shared.Next(20_000, 30_000);
            try
            {
                using TcpListener one = new(IPAddress.Loopback, port),
                    second = new(IPAddress.Loopback, port + 1),
                    third = new(IPAddress.Loopback, port + 2);
                one.Start();
                second.Start();
                third.Start();
                return port;
            }
            catch (SocketException)
            {
                // A port is in use.
            }
        }
    }
}
