using System.CommandLine;
using System.Text.RegularExpressions;
using AaClip.Pipeline.Storage;
using Azure;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace AaClip.Cli.Operate;

/// <summary>
/// The storage account of a verb: --connection or --account, else the environment's DataStorage, else a running <c>aaclip up</c>, else
/// Azurite on its default ports.
/// </summary>
internal sealed partial class Account
{
    // By then a refused connection has been tried four times, and a busy machine has had time to answer
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan PatienceWithIdentity = TimeSpan.FromSeconds(40); // asking the Azure CLI is slow

    private readonly Option<string?> _connection = new("--connection")
    {
        Description =
            "Connection string of the storage account. Default: the environment variable DataStorage, else a running 'aaclip up', "
            + "else Azurite on its default ports.",
        HelpName = "STRING",
    };
    private readonly Option<string?> _account = new("--account")
    {
        Description = "Storage account by name or address, with the identity of this machine ('az login', managed identity).",
        HelpName = "URL",
    };

    /// <summary>Adds the two options to a verb.</summary>
    public void AddTo(Verb command)
    {
        command.Options.Add(_connection);
        command.Options.Add(_account);
        command.Rules.Add(r => Verb.Has(r, _connection) && Verb.Has(r, _account) ? "--connection and --account exclude each other." : null);
    }

    /// <summary>Opens the account and checks that it answers.</summary>
    /// <exception cref="IOException">The account does not answer.</exception>
    /// <exception cref="InvalidOperationException">The name or address of the account is invalid.</exception>
    public async Task<StorageClients> OpenAsync(ParseResult parsed, CancellationToken cancellation)
    {
        IConfiguration configuration = Settings(parsed.GetValue(_connection), parsed.GetValue(_account));
        StorageClients storage = Open(configuration);
        await ReachAsync(storage, configuration[StorageConnection.Setting] is null ? PatienceWithIdentity : Patience, cancellation);
        return storage;
    }

    /// <summary>Opens an account without checking that it answers.</summary>
    public static StorageClients Open(IConfiguration configuration) =>
        new(configuration, Options.Create(configuration.GetSection(StorageOptions.Section).Get<StorageOptions>() ?? new StorageOptions()));

    /// <summary>The account of a connection string.</summary>
    public static StorageClients Open(string connection) => Open(Settings(connection, null));

    internal static IConfiguration Settings(string? connection, string? account)
    {
        ConfigurationManager configuration = new();
        configuration.AddEnvironmentVariables();
        Dictionary<string, string?> chosen = [];
        if (account is not null)
        {
            foreach ((string service, string address) in Addresses(account))
                chosen[$"{StorageConnection.Setting}:{service}ServiceUri"] = address;
            chosen[StorageConnection.Setting] = null;
        }
        else if (connection is not null)
        {
            chosen[StorageConnection.Setting] = connection;
        }
        else if (
            string.IsNullOrEmpty(configuration[StorageConnection.Setting])
            && !configuration.GetSection(StorageConnection.Setting).GetChildren().Any()
        )
        {
            chosen[StorageConnection.Setting] = RunningHost.Find()?.Connection ?? "UseDevelopmentStorage=true";
        }

        configuration.AddInMemoryCollection(chosen);
        return configuration;
    }

    private static IEnumerable<(string Service, string Address)> Addresses(string account)
    {
        string[] services = ["blob", "queue", "table"];
        if (AccountName().IsMatch(account))
            return services.Select(s => (s, $"https://{account}.{s}.core.windows.net"));
        if (
            Uri.TryCreate(account, UriKind.Absolute, out Uri? address)
            && address.Scheme == Uri.UriSchemeHttps
            && address.Query.Length == 0
            && BlobHost().Match(address.Host) is { Success: true } host
        )
            return services.Select(s => (s, $"https://{host.Groups[1].Value}.{s}.{host.Groups[2].Value}"));
        // The message does not repeat the value: it may be an address with a signature, which is a secret.
        throw new InvalidOperationException(
            "--account takes the name of a storage account, or its address such as https://name.blob.core.windows.net, without a "
                + "signature; a connection string goes to --connection."
        );
    }

    private static async Task ReachAsync(StorageClients storage, TimeSpan patience, CancellationToken cancellation)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(patience);
        try
        {
            await storage.Container(ContainerNames.Images).ExistsAsync(limit.Token);
        }
        catch (Exception e)
            when (!cancellation.IsCancellationRequested
                && e is OperationCanceledException or AggregateException or RequestFailedException { Status: 0 }
            )
        {
            throw new IOException(
                $"Storage at {storage.Blobs.Uri.GetLeftPart(UriPartial.Path)} does not answer: start it with 'aaclip up', or name "
                    + $"another with --connection or --account.",
                e
            );
        }
    }

    [GeneratedRegex("^[a-z0-9]{3,24}$")]
    private static partial Regex AccountName();

    [GeneratedRegex(@"^([a-z0-9-]+)\.blob\.(.+)$")]
    private static partial Regex BlobHost();
}
