using AaClip.Tests;
using Microsoft.AspNetCore.Http;

namespace AaClip.EndToEnd.Tests.Soak;

/// <summary>
/// Faults between the hosts and storage: single faulty requests, periods of delay, and periods without a connection.
/// </summary>
internal sealed class StorageFaults(int seed)
{
    private const double Share = 0.08; // share of faulty requests

    private static readonly StorageFault[] Faults = Enum.GetValues<StorageFault>();

    private readonly Random _random = new(seed);
    private int _injected,
        _refused;

    /// <summary>Whether single requests get faults.</summary>
    public volatile bool Single;

    /// <summary>Whether there is no connection.</summary>
    public volatile bool Disconnected;

    /// <summary>Whether every request is delayed.</summary>
    public volatile bool Slow;

    /// <summary>Number of single requests that got a fault.</summary>
    public int Injected => Volatile.Read(ref _injected);

    /// <summary>Number of requests that failed because there was no connection.</summary>
    public int Refused => Volatile.Read(ref _refused);

    public StorageFault? Choose(HttpRequest request)
    {
        if (Disconnected)
        {
            Interlocked.Increment(ref _refused);
            return StorageFault.LostRequest;
        }

        if (!Single || Next() >= Share)
            return null;
        StorageFault fault = Faults[(int)(Next() * Faults.Length)];
        // A shortened blob comes with a broken connection; only a shortened XML answer can look complete.
        bool possible = fault switch
        {
            StorageFault.HalfBody => StorageProxy.AnswersWhole(request),
            StorageFault.BrokenBody => request.Method == "GET",
            _ => true,
        };
        if (!possible)
            fault = StorageFault.LostAnswer;
        Interlocked.Increment(ref _injected);
        return fault;
    }

    public TimeSpan Delay() => Slow ? TimeSpan.FromMilliseconds(1000 * Next()) : TimeSpan.Zero;

    private double Next()
    {
        lock (_random)
            return _random.NextDouble();
    }
}
