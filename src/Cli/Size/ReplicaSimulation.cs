namespace AaClip.Cli.Size;

/// <summary>A replica of the scorer.</summary>
/// <param name="PerSecond">Images that it scores per second, above 0.</param>
/// <param name="ColdStart">Seconds from the decision to start it to its first score.</param>
internal readonly record struct Replica(double PerSecond, double ColdStart);

/// <summary>The scale rule of the scorer; see infra/bicep.</summary>
/// <param name="Least">Replicas that always run.</param>
/// <param name="Most">Most replicas, at least 1.</param>
/// <param name="ImagesPerReplica">Waiting images for which one replica is started, at least 1.</param>
internal readonly record struct ScaleRule(int Least, int Most, int ImagesPerReplica);

/// <summary>What a day was like.</summary>
/// <param name="Images">Images that arrived.</param>
/// <param name="Waits">Seconds from an image's arrival to its score: 50th, 95th and 99th percentile, and the longest.</param>
/// <param name="ReplicaHours">Hours that replicas ran or started: those that are billed.</param>
/// <param name="Peak">Most replicas at a time.</param>
/// <param name="Starts">Replicas that were started.</param>
/// <param name="Left">Images that were not scored a day after the last arrived: there are too few replicas.</param>
internal sealed record SimulatedDay(long Images, Waits Waits, double ReplicaHours, int Peak, int Starts, long Left);

/// <summary>Seconds from an image's arrival to its score.</summary>
internal readonly record struct Waits(double P50, double P95, double P99, double Longest);

/// <summary>
/// Simulates the queue and its replicas in steps of a second: images are scored in the order of their arrival, and every
/// <see cref="Look"/> seconds the number of replicas follows the length of the queue, as in Azure Container Apps. Two days are simulated,
/// and the second is counted, so that it begins as the first has ended. An image is in the queue for a second at least: its message is
/// deleted when it was scored.
/// </summary>
internal sealed class ReplicaSimulation
{
    /// <summary>Seconds between two looks at the queue; Azure's default.</summary>
    public const int Look = 30;

    /// <summary>Replicas stop when they were not needed for so many seconds; Azure's default.</summary>
    public const int CoolDown = 300;

    private const int Last = 2 * Demand.Day, // second of an arrival
        End = 3 * Demand.Day; // of the simulation

    private readonly int[] _arrivals;
    private readonly Replica _replica;
    private readonly ScaleRule _rule;
    private readonly LinkedList<Arrived> _waiting = new(); // oldest first
    private readonly Queue<int> _starting = new(); // seconds at which replicas will be ready
    private readonly Queue<(int Second, int Wanted)> _looks = new(); // of the last CoolDown seconds
    private readonly SortedDictionary<int, long> _waits = []; // seconds, images
    private long _queue; // images
    private long _arrived; // on the second day
    private int _ready;
    private int _starts;
    private double _credit; // images that could have been scored, but not yet a whole one

    private readonly record struct Arrived(int Second, long Count);

    private ReplicaSimulation(int[] arrivals, Replica replica, ScaleRule rule)
    {
        _arrivals = arrivals;
        _replica = replica;
        _rule = rule;
    }

    /// <summary>Images that arrive in each second of two days, at random (Poisson). The same seed gives the same.</summary>
    public static int[] Arrivals(Demand demand, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, Last).Select(second => Poisson(demand.RateAt(second), random))];
    }

    /// <param name="arrivals">See <see cref="Arrivals"/>.</param>
    public static SimulatedDay Run(int[] arrivals, Replica replica, ScaleRule rule) => new ReplicaSimulation(arrivals, replica, rule).Run();

    private SimulatedDay Run()
    {
        _ready = _rule.Least;
        long billed = 0;
        int peak = 0;
        for (int now = 0; now < End && (now < Last || _queue > 0); now++)
        {
            bool counted = now is >= Demand.Day and < Last;
            if (now < Last)
                Arrive(now, counted);
            while (_starting.TryPeek(out int ready) && ready <= now)
            {
                _starting.Dequeue();
                _ready++;
            }

            if (now % Look == 0)
                Scale(now, counted);
            Score(now);
            int running = _ready + _starting.Count;
            billed += counted ? running : 0;
            peak = counted ? Math.Max(peak, running) : peak;
        }

        return new(_arrived, Percentiles(), billed / 3600.0, peak, _starts, _waiting.Where(w => w.Second >= Demand.Day).Sum(w => w.Count));
    }

    private void Arrive(int now, bool counted)
    {
        int count = _arrivals[now];
        if (count == 0)
            return;
        _waiting.AddLast(new Arrived(now, count));
        _queue += count;
        _arrived += counted ? count : 0;
    }

    private void Score(int now)
    {
        _credit = _queue == 0 ? 0 : _credit + _ready * _replica.PerSecond;
        while (_credit >= 1 && _waiting.First is { } oldest)
        {
            (int second, long count) = oldest.Value;
            long scored = Math.Min((long)_credit, count);
            _credit -= scored;
            _queue -= scored;
            if (second >= Demand.Day)
                _waits[now - second + 1] = _waits.GetValueOrDefault(now - second + 1) + scored;
            if (scored < count)
                oldest.Value = new Arrived(second, count - scored);
            else
                _waiting.RemoveFirst();
        }

        if (_queue == 0)
            _credit -= Math.Floor(_credit); // what was not used is lost
    }

    private void Scale(int now, bool counted)
    {
        int running = _ready + _starting.Count;
        int wanted = (int)Math.Clamp((_queue + _rule.ImagesPerReplica - 1) / _rule.ImagesPerReplica, _rule.Least, _rule.Most);
        _looks.Enqueue((now, wanted));
        while (_looks.Peek().Second <= now - CoolDown)
            _looks.Dequeue();
        for (int more = Math.Min(wanted, NextStep(running)) - running; more > 0; more--)
        {
            _starting.Enqueue(now + (int)Math.Ceiling(_replica.ColdStart));
            _starts += counted ? 1 : 0;
        }

        int needed = _looks.Max(l => l.Wanted);
        if (needed >= running)
            return;
        while (_starting.Count > 0 && _ready + _starting.Count > needed)
            _starting.Dequeue();
        _ready = Math.Min(_ready, needed);
    }

    // Azure adds replicas in steps: to 1, 4, 8, 16, 32, ...
    private static int NextStep(int running) =>
        running switch
        {
            0 => 1,
            < 4 => 4,
            _ => (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)running + 1),
        };

    private Waits Percentiles()
    {
        long all = _waits.Values.Sum();
        return all == 0 ? default : new(At(Share(0.5)), At(Share(0.95)), At(Share(0.99)), _waits.Keys.Last());

        long Share(double quantile) => (long)Math.Ceiling(quantile * all);

        double At(long rank)
        {
            foreach ((int seconds, long images) in _waits)
                if ((rank -= images) <= 0)
                    return seconds;
            return double.NaN;
        }
    }

    // Counts events of rate 1 in an interval of this length.
    private static int Poisson(double mean, Random random)
    {
        int count = -1;
        for (double passed = 0; passed < mean; count++)
            passed -= Math.Log(1 - random.NextDouble());
        return Math.Max(0, count);
    }
}
