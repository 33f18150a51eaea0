using AaClip.Scoring.Text;
using Azure.Core;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Storage;

/// <summary>Creates all clients of the storage account, so that senders and receivers use the same names, identity and encoding.</summary>
public sealed class StorageClients
{
    private readonly string _prefix;

    /// <summary>Opens the account that the settings name; sends no request yet.</summary>
    /// <exception cref="InvalidOperationException">A setting is missing or not usable; the message names it.</exception>
    public StorageClients(IConfiguration configuration, IOptions<StorageOptions> options)
        : this(configuration, options, null) { }

    /// <param name="change">Changes the options of all clients, for tests.</param>
    internal StorageClients(IConfiguration configuration, IOptions<StorageOptions> options, Action<ClientOptions>? change)
    {
        (Blobs, Queues, Tables) = StorageConnection.Open(configuration, change);
        _prefix = options.Value.Prefix;
    }

    /// <summary>Client of the account's blobs.</summary>
    public BlobServiceClient Blobs { get; }

    /// <summary>Client of the account's queues.</summary>
    public QueueServiceClient Queues { get; }

    /// <summary>Client of the account's tables.</summary>
    public TableServiceClient Tables { get; }

    /// <summary>
    /// The beginning of the names of our tables: letters and digits of the prefix, and 8 digits of its SHA-256. Names of tables take
    /// nothing else (learn.microsoft.com, "Understanding the Table service data model").
    /// </summary>
    public string TablePrefix =>
        _prefix.Length == 0 ? "" : $"p{_prefix.Replace("-", "", StringComparison.Ordinal)}{TextHash.Hex(_prefix, 8)}";

    /// <summary>Returns the client of a container.</summary>
    /// <param name="name">One of <see cref="ContainerNames"/>.</param>
    public BlobContainerClient Container(string name) => Blobs.GetBlobContainerClient(_prefix + name);

    /// <summary>Returns the client of a queue.</summary>
    /// <param name="name">One of <see cref="QueueNames"/>.</param>
    public QueueClient Queue(string name) => Queues.GetQueueClient(_prefix + name);

    /// <summary>Returns the container's real name, with the prefix, as storage events contain it.</summary>
    public string NameOf(string container) => _prefix + container;

    /// <summary>Creates all containers and queues that do not exist.</summary>
    public async Task EnsureCreatedAsync(CancellationToken cancellation = default)
    {
        await Parallel.ForEachAsync(
            ContainerNames.All,
            cancellation,
            async (name, token) => await Container(name).CreateIfNotExistsAsync(cancellationToken: token)
        );
        await Parallel.ForEachAsync(
            QueueNames.All,
            cancellation,
            async (name, token) => await Queue(name).CreateIfNotExistsAsync(cancellationToken: token)
        );
    }
}
