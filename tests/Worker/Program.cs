using System.Globalization;
using AaClip.Functions;
using AaClip.LocalHost;
using Microsoft.Extensions.Logging;

// A worker to be killed: runs the functions until its standard input closes. Arguments: connection string, model folder, seconds of a lease, and
// "unwatched" where images that lie in storage are not to be scored by themselves.
if (args is not [string connection, string model, string seconds, .. string[] rest])
{
    Console.Error.WriteLine("Usage: AaClip.Worker CONNECTION MODEL LEASE_SECONDS [unwatched]");
    return 2;
}

TimeSpan lease = TimeSpan.FromSeconds(double.Parse(seconds, CultureInfo.InvariantCulture));
await using FunctionHost host = await FunctionHost.StartAsync(new LocalHostOptions
{
    Functions = typeof(ScoreImage).Assembly,
    Configure = (services, configuration) => services.AddAaClip(configuration),
    Settings = new Dictionary<string, string?>
    {
        ["AzureWebJobsStorage"] = connection,
        ["Model__Path"] = model,
        ["Model__Provider"] = "cpu",
        ["Cameras__RefreshSeconds"] = "1",
    },
    Logging = logging => logging.SetMinimumLevel(LogLevel.Information).AddSimpleConsole(console => console.SingleLine = true),
    Port = 0,
    WatchedContainer = rest is ["unwatched"] ? null : "images",
    Lease = lease,
    LeaseRenewal = lease / 3,
    MaxPollingInterval = TimeSpan.FromMilliseconds(200),
    WatchInterval = TimeSpan.FromMilliseconds(100),
});
Console.WriteLine("ready");
while (await Console.In.ReadLineAsync() is not null)
{
}

return 0;
