namespace AaClip.Cli.Size;

/// <summary>How many images arrive, and when. The same every day.</summary>
/// <param name="Cameras">Cameras, at least 1.</param>
/// <param name="PerSecond">Images per second of one camera, above 0, outside of bursts.</param>
/// <param name="Hours">Hours of the day in which cameras send, above 0 and at most 24.</param>
/// <param name="Burst">Factor by which all cameras send faster in a burst; 1 for no bursts.</param>
/// <param name="BurstMinutes">Length of a burst. One begins with every hour of work.</param>
internal readonly record struct Demand(int Cameras, double PerSecond, double Hours = 24, double Burst = 1, double BurstMinutes = 0)
{
    public const int Day = 86_400; // seconds
    private const int Hour = 3600;

    /// <summary>Images per second of all cameras, outside of bursts.</summary>
    public double Usual => Cameras * PerSecond;

    /// <summary>Images per second of all cameras, in bursts.</summary>
    public double Busiest => Bursts ? Usual * Burst : Usual;

    /// <summary>Images of a day, as expected.</summary>
    public double OfDay
    {
        get
        {
            double sum = 0;
            for (int second = 0; second < Day; second++)
                sum += RateAt(second);
            return sum;
        }
    }

    /// <summary>Images per second of all cameras.</summary>
    /// <param name="second">Since the begin of work on the first day.</param>
    public double RateAt(int second)
    {
        int today = second % Day;
        if (today >= Hours * Hour)
            return 0;
        return Bursts && today % Hour < 60 * BurstMinutes ? Usual * Burst : Usual;
    }

    private bool Bursts => Burst > 1 && BurstMinutes > 0;
}
