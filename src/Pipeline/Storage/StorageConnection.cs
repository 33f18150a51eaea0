using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Extensions.Configuration;

namespace AaClip.Pipeline.Storage;

/// <summary>
/// Connects to the storage account of images, queues and results, by the same settings that the triggers read. Either DataStorage is a
/// connection string. Or an identity is used: DataStorage__accountName, or __blobServiceUri and __queueServiceUri; then __credential
/// ("managedidentity", or absent for the machine's default identity) and __clientId of a user-assigned identity. The Functions host keeps
/// its own locks and keys in AzureWebJobsStorage, which in Azure is another account.
/// </summary>
public static class StorageConnection
{
    /// <summary>Name of the setting, and of the triggers' Connection.</summary>
    public const string Setting = "DataStorage";

    /// <summary>Creates the two service clients. Queue messages are Base64, as the host expects.</summary>
    /// <exception cref="InvalidOperationException">A setting is missing or not usable; the message names it.</exception>
    public static (BlobServiceClient Blobs, QueueServiceClient Queues) Open(IConfiguration configuration) => Open(configuration, null);

    /// <param name="change">Changes the options of both clients, for tests.</param>
    internal static (BlobServiceClient Blobs, QueueServiceClient Queues) Open(IConfiguration configuration, Action<ClientOptions>? change)
    {
        // A blob can have the name "/a.png" or "a/"; by default the library would remove these slashes.
        BlobClientOptions blobOptions = new() { TrimBlobNameSlashes = false };
        QueueClientOptions queueOptions = new() { MessageEncoding = QueueMessageEncoding.Base64 };
        foreach (ClientOptions options in (ClientOptions[])[blobOptions, queueOptions])
        {
            options.AddPolicy(new WholeAnswerPolicy(), HttpPipelinePosition.PerRetry);
            change?.Invoke(options);
        }

        if (configuration[Setting] is { Length: > 0 } connection)
        {
            try
            {
                return (new BlobServiceClient(connection, blobOptions), new QueueServiceClient(connection, queueOptions));
            }
            catch (FormatException e)
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
        TokenCredential credential = IdentityCredential.Of(section);
        return (new BlobServiceClient(blobs, credential, blobOptions), new QueueServiceClient(queues, credential, queueOptions));
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
