using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Extensions.Configuration;

namespace AaClip.Pipeline.Storage;

/// <summary>
/// Connects to the storage account of images, queues and results, by the same settings that the triggers read. Either DataStorage is a
/// connection string. Or an identity is used: DataStorage__accountName, or __blobServiceUri, __queueServiceUri and __tableServiceUri; then
/// __credential ("managedidentity", or absent for the machine's default identity) and __clientId of a user-assigned identity. The Functions
/// host keeps its own locks and keys in AzureWebJobsStorage, which in Azure is another account.
/// </summary>
public static class StorageConnection
{
    /// <summary>Name of the setting, and of the triggers' Connection.</summary>
    public const string Setting = "DataStorage";

    /// <summary>Creates the three service clients. Queue messages are Base64, as the host expects.</summary>
    /// <exception cref="InvalidOperationException">A setting is missing or not usable; the message names it.</exception>
    public static (BlobServiceClient Blobs, QueueServiceClient Queues, TableServiceClient Tables) Open(IConfiguration configuration) =>
        Open(configuration, null);

    /// <param name="change">Changes the options of all clients, for tests.</param>
    internal static (BlobServiceClient Blobs, QueueServiceClient Queues, TableServiceClient Tables) Open(
        IConfiguration configuration,
        Action<ClientOptions>? change
    )
    {
        // A blob can have the name "/a.png" or "a/"; by default the library would remove these slashes.
        BlobClientOptions blobOptions = new() { TrimBlobNameSlashes = false };
        QueueClientOptions queueOptions = new() { MessageEncoding = QueueMessageEncoding.Base64 };
        TableClientOptions tableOptions = new();
        foreach (ClientOptions options in (ClientOptions[])[blobOptions, queueOptions, tableOptions])
        {
            options.AddPolicy(new WholeAnswerPolicy(), HttpPipelinePosition.PerRetry);
            change?.Invoke(options);
        }

        if (configuration[Setting] is { Length: > 0 } connection)
        {
            CheckEndpoints(connection);
            try
            {
                return (
                    new BlobServiceClient(connection, blobOptions),
                    new QueueServiceClient(connection, queueOptions),
                    new TableServiceClient(connection, tableOptions)
                );
            }
            catch (Exception e) when (e is FormatException or InvalidOperationException) // the table library throws the second
            {
                // The value holds a key, so it must not appear in the message.
                throw new InvalidOperationException(
                    $"The setting {Setting} is not a connection string of a storage account: copy it again, or use "
                        + $"'UseDevelopmentStorage=true' for Azurite.",
                    e
                );
            }
        }

        IConfigurationSection section = configuration.GetSection(Setting);
        string? account = section["accountName"];
        Uri blobs = Address(section, "blobServiceUri", account, "blob");
        Uri queues = Address(section, "queueServiceUri", account, "queue");
        Uri tables = Address(section, "tableServiceUri", account, "table");
        TokenCredential credential = IdentityCredential.Of(section);
        return (
            new BlobServiceClient(blobs, credential, blobOptions),
            new QueueServiceClient(queues, credential, queueOptions),
            new TableServiceClient(tables, credential, tableOptions)
        );
    }

    /// <summary>
    /// Checks that a connection string that names endpoints names that of the tables, too: the table client would otherwise take the
    /// account's address in Azure, even if blobs and queues are on this machine.
    /// </summary>
    /// <exception cref="InvalidOperationException">It does not.</exception>
    public static void CheckEndpoints(string connection)
    {
        if (Names("BlobEndpoint") && !Names("TableEndpoint"))
            throw new InvalidOperationException(
                $"The setting {Setting} has a BlobEndpoint and no TableEndpoint, which the results index needs: add the address of the "
                    + "tables, for Azurite on its default ports 'TableEndpoint=http://127.0.0.1:10002/devstoreaccount1'."
            );

        bool Names(string part) => connection.Split(';').Any(p => p.TrimStart().StartsWith(part + "=", StringComparison.OrdinalIgnoreCase));
    }

    private static Uri Address(IConfigurationSection section, string name, string? account, string service)
    {
        string? text =
            section[name] is { Length: > 0 } given ? given
            : account is { Length: > 0 } ? $"https://{account}.{service}.core.windows.net"
            : null;
        if (text is null)
            throw new InvalidOperationException(
                $"No storage account is configured: set {Setting} to a connection string ('UseDevelopmentStorage=true' for "
                    + $"Azurite), or {Setting}__accountName, or {Setting}__{name}."
            );
        return Uri.TryCreate(text, UriKind.Absolute, out Uri? address)
            ? address
            : throw new InvalidOperationException(
                $"The setting {Setting}__{name} is '{text}', expected an address such as https://account.{service}.core.windows.net."
            );
    }
}
