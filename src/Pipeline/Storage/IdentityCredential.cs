using Azure.Core;
using Azure.Identity;
using Microsoft.Extensions.Configuration;

namespace AaClip.Pipeline.Storage;

/// <summary>
/// The credential of an identity-based connection, from the settings NAME__credential and NAME__clientId, as the Functions host reads them.
/// </summary>
internal static class IdentityCredential
{
    /// <param name="section">The connection, such as DataStorage or ServiceBus.</param>
    /// <exception cref="InvalidOperationException">The kind of credential is unknown.</exception>
    public static TokenCredential Of(IConfigurationSection section)
    {
        string? client = section["clientId"] is { Length: > 0 } id ? id : null;
        return section["credential"] switch
        {
            null or "" => new DefaultAzureCredential(new DefaultAzureCredentialOptions { ManagedIdentityClientId = client }),
            { } kind when kind.Equals("managedidentity", StringComparison.OrdinalIgnoreCase) => new ManagedIdentityCredential(
                client is null ? ManagedIdentityId.SystemAssigned : ManagedIdentityId.FromUserAssignedClientId(client)
            ),
            { } other => throw new InvalidOperationException(
                $"The setting {section.Path}__credential is '{other}', expected 'managedidentity', or leave it out."
            ),
        };
    }
}
