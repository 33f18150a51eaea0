using AaClip.Cli.Size;

namespace AaClip.Cli.Tests.Size;

public class PlannerTests
{
    private static readonly Demand Bursts = new(40, 0.1, Hours: 16, Burst: 5, BurstMinutes: 10);
    private static readonly Replica T4 = new(10, 90);

    [Fact]
    public void The_best_plan_is_in_time_and_one_replica_less_is_not()
    {
        Terms terms = new(Wait: 120, Most: 100, Price: 1.65);
        Plan best = Planner.Find(Bursts, T4, terms, 1, TestContext.Current.CancellationToken)[0];

        Assert.True(best.Meets);
        Assert.True(best.Day.Waits.P99 <= terms.Wait);
        Assert.Equal(30 * best.Day.ReplicaHours * 1.65, best.Scoring, 1e-6);
        int[] arrivals = ReplicaSimulation.Arrivals(Bursts, 1);
        ScaleRule less = best.Rule with { Most = best.Rule.Most - 1 };
        Assert.True(less.Most < less.Least || ReplicaSimulation.Run(arrivals, T4, less).Waits.P99 > terms.Wait);
    }

    [Fact]
    public void Where_no_rule_is_fast_enough_the_plans_say_so()
    {
        IReadOnlyList<Plan> plans = Planner.Find(Bursts, T4, new Terms(120, 1, 1), 1, TestContext.Current.CancellationToken);

        Assert.All(plans, p => Assert.False(p.Meets));
        Assert.All(plans, p => Assert.Equal(1, p.Rule.Most));
    }

    [Fact]
    public void A_wait_shorter_than_a_cold_start_needs_a_replica_that_always_runs()
    {
        IReadOnlyList<Plan> plans = Planner.Find(new Demand(1, 0.001), T4, new Terms(30, 100, 1), 1, TestContext.Current.CancellationToken);

        Assert.Equal((1, true), (plans[0].Rule.Least, plans[0].Meets));
        Assert.Equal((0, false), (plans[^1].Rule.Least, plans[^1].Meets));
    }

    [Fact]
    public void Ten_million_images_a_day_are_planned()
    {
        Demand demand = new(7000, 1 / 60.0);
        Plan best = Planner.Find(demand, T4, new Terms(60, 1000, 1.65), 1, TestContext.Current.CancellationToken)[0];

        Assert.InRange(best.Day.Images, 9_900_000, 10_200_000);
        Assert.True(best.Meets);
        Assert.InRange(best.Day.ReplicaHours, 280, 600); // 117 images a second need 12 replicas
    }
}
