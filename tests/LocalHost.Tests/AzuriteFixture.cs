using AaClip.LocalHost.Storage;
using AaClip.LocalHost.Tests;
using Microsoft.Extensions.Logging.Abstractions;

[assembly: AssemblyFixture(typeof(AzuriteFixture))]

namespace AaClip.LocalHost.Tests;

/// <summary>
/// One Azurite for all tests of the assembly. The sample app names its queues, so each test gets a storage account of its own on it.
/// </summary>
public sealed class AzuriteFixture : IAsyncLifetime
{
    private const int Accounts = 96;
    private const string Emulator = "devstoreaccount1";

    // The emulator's published key, for every account: no secret.
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private Azurite? _azurite;
    private int _used;

    public static string Script { get; } =
        Path.Combine(AaClip.Tests.Parity.RepositoryRoot, "node_modules", "azurite", "dist", "src", "azurite.js");

    /// <summary>Connection string of an account that no test has used before.</summary>
    public string NewAccount()
    {
        int number = Interlocked.Increment(ref _used);
        Assert.True(number <= Accounts, $"More than {Accounts} accounts are asked for: raise the number in {nameof(AzuriteFixture)}.");
        // Tests run after InitializeAsync
        return _azurite!.ConnectionString.Replace(Emulator, $"scenario{number}", StringComparison.Ordinal);
    }

    public async ValueTask InitializeAsync()
    {
        Environment.SetEnvironmentVariable(
            "AZURITE_ACCOUNTS",
            string.Join(';', Enumerable.Range(1, Accounts).Select(i => $"scenario{i}:{Key}").Prepend($"{Emulator}:{Key}"))
        );
        _azurite = await Azurite.StartAsync(Script, null, 0, NullLogger.Instance, CancellationToken.None);
    }

    public ValueTask DisposeAsync() => _azurite?.DisposeAsync() ?? ValueTask.CompletedTask;
}
