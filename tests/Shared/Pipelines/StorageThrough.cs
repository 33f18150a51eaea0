using AaClip.Pipeline.Storage;
using Azure.Core.Pipeline;
using Microsoft.Extensions.Options;

namespace AaClip.Tests;

/// <summary>Storage clients with another transport, for tests that spoil requests.</summary>
internal static class StorageThrough
{
    /// <summary>The same containers and queues, through another transport; retries follow at once.</summary>
    public static StorageClients Through(this AzuriteFixture azurite, StorageClients storage, HttpPipelineTransport transport) =>
        new(
            azurite.Configuration(),
            Options.Create(new StorageOptions { Prefix = storage.NameOf("") }),
            options =>
            {
                options.Transport = transport;
                options.Retry.Delay = options.Retry.MaxDelay = TimeSpan.FromMilliseconds(1);
            }
        );
}
