using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;
using AaClip.Tests;

namespace AaClip.Pipeline.Tests.Alerts;

public sealed class AlertMachineRandomTests
{
    private const int Seeds = 200;

    [Fact]
    public void The_machine_agrees_with_looking_through_all_images_again()
    {
        for (int seed = 0; seed < Seeds; seed++)
        {
            Random random = new(seed);
            AlertRule rule = AnyRule(random) with { Smooth = 1 };
            List<Scored> images = Deliveries(random);
            SlowAlerts slow = new(rule);

            foreach (Scored image in images)
                slow.Take(image);
            (_, List<AlertChange> changes) = ScoredImages.Run(rule, images);

            Dictionary<string, string> first = images.ToDictionaryOfIds();
            Assert.True(
                slow.Events.SequenceEqual(changes.Select(c => $"{c.TypeName} {c.Severity} {first[c.AlertId]}")),
                $"Seed {seed}: expected {string.Join("; ", slow.Events)}; got {ScoredImages.Words(changes)}."
            );
        }
    }

    [Fact]
    public void Each_alert_is_opened_once_then_updated_upwards_then_closed_at_most_once()
    {
        for (int seed = 0; seed < Seeds; seed++)
        {
            Random random = new(seed);
            AlertRule rule = AnyRule(random);

            (AlertState state, List<AlertChange> changes) = ScoredImages.Run(rule, Deliveries(random));

            Assert.Equal(changes.Count, changes.Select(c => c.Id).Distinct().Count());
            List<string> names = [.. rule.SeverityBands.Select(b => b.Name)];
            foreach (IGrouping<string, AlertChange> alert in changes.GroupBy(c => c.AlertId))
            {
                AlertChange[] steps = [.. alert];
                bool over = steps[^1].Type == AlertChangeType.Closed;
                Assert.Equal(Enumerable.Range(1, steps.Length), steps.Select(s => s.Sequence));
                Assert.Equal(AlertChangeType.Opened, steps[0].Type);
                Assert.All(steps[1..(over ? ^1 : ^0)], s => Assert.Equal(AlertChangeType.Updated, s.Type));
                for (int i = 1; i < steps.Length - (over ? 1 : 0); i++)
                    Assert.True(
                        // Not null: these alerts are about images
                        names.IndexOf(steps[i].Severity!) > names.IndexOf(steps[i - 1].Severity!),
                        $"Seed {seed}: an update does not rise."
                    );
                Assert.Equal(!over, state.Open?.Id == alert.Key);
            }
        }
    }

    [Fact]
    public void Duplicates_change_no_event()
    {
        for (int seed = 0; seed < Seeds; seed++)
        {
            Random random = new(seed);
            AlertRule rule = AnyRule(random);
            List<Scored> images = Deliveries(random);

            (_, List<AlertChange> withDuplicates) = ScoredImages.Run(rule, images);
            (_, List<AlertChange> without) = ScoredImages.Run(rule, images.DistinctBy(i => (i.Image, i.ETag)));

            Assert.Equal(without, withDuplicates);
        }
    }

    [Fact]
    public void Of_images_in_order_none_of_the_cool_down_opens_an_alert_but_a_worse_one()
    {
        int checkedOpenings = 0;
        for (int seed = 0; seed < Seeds; seed++)
        {
            Random random = new(seed);
            AlertRule rule = AnyRule(random);
            List<string> names = [.. rule.SeverityBands.Select(b => b.Name)];

            (_, List<AlertChange> changes) = ScoredImages.Run(rule, Deliveries(random, shuffle: false));

            foreach (
                (AlertChange closed, AlertChange next) in changes.Zip(changes.Skip(1)).Where(p => p.First.Type == AlertChangeType.Closed)
            )
            {
                checkedOpenings++;
                Assert.True(
                    (next.Time - closed.Time).TotalSeconds >= rule.CoolDownSeconds
                        || names.IndexOf(next.Severity!) > names.IndexOf(closed.Severity!),
                    $"Seed {seed}."
                );
            }
        }

        Assert.True(checkedOpenings > 50);
    }

    [Fact]
    public void The_state_does_not_grow()
    {
        (AlertState state, _) = ScoredImages.Run(
            new AlertRule(Confirm: new(1, 5), CoolDownSeconds: 604_800, CloseAfterNormal: 1),
            ScoredImages.Sequence("mn" + new string('m', 2000))
        );

        Assert.Equal(AlertMachine.Memory, state.Recent.Count);
        Assert.Equal(5, state.Recent.Count(o => o.Picture is not null));
    }

    private static AlertRule AnyRule(Random random)
    {
        int m = random.Next(1, 6);
        return new AlertRule(
            SeverityBands: random.Next(3) == 0 ? [new("high", 0.75), new("top", 0.9)] : null,
            Confirm: new(random.Next(1, m + 1), m),
            CoolDownSeconds: random.Next(3) * 7,
            CloseAfterNormal: random.Next(1, 5),
            Smooth: 1 + 2 * random.Next(3)
        );
    }

    // Images of a line with phases of defects; some delivered twice, some late, some at the same second.
    private static List<Scored> Deliveries(Random random, bool shuffle = true)
    {
        List<(double Arrives, Scored Image)> deliveries = [];
        double share = 0.1;
        for (int i = 0; i < 120; i++)
        {
            if (random.Next(15) == 0)
                share = random.NextDouble();
            double calibrated = random.NextDouble() < share ? 0.5 + random.NextDouble() / 2 : random.NextDouble() / 2;
            Scored image = ScoredImages.At(i / (1 + random.Next(2)), calibrated, name: FormattableString.Invariant($"line1/{i}.png"));
            if (random.Next(20) == 0)
                image = image with { Verdict = Verdict.Failed };
            if (!shuffle)
                image = image with { ImageTime = ScoredImages.Start.AddSeconds(i) };
            deliveries.Add((i + (shuffle && random.Next(5) == 0 ? random.Next(30) : 0), image));
            if (random.Next(6) == 0)
                deliveries.Add((i + random.Next(40), image));
        }

        return [.. deliveries.OrderBy(d => d.Arrives).Select(d => d.Image)];
    }
}

internal static class ScoredExtensions
{
    public static Dictionary<string, string> ToDictionaryOfIds(this IEnumerable<Scored> images) =>
        images.DistinctBy(i => i.Image).ToDictionary(i => AlertMachine.AlertId(i.Camera, i.Image, i.ETag), i => i.Image);
}
