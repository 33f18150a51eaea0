namespace AaClip.Cli.Size;

/// <summary>What the images may wait, and what replicas cost.</summary>
/// <param name="Wait">Seconds from arrival to score that 99 % of the images may take.</param>
/// <param name="Most">Most replicas that may run, at least 1.</param>
/// <param name="Price">US dollars for an hour of a replica.</param>
internal readonly record struct Terms(double Wait, int Most, double Price);

/// <summary>A scale rule, how a day with it was, and what the replicas of 30 such days cost.</summary>
/// <param name="Meets">Whether 99 % of the images were scored in time, and none was left.</param>
/// <param name="Scoring">US dollars for 30 days.</param>
internal sealed record Plan(ScaleRule Rule, SimulatedDay Day, bool Meets, double Scoring);

/// <summary>Finds scale rules by simulating days with many of them.</summary>
internal static class Planner
{
    public const int MonthDays = 30;
    private static readonly double[] Seconds = [1, 2, 5, 15, 60, 300]; // of a replica's work that may wait for it

    /// <summary>
    /// The cheapest rule that is fast enough, for each number of replicas that always run: none, one, and as many as the usual rate needs.
    /// </summary>
    /// <returns>At least one plan; the cheapest that is fast enough comes first, and those that are not come last.</returns>
    public static IReadOnlyList<Plan> Find(Demand demand, Replica replica, Terms terms, int seed, CancellationToken cancellation)
    {
        int[] arrivals = ReplicaSimulation.Arrivals(demand, seed);
        int usual = (int)Math.Min(terms.Most, Math.Ceiling(demand.Usual / replica.PerSecond));
        return
        [
            .. new[] { 0, 1, usual }
                .Distinct()
                .Select(least =>
                    Seconds
                        .Where(s => s <= terms.Wait)
                        .Append(terms.Wait)
                        .Select(s => Smallest(least, s))
                        .OrderBy(p => !p.Meets)
                        .ThenBy(Cost)
                        .First()
                )
                .OrderBy(p => !p.Meets)
                .ThenBy(Cost),
        ];

        static double Cost(Plan plan) => plan.Meets ? plan.Scoring : plan.Day.Left + plan.Day.Waits.P99;

        // The fewest replicas that are fast enough; if that many are not to be had, those that were used.
        Plan Smallest(int least, double seconds)
        {
            int perReplica = Math.Max(1, (int)Math.Min(1e6, seconds * replica.PerSecond));
            Plan best = Try(terms.Most);
            int low = Math.Max(1, least),
                high = Math.Clamp(best.Day.Peak, low, terms.Most);
            if (!best.Meets)
                return Try(high);
            while (low < high)
            {
                int middle = (low + high) / 2;
                if (Try(middle).Meets)
                    high = middle;
                else
                    low = middle + 1;
            }

            return Try(high);

            Plan Try(int most)
            {
                cancellation.ThrowIfCancellationRequested();
                ScaleRule rule = new(least, most, perReplica);
                SimulatedDay day = ReplicaSimulation.Run(arrivals, replica, rule);
                bool meets = day.Left == 0 && day.Waits.P99 <= terms.Wait;
                return new Plan(rule, day, meets, MonthDays * day.ReplicaHours * terms.Price);
            }
        }
    }
}
