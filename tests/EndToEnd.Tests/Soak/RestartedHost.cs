namespace AaClip.EndToEnd.Tests.Soak;

/// <summary>
/// A host that is started again when it has ended, as a supervisor does. While storage is unavailable a start fails and is repeated.
/// </summary>
internal sealed class RestartedHost(Site site, string connection, TimeSpan lease, IReadOnlyDictionary<string, string> settings)
    : IAsyncDisposable
{
    private HostProcess? _host;

    /// <summary>Starts it, unless it runs.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        while (_host is null)
        {
            try
            {
                _host = await HostProcess.StartAsync(site, lease, cancellation, connection: connection, settings: settings);
            }
            catch (InvalidOperationException)
            {
                await Task.Delay(300, cancellation);
            }
        }
    }

    /// <summary>Kills it, or its worker.</summary>
    public async Task KillAsync(Victim victim, CancellationToken cancellation)
    {
        await StartAsync(cancellation);
        Assert.Null(_host!.LastOutput); // it runs: only a kill may end it
        await _host.KillAsync(victim, cancellation);
        if (victim is Victim.Worker)
            return;
        await _host.DisposeAsync();
        _host = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
        _host = null;
    }
}
