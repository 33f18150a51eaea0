namespace AaClip.Cli.Size;

/// <summary>The answer of <c>aaclip size</c>.</summary>
/// <param name="Plans">See <see cref="Planner.Find"/>: the best first.</param>
/// <param name="Month">The bill of 30 days with the best plan.</param>
internal sealed record Sizing(
    Demand Demand,
    MeasuredReplica Replica,
    double ColdStart,
    Terms Terms,
    int Seed,
    IReadOnlyList<Plan> Plans,
    IReadOnlyList<CostLine> Month
)
{
    /// <summary>Most images a day that are simulated.</summary>
    public const double MostOfDay = 1e8;

    /// <summary>The cheapest plan that is fast enough, else the one that comes closest.</summary>
    public Plan Best => Plans[0];

    public static Sizing Of(Demand demand, MeasuredReplica replica, double coldStart, Terms terms, int seed, CancellationToken cancellation)
    {
        IReadOnlyList<Plan> plans = Planner.Find(demand, new Replica(replica.PerSecond, coldStart), terms, seed, cancellation);
        IReadOnlyList<CostLine> month =
        [
            Costs.OfScoring(Planner.MonthDays * plans[0].Day.ReplicaHours, terms.Price),
            .. Costs.OfImages(Planner.MonthDays * demand.OfDay),
            .. Costs.Fixed,
        ];
        return new(demand, replica, coldStart, terms, seed, plans, month);
    }
}
