using AaClip.LocalHost.Storage;
using AaClip.LocalHost.Tests;
using Microsoft.Extensions.Logging.Abstractions;

[assembly: AssemblyFixture(typeof(AzuriteFixture))]

namespace AaClip.LocalHost.Tests;

/// <summary>One Azurite for all tests of the assembly; each test has queues and containers of its own.</summary>
public sealed class AzuriteFixture : IAsyncLifetime
{
    private Azurite? _azurite;

    public static string Script { get; } = Path.Combine(AaClip.Tests.Parity.RepositoryRoot, "node_modules", "azurite", "dist", "src", "azurite.js");

    public string ConnectionString => _azurite!.ConnectionString; // tests run after InitializeAsync

    public async ValueTask InitializeAsync() =>
        _azurite = await Azurite.StartAsync(Script, null, 0, NullLogger.Instance, CancellationToken.None);

    public ValueTask DisposeAsync() => _azurite?.DisposeAsync() ?? ValueTask.CompletedTask;
}
