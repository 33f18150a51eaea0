using AaClip.Cli.Size;

namespace AaClip.Cli.Tests.Size;

public class ReplicaSimulationTests
{
    private static readonly Demand OnePerSecond = new(60, 1 / 60.0);

    [Fact]
    public void As_many_images_arrive_as_the_cameras_send()
    {
        Demand demand = new(100, 0.05, Hours: 16, Burst: 4, BurstMinutes: 15);
        int[] arrivals = ReplicaSimulation.Arrivals(demand, seed: 3);

        Assert.Equal(16 * 3600 * 5.0 * (1 + 3 * 0.25), demand.OfDay, 0.001);
        Assert.InRange(arrivals.Sum() / (2 * demand.OfDay), 0.99, 1.01);
        Assert.All(arrivals[(16 * 3600)..Demand.Day], count => Assert.Equal(0, count));
        Assert.InRange(arrivals[..900].Average(), 19, 21); // the first burst
        Assert.InRange(arrivals[900..3600].Average(), 4.7, 5.3);
        Assert.Equal(arrivals, ReplicaSimulation.Arrivals(demand, seed: 3));
        Assert.NotEqual(arrivals, ReplicaSimulation.Arrivals(demand, seed: 4));
    }

    [Fact]
    public void Enough_replicas_that_always_run_leave_nothing_waiting()
    {
        SimulatedDay day = Run(OnePerSecond, new Replica(10, 90), new ScaleRule(1, 1, 100));

        Assert.Equal(0, day.Left);
        Assert.Equal(1, day.Waits.P99);
        Assert.Equal(24, day.ReplicaHours);
        Assert.Equal(0, day.Starts);
    }

    [Fact]
    public void Images_that_too_few_replicas_cannot_score_are_left()
    {
        SimulatedDay day = Run(OnePerSecond, new Replica(0.25, 90), new ScaleRule(1, 1, 100));

        // In three days a quarter of an image each second: less than the first day's images.
        Assert.Equal(day.Images, day.Left);
    }

    [Fact]
    public void A_burst_waits_for_as_long_as_its_backlog_takes()
    {
        // 30 images a second for ten minutes, and 15 scored: 9,000 are left at its end, which take ten minutes more.
        Demand demand = new(30, 1, Hours: 1.0 / 6);
        SimulatedDay day = Run(demand, new Replica(15, 90), new ScaleRule(1, 1, 100));

        Assert.InRange(day.Waits.Longest, 580, 620);
        Assert.InRange(day.Waits.P50, 280, 320);
        Assert.Equal(0, day.Left);
    }

    [Fact]
    public void Time_that_replicas_had_nothing_to_do_is_not_saved_up_for_a_burst()
    {
        // In an hour 10 images a second, but 50 in its first ten minutes, and 20 scored: 18,000 are left then, which take half an hour.
        Demand demand = new(10, 1, Burst: 5, BurstMinutes: 10);
        SimulatedDay day = Run(demand, new Replica(10, 90), new ScaleRule(2, 2, 100));

        Assert.InRange(day.Waits.P50, 250, 450);
        Assert.InRange(day.Waits.Longest, 850, 950);
    }

    [Fact]
    public void The_first_image_waits_for_the_next_look_and_a_cold_start()
    {
        Demand demand = new(1, 1, Hours: 0.01);
        SimulatedDay day = Run(demand, new Replica(100, 120), new ScaleRule(0, 1, 100));

        Assert.InRange(day.Waits.Longest, 120, 120 + ReplicaSimulation.Look + 1);
        Assert.Equal(1, day.Starts);
        // From the look that starts it to a cool-down after the last that needed it
        Assert.InRange(day.ReplicaHours * 3600, ReplicaSimulation.CoolDown + 30, ReplicaSimulation.CoolDown + 240);
    }

    [Theory]
    [InlineData(29, 1)] // one look
    [InlineData(59, 4)]
    [InlineData(89, 8)]
    [InlineData(119, 16)]
    public void Replicas_are_added_in_steps_at_each_look(int seconds, int most)
    {
        // A thousand images a second, and no replica is ready in time
        SimulatedDay day = Run(new Demand(1000, 1, Hours: seconds / 3600.0), new Replica(1e6, seconds - 1), new ScaleRule(0, 1000, 1));

        Assert.Equal(most, day.Peak);
    }

    [Fact]
    public void More_replicas_never_make_the_images_wait_longer()
    {
        Demand demand = new(50, 0.2, Hours: 12, Burst: 6, BurstMinutes: 10);
        double[] longest =
        [
            .. Enumerable.Range(1, 8).Select(n => Run(demand, new Replica(10, 90), new ScaleRule(n, n, 100)).Waits.Longest),
        ];

        Assert.Equal(longest.OrderDescending(), longest);
    }

    private static SimulatedDay Run(Demand demand, Replica replica, ScaleRule rule) =>
        ReplicaSimulation.Run(ReplicaSimulation.Arrivals(demand, 1), replica, rule);
}
