using System.Globalization;
using AaClip.LocalHost;
using Microsoft.Extensions.Logging;

// A host to be killed: runs the function app until its standard input closes; each line on it is answered with the id of the worker
// process. Arguments: folder of the function app, connection string, model folder, seconds of a lease, and "unwatched" where images that
// lie in storage are not to be scored by themselves.
if (args is not [string functions, string connection, string model, string seconds, .. string[] rest])
{
    Console.Error.WriteLine("Usage: AaClip.Host FUNCTIONS CONNECTION MODEL LEASE_SECONDS [unwatched]");
    return 2;
}

await using FunctionHost host = await FunctionHost.StartAsync(
    new LocalHostOptions
    {
        Functions = functions,
        Settings = new Dictionary<string, string?>
        {
            ["DataStorage"] = connection,
            ["Model__Path"] = model,
            ["Model__Provider"] = "cpu",
            ["Cameras__RefreshSeconds"] = "1",
        },
        Logging = logging => logging.SetMinimumLevel(LogLevel.Information).AddSimpleConsole(console => console.SingleLine = true),
        Port = 0,
        WatchedContainer = rest is ["unwatched"] ? null : "images",
        Lease = TimeSpan.FromSeconds(double.Parse(seconds, CultureInfo.InvariantCulture)),
        MaxPollingInterval = TimeSpan.FromMilliseconds(200),
        WatchInterval = TimeSpan.FromMilliseconds(100),
    }
);
_ = host.Failed.ContinueWith(
    failed =>
    {
        Console.Error.WriteLine(failed.Result);
        Environment.Exit(3);
    },
    TaskScheduler.Default
);
Console.WriteLine("ready");
while (await Console.In.ReadLineAsync() is not null)
    Console.WriteLine(FormattableString.Invariant($"worker {host.WorkerProcess}"));
return 0;
