using AaClip.Tests;
using Microsoft.AspNetCore.Http;

namespace AaClip.EndToEnd.Tests.Soak;

/// <summary>
/// What happens between the hosts and storage: now and then a fault, slow times, and times in which nothing gets through.
/// </summary>
internal sealed class Weather(int seed)
{
    private const double Share = 0.08; // of the requests that go wrong in bad weather

    private static readonly StorageFault[] Faults = Enum.GetValues<StorageFault>();

    private readonly Random _random = new(seed);
    private int _injected,
        _refused;

    /// <summary>Whether anything goes wrong at all.</summary>
    public volatile bool Bad;

    /// <summary>Whether nothing gets through.</summary>
    public volatile bool Cut;

    /// <summary>Whether every request waits.</summary>
    public volatile bool Slow;

    /// <summary>Single requests that were spoiled.</summary>
    public int Injected => Volatile.Read(ref _injected);

    /// <summary>Requests that found no way while everything was cut off.</summary>
    public int Refused => Volatile.Read(ref _refused);

    public StorageFault? Choose(HttpRequest request)
    {
        if (Cut)
        {
            Interlocked.Increment(ref _refused);
            return StorageFault.LostRequest;
        }

        if (!Bad || Next() >= Share)
            return null;
        StorageFault fault = Faults[(int)(Next() * Faults.Length)];
        // A blob that is cut comes over a connection that breaks; only a listing can look whole.
        bool possible = fault switch
        {
            StorageFault.HalfBody => StorageProxy.AnswersXml(request),
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
