using AaClip.Scoring.Text;
using Azure.Core;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Storage;

/// <summary>All clients of the storage account, made in one place, so that names, identity and encoding agree on both ends.</summary>
public sealed class StorageClients
{
    private readonly string _prefix;

    /// <summary>Opens the account that the settings name; nothing is sent yet.</summary>
    /// <exception cref="InvalidOperationException">A setting is missing or not usable; the message names it.</exception>
    public StorageClients(IConfiguration configuration, IOptions<StorageOptions> options)
        : this(configuration, options, null) { }

    /// <param name="change">Last word on the options of all clients, for tests.</param>
    internal StorageClients(IConfiguration configuration, IOptions<StorageOptions> options, Action<ClientOptions>? change)
    {
        (Blobs, Queues, Tables) = StorageConnection.Open(configuration, change);
        _prefix = options.Value.Prefix;
    }

    /// <summary>The account's blobs.</summary>
    public BlobServiceClient Blobs { get; }

    /// <summary>The account's queues.</summary>
    public QueueServiceClient Queues { get; }

    /// <summary>The account's tables.</summary>
    public TableServiceClient Tables { get; }

    /// <summary>
    /// What the names of our tables begin with: of the prefix its letters and digits, and 8 digits of its SHA-256, for tables take nothing
    /// else in a name (learn.microsoft.com, "Understanding the Table service data model").
    /// </summary>
    public string TablePrefix =>
        _prefix.Length == 0 ? "" : $"p{_prefix.Replace("-", "", StringComparison.Ordinal)}{TextHash.Hex(_prefix, 8)}";

    /// <summary>A container by its name of <see cref="ContainerNames"/>.</summary>
    public BlobContainerClient Container(string name) => Blobs.GetBlobContainerClient(_prefix + name);

    /// <summary>A queue by its name of <see cref="QueueNames"/>.</summary>
    public QueueClient Queue(string name) => Queues.GetQueueClient(_prefix + name);

    /// <summary>The container's real name, with the prefix, to which storage events are compared.</summary>
    public string NameOf(string container) => _prefix + container;

    /// <summary>Makes the containers and queues that are missing.</summary>
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
