using System.Globalization;
using System.Text.Json;

namespace AaClip.Cli.Size;

/// <summary>Shows the answer of <c>aaclip size</c>, as text or as JSON.</summary>
internal static class SizeOutput
{
    public static void WriteJson(Sizing sizing) =>
        Console.WriteLine(
            JsonSerializer.Serialize(
                new
                {
                    demand = new
                    {
                        sizing.Demand.Cameras,
                        perSecond = sizing.Demand.Usual,
                        busiest = sizing.Demand.Busiest,
                        ofDay = sizing.Demand.OfDay,
                        sizing.Demand.Hours,
                    },
                    sizing.Replica,
                    sizing.Terms,
                    sizing.ColdStart,
                    sizing.Seed,
                    met = sizing.Best.Meets,
                    plans = sizing.Plans.Select(p => new
                    {
                        p.Rule.Least,
                        p.Rule.Most,
                        p.Rule.ImagesPerReplica,
                        p.Meets,
                        wait = p.Day.Waits,
                        p.Day.Peak,
                        p.Day.Starts,
                        p.Day.ReplicaHours,
                        p.Day.Left,
                        scoringOfMonth = p.Scoring,
                    }),
                    month = sizing.Month,
                    total = sizing.Month.Sum(l => l.Dollars),
                },
                JsonSerializerOptions.Web
            )
        );

    public static void Write(Sizing sizing)
    {
        Tables.Write(
            ["sizing", Column.Text("value")],
            [
                [
                    "images",
                    Line($"{sizing.Demand.OfDay:N0} a day; {sizing.Demand.Usual:G3} per second, {sizing.Demand.Busiest:G3} at most"),
                ],
                ["one replica", Replica(sizing.Replica)],
                ["its price", Line($"{sizing.Terms.Price:0.00##} $ an hour (assumed)")],
                ["to reach", Line($"99 % of the images scored within {sizing.Terms.Wait:G4} s")],
            ]
        );
        Tables.Write(
            [
                "replicas",
                "images per replica",
                "wait p50",
                "p95",
                "p99",
                "longest",
                "most at once",
                "starts a day",
                "hours a day",
                "$ a month",
                "in time",
            ],
            sizing.Plans.Select(Row)
        );
        Tables.Write(
            ["30 days with the first", Column.Text("assumed"), "$"],
            [
                .. sizing.Month.Select(l => new[] { l.Item, l.Assumption, Dollars(l.Dollars) }),
                ["together", "", Dollars(sizing.Month.Sum(l => l.Dollars))],
            ]
        );
        foreach (string sentence in Sentences(sizing))
            Console.WriteLine(sentence);
    }

    private static string Replica(MeasuredReplica replica) =>
        replica.Model is null
            ? Line($"{replica.PerSecond:G3} images per second (given)")
            : Line($"{replica.PerSecond:G3} images per second: {replica.Images} in {replica.Seconds:F0} s with {replica.Model}")
                + Line($" on {replica.Provider}, {Environment.ProcessorCount} cores, images {replica.Pictures}");

    private static string[] Row(Plan plan) =>
        [
            Line($"{plan.Rule.Least} to {plan.Rule.Most}"),
            Line($"{plan.Rule.ImagesPerReplica}"),
            .. Waits(plan.Day),
            Line($"{plan.Day.Peak}"),
            Line($"{plan.Day.Starts}"),
            Line($"{plan.Day.ReplicaHours:F1}"),
            Dollars(plan.Scoring),
            plan.Meets ? "yes"
            : plan.Day.Left > 0 ? Line($"no, {plan.Day.Left} left")
            : "no",
        ];

    private static IEnumerable<string> Sentences(Sizing sizing)
    {
        ScaleRule rule = sizing.Best.Rule;
        string most = sizing.Terms.Most == 1 ? "1 replica" : Line($"{sizing.Terms.Most} replicas");
        yield return sizing.Best.Meets
            ? Line($"Set scorerReplicas = {{ min: {rule.Least}, max: {rule.Most} }} and imagesPerReplica = {rule.ImagesPerReplica}")
                + " in the parameter file (docs/deploy.md)."
            : $"No rule with at most {most} is fast enough: allow a longer --wait, raise --max-replicas, or use faster replicas.";
        yield return "";
        yield return "Assumed:";
        yield return "- Images arrive at random, and every day is the same. Storage is never the limit.";
        yield return Line($"- A replica gives its first score {sizing.ColdStart:G4} s after the decision to start it (--cold-start),");
        yield return "  and is paid for from then on.";
        yield return Line($"- Azure looks at the queue every {ReplicaSimulation.Look} s, adds replicas in steps to 1, 4, 8, 16, ..., and");
        yield return Line($"  removes those that were not needed for {ReplicaSimulation.CoolDown} s.");
        yield return "- Prices are list prices: check them in the Azure price calculator for your region.";
    }

    private static IEnumerable<string> Waits(SimulatedDay day) =>
        day.Left > 0 ? ["-", "-", "-", "-"] : [.. new[] { day.Waits.P50, day.Waits.P95, day.Waits.P99, day.Waits.Longest }.Select(Seconds)];

    private static string Seconds(double seconds) => seconds < 600 ? Line($"{seconds:F0} s") : Line($"{seconds / 60:F0} min");

    private static string Dollars(double dollars) => dollars.ToString(dollars < 10 ? "N1" : "N0", CultureInfo.InvariantCulture);

    private static string Line(FormattableString text) => FormattableString.Invariant(text);
}
