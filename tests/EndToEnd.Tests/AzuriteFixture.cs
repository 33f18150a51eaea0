using AaClip.EndToEnd.Tests;
using AaClip.LocalHost.Storage;
using Microsoft.Extensions.Logging.Abstractions;

[assembly: AssemblyFixture(typeof(AzuriteFixture))]

namespace AaClip.EndToEnd.Tests;

/// <summary>
/// One Azurite for all scenarios. Triggers name their queues, so a scenario gets a storage account of its own on it, and all can run at
/// the same time.
/// </summary>
public sealed class AzuriteFixture : IAsyncLifetime
{
    /// <summary>Accounts "scenario1", "scenario2" …, on every Azurite that this process starts.</summary>
    internal const int Accounts = 64;

    private const string Emulator = "devstoreaccount1";

    // The emulator's published key, for every account: no secret.
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private Azurite? _azurite;
    private int _used;

    public async ValueTask InitializeAsync()
    {
        Environment.SetEnvironmentVariable("AACLIP_CACHE", TinyPackage.Cache);
        Environment.SetEnvironmentVariable(
            "AZURITE_ACCOUNTS",
            string.Join(';', Enumerable.Range(1, Accounts).Select(i => $"scenario{i}:{Key}").Prepend($"{Emulator}:{Key}"))
        );
        string script = Path.Combine(Parity.RepositoryRoot, "node_modules", "azurite", "dist", "src", "azurite.js");
        _azurite = await Azurite.StartAsync(script, null, 0, NullLogger.Instance, CancellationToken.None);
    }

    /// <summary>Connection string of an account that no scenario has used before.</summary>
    public string NewAccount()
    {
        int number = Interlocked.Increment(ref _used);
        Assert.True(number <= Accounts, $"More than {Accounts} accounts are asked for: raise the number in {nameof(AzuriteFixture)}.");
        // Tests run after InitializeAsync
        return _azurite!.ConnectionString.Replace(Emulator, $"scenario{number}", StringComparison.Ordinal);
    }

    public ValueTask DisposeAsync() => _azurite?.DisposeAsync() ?? ValueTask.CompletedTask;
}
