using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;
using AaClip.Tests;

namespace AaClip.Pipeline.Tests.Alerts;

/// <summary>Alert rules with smoothed scores.</summary>
public sealed class SmoothedAlertsTests
{
    // The median of three images, 1 of 1, two normal ones close, no cool-down.
    private static readonly AlertRule Three = new(CoolDownSeconds: 0, CloseAfterNormal: 2, Smooth: 3);

    [Theory]
    [InlineData("nnnCnnn", "")] // a single image is an outlier
    [InlineData("nnCCnnn", "opened critical@3, closed critical@6")] // the medians are ..nCCnn
    [InlineData("CC", "")] // fewer than three images are not judged
    [InlineData("CCn", "opened critical@2")]
    [InlineData("nnmCm", "opened minor@3")] // the severity is that of the median
    [InlineData("nnmCC", "opened minor@3, updated critical@4")]
    [InlineData("mmmnmmnm", "opened minor@2")] // single normal images close nothing
    public void The_rule_sees_the_median_of_each_image_and_those_before_it(string letters, string expected)
    {
        (_, List<AlertChange> changes) = ScoredImages.Run(Three, ScoredImages.Sequence(letters));

        Assert.Equal(expected, ScoredImages.Words(changes));
    }

    [Fact]
    public void An_event_shows_the_image_whose_score_is_the_median()
    {
        (_, List<AlertChange> changes) = ScoredImages.Run(Three, ScoredImages.Sequence("nmCm"));

        AlertChange opened = Assert.Single(changes);
        Assert.Equal(("line1/1.png", 0.6), (opened.Picture?.Image, opened.Picture?.Calibrated));
        Assert.Equal(ScoredImages.Start.AddSeconds(2), opened.OpenedAt);
    }

    [Fact]
    public void Smoothing_comes_before_N_of_M()
    {
        AlertRule rule = Three with { Confirm = new Confirmation(2, 2) };

        (_, List<AlertChange> once) = ScoredImages.Run(rule, ScoredImages.Sequence("nnmmnn")); // medians: nnnmmn
        (_, List<AlertChange> not) = ScoredImages.Run(rule, ScoredImages.Sequence("nnmnmnn")); // medians: nnnnmnn

        Assert.Equal("opened minor@4", ScoredImages.Words(once));
        Assert.Empty(not);
    }

    [Fact]
    public void The_smoothed_scores_are_the_same_in_every_order_of_arrival_and_with_duplicates()
    {
        // Two images of the same second, too: storage gives times in whole seconds.
        Scored[] images =
        [
            .. "nmCnMm".Select((letter, i) => ScoredImages.At(i / 2, ScoredImages.Score(letter) + i / 1000.0, name: $"line1/{i}.png")),
        ];
        string expected = Scores(images);

        int orders = 0;
        foreach (Scored[] order in Orders(images))
        {
            Assert.Equal(expected, Scores(order));
            Assert.Equal(expected, Scores([.. order, order[2], order[0]]));
            orders++;
        }

        Assert.Equal(720, orders);

        static string Scores(IEnumerable<Scored> images)
        {
            (AlertState state, _) = ScoredImages.Run(Three, images);
            return string.Join(
                ' ',
                SmoothedScores.Of(state.Recent, 3).Select(o => o is null ? "-" : FormattableString.Invariant($"{o.Calibrated:F3}"))
            );
        }
    }

    [Fact]
    public void A_single_outlier_raises_no_alert_in_any_order_of_arrival_and_with_duplicates()
    {
        Scored[] images = [.. ScoredImages.Sequence("nnCnnn")];

        foreach (Scored[] order in Orders(images))
            Assert.Empty(ScoredImages.Run(Three, [.. order, .. order.Take(2)]).Changes);
    }

    [Fact]
    public void A_defect_that_stays_raises_an_alert_in_every_order_of_arrival()
    {
        Scored[] images = [.. ScoredImages.Sequence("nnmmmm")];

        foreach (Scored[] order in Orders(images))
        {
            (AlertState state, List<AlertChange> changes) = ScoredImages.Run(Three with { CloseAfterNormal = 3 }, order);
            Assert.NotNull(state.Open);
            Assert.Single(changes, c => c.Type == AlertChangeType.Opened);
        }
    }

    [Fact]
    public void A_rise_in_severity_that_a_late_image_shows_is_told_in_every_order_of_arrival()
    {
        double[] scores = [0.6, 0.6, 0.95, 0.95, 0.6]; // medians: minor at 2, critical at 3 and 4
        Scored[] images = [.. scores.Select((score, second) => ScoredImages.At(second, score))];

        foreach (Scored[] order in Orders(images))
        {
            (AlertState state, List<AlertChange> changes) = ScoredImages.Run(Three, order);
            Assert.Equal("critical", state.Open?.Severity);
            Assert.Equal(3, state.Open?.Images);
            Assert.Contains(changes, c => c.Severity == "critical");
        }
    }

    [Fact]
    public void A_late_image_can_confirm_what_was_an_outlier_without_it()
    {
        (_, List<AlertChange> changes) = ScoredImages.Run(
            Three,
            [ScoredImages.At(0, 0.2), ScoredImages.At(1, 0.2), ScoredImages.At(2, 0.6), ScoredImages.At(4, 0.2), ScoredImages.At(3, 0.8)]
        );

        Assert.Equal("opened minor@3", ScoredImages.Words(changes)); // 0.2, 0.6, 0.8
    }

    [Fact]
    public void Defects_that_all_arrive_late_are_not_lost_behind_newer_normal_images()
    {
        IEnumerable<Scored> known = Enumerable.Range(0, 60).Where(i => i is < 20 or > 26).Select(i => ScoredImages.At(i, 0.2)),
            late = Enumerable.Range(20, 7).Select(i => ScoredImages.At(i, 0.8));

        (AlertState state, List<AlertChange> changes) = ScoredImages.Run(Three with { CoolDownSeconds = 60 }, known.Concat(late));

        Assert.Equal("opened major@21, closed major@59", ScoredImages.Words(changes));
        Assert.Null(state.Open);
    }

    [Fact]
    public void The_state_stays_small()
    {
        (AlertState state, _) = ScoredImages.Run(
            new AlertRule(Confirm: new Confirmation(1, 5), CoolDownSeconds: 604_800, CloseAfterNormal: 1, Smooth: 9),
            ScoredImages.Sequence(new string('n', 9) + new string('m', 2000))
        );

        Assert.Equal(AlertMachine.Memory, state.Recent.Count);
        Assert.Equal(5 + 8, state.Recent.Count(o => o.Picture is not null));
    }

    private static IEnumerable<Scored[]> Orders(Scored[] images) =>
        images.Length <= 1
            ? [images]
            : images.SelectMany((first, i) => Orders([.. images[..i], .. images[(i + 1)..]]).Select(rest => (Scored[])[first, .. rest]));
}
