using AaClip.Pipeline.Storage;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Extensions.Configuration;

namespace AaClip.Pipeline.Tests.Storage;

public class StorageConnectionTests
{
    [Fact]
    public void A_connection_string_names_all_three_services()
    {
        (BlobServiceClient blobs, QueueServiceClient queues, TableServiceClient tables) = Open(
            ("DataStorage", "UseDevelopmentStorage=true")
        );

        Assert.Equal(
            (
                "http://127.0.0.1:10000/devstoreaccount1",
                "http://127.0.0.1:10001/devstoreaccount1",
                "http://127.0.0.1:10002/devstoreaccount1"
            ),
            (blobs.Uri.ToString(), queues.Uri.ToString(), tables.Uri.ToString())
        );
    }

    [Fact]
    public void An_identity_needs_the_three_addresses()
    {
        (BlobServiceClient blobs, QueueServiceClient queues, TableServiceClient tables) = Open(
            ("DataStorage:blobServiceUri", "https://a.blob.core.windows.net"),
            ("DataStorage:queueServiceUri", "https://a.queue.core.windows.net"),
            ("DataStorage:tableServiceUri", "https://a.table.core.windows.net"),
            ("DataStorage:credential", "managedidentity"),
            ("DataStorage:clientId", "11111111-1111-1111-1111-111111111111")
        );

        Assert.Equal(
            ("https://a.blob.core.windows.net/", "https://a.queue.core.windows.net/", "https://a.table.core.windows.net/"),
            (blobs.Uri.ToString(), queues.Uri.ToString(), tables.Uri.ToString())
        );
    }

    [Fact]
    public void An_identity_may_name_the_account_alone()
    {
        (BlobServiceClient blobs, QueueServiceClient queues, TableServiceClient tables) = Open(("DataStorage:accountName", "acct"));

        Assert.Equal(
            ("https://acct.blob.core.windows.net/", "https://acct.queue.core.windows.net/", "https://acct.table.core.windows.net/"),
            (blobs.Uri.ToString(), queues.Uri.ToString(), tables.Uri.ToString())
        );
    }

    [Fact]
    public void Nothing_configured_says_what_to_set()
    {
        InvalidOperationException e = Assert.Throws<InvalidOperationException>(() => Open());

        Assert.Contains("set DataStorage to a connection string", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Endpoints_without_that_of_the_tables_are_refused_without_repeating_the_key()
    {
        InvalidOperationException e = Assert.Throws<InvalidOperationException>(() =>
            Open(("DataStorage", "AccountName=a;AccountKey=c2VjcmV0;BlobEndpoint=http://127.0.0.1:1/a;QueueEndpoint=http://127.0.0.1:1/a"))
        );

        Assert.Contains("no TableEndpoint, which the results index needs", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("c2VjcmV0", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bad_connection_string_is_refused_without_repeating_it()
    {
        InvalidOperationException e = Assert.Throws<InvalidOperationException>(() => Open(("DataStorage", "AccountKey=secret")));

        Assert.Contains("DataStorage is not a connection string", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("DataStorage:blobServiceUri", "not an address", "DataStorage__blobServiceUri is 'not an address'")]
    [InlineData("DataStorage:credential", "password", "DataStorage__credential is 'password', expected 'managedidentity'")]
    public void A_bad_setting_is_named(string key, string value, string message)
    {
        InvalidOperationException e = Assert.Throws<InvalidOperationException>(() =>
            Open(("DataStorage:accountName", "acct"), (key, value))
        );

        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    private static (BlobServiceClient, QueueServiceClient, TableServiceClient) Open(params (string Key, string Value)[] settings) =>
        StorageConnection.Open(
            new ConfigurationBuilder()
                .AddInMemoryCollection(settings.Select(s => new KeyValuePair<string, string?>(s.Key, s.Value)))
                .Build()
        );
}
