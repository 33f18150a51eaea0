using AaClip.Pipeline.Storage;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;

namespace AaClip.LocalHost.Storage;

/// <summary>The development storage account of Azurite, and a check whether it answers.</summary>
internal static class DevelopmentStorage
{
    // Published by Microsoft for the emulator; not a secret.
    private const string Account =
        "AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    // A closed port refuses the connection at once. A server that accepts and answers slowly is busy, so wait long.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public static string ConnectionString(string blobAddress, string queueAddress, string tableAddress) =>
        $"DefaultEndpointsProtocol=http;{Account};BlobEndpoint={blobAddress}/devstoreaccount1;"
        + $"QueueEndpoint={queueAddress}/devstoreaccount1;TableEndpoint={tableAddress}/devstoreaccount1";

    /// <summary>True when all endpoints are on this machine. Such storage raises no events; the host raises them.</summary>
    /// <exception cref="InvalidOperationException">The value is not a connection string, or does not name the tables.</exception>
    public static bool IsLocal(string connectionString)
    {
        StorageConnection.CheckEndpoints(connectionString);
        try
        {
            return new BlobServiceClient(connectionString).Uri.IsLoopback
                && new QueueServiceClient(connectionString).Uri.IsLoopback
                && new TableServiceClient(connectionString).Uri.IsLoopback;
        }
        catch (Exception broken) when (broken is FormatException or ArgumentException or InvalidOperationException)
        {
            throw new InvalidOperationException(
                "DataStorage is not the connection string of a storage account: write \"UseDevelopmentStorage=true\", or copy one "
                    + "from the account's access keys.",
                broken
            );
        }
    }

    /// <summary>True when a storage service answers at all three endpoints.</summary>
    public static async Task<bool> AnswersAsync(string connectionString, CancellationToken cancellation)
    {
        using HttpClient http = new() { Timeout = Patience };
        return await AnswersAsync(new BlobServiceClient(connectionString).Uri, "blob")
            && await AnswersAsync(new QueueServiceClient(connectionString).Uri, "queue")
            && await AnswersAsync(new TableServiceClient(connectionString).Uri, "table");

        async Task<bool> AnswersAsync(Uri endpoint, string service)
        {
            try
            {
                using HttpResponseMessage response = await http.GetAsync(new Uri(endpoint + "?comp=list"), cancellation);
                string server = string.Join(' ', response.Headers.TryGetValues("Server", out IEnumerable<string>? values) ? values : []);
                return server.Contains(service, StringComparison.OrdinalIgnoreCase); // "Azurite-Blob/3.37.0", "Windows-Azure-Blob/1.0"
            }
            catch (HttpRequestException)
            {
                return false;
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                return false;
            }
        }
    }
}
