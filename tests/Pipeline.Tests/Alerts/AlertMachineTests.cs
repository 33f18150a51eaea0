using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;
using AaClip.Tests;

namespace AaClip.Pipeline.Tests.Alerts;

public sealed class AlertMachineTests
{
    // 1 of 1, three normal images close, no cool-down, unless a case says otherwise.
    [Theory]
    [InlineData("nnnn", "")]
    [InlineData("nm", "opened minor@1")]
    [InlineData("mmmm", "opened minor@0")] // the same severity is no news
    [InlineData("mMmCM", "opened minor@0, updated major@1, updated critical@3")] // falling severity neither
    [InlineData("mC", "opened minor@0, updated critical@1")]
    [InlineData("mnn", "opened minor@0")]
    [InlineData("mnnn", "opened minor@0, closed minor@3")]
    [InlineData("mnnmnnn", "opened minor@0, closed minor@6")] // the run of normal images begins anew
    [InlineData("MmnnnnM", "opened major@0, closed major@4, opened major@6")] // closed with the highest severity it had
    public void Alerts_follow_the_images(string letters, string expected)
    {
        (_, List<AlertChange> changes) = ScoredImages.Run(new AlertRule(CoolDownSeconds: 0), ScoredImages.Sequence(letters));

        Assert.Equal(expected, ScoredImages.Words(changes));
    }

    [Theory]
    [InlineData(2, 3, "mnm", "opened minor@2")]
    [InlineData(2, 3, "mnnm", "")]
    [InlineData(2, 3, "mnnmm", "opened minor@4")]
    [InlineData(3, 3, "mmnmmnmm", "")]
    [InlineData(3, 3, "nmmm", "opened minor@3")]
    [InlineData(2, 2, "Cm", "opened critical@1")] // as severe as the worst of the images that confirm it
    public void N_of_the_newest_M_images_confirm(int n, int m, string letters, string expected)
    {
        (_, List<AlertChange> changes) = ScoredImages.Run(
            new AlertRule(Confirm: new(n, m), CoolDownSeconds: 0),
            ScoredImages.Sequence(letters)
        );

        Assert.Equal(expected, ScoredImages.Words(changes));
    }

    [Theory]
    [InlineData(10, "mnmmmmmmmmmmm", "opened minor@0, closed minor@1, opened minor@11")]
    [InlineData(10, "mnmmC", "opened minor@0, closed minor@1, opened critical@4")] // worse than the closed alert
    [InlineData(10, "mCnC", "opened minor@0, updated critical@1, closed critical@2")] // not worse than its worst
    [InlineData(0, "mnm", "opened minor@0, closed minor@1, opened minor@2")]
    public void During_the_cool_down_only_something_worse_opens_an_alert(int coolDown, string letters, string expected)
    {
        (_, List<AlertChange> changes) = ScoredImages.Run(
            new AlertRule(CoolDownSeconds: coolDown, CloseAfterNormal: 1),
            ScoredImages.Sequence(letters)
        );

        Assert.Equal(expected, ScoredImages.Words(changes));
    }

    [Fact]
    public void An_alert_keeps_the_id_that_camera_image_and_version_give_it() =>
        Assert.Equal("b237f73dac4fdd65360a2d5737cd7169", AlertMachine.AlertId("line1", "line1/a.png", "0x1"));

    [Fact]
    public void A_severity_band_begins_at_its_score()
    {
        AlertRule rule = new(SeverityBands: [new("low", 0.5), new("high", 0.7)]);

        (_, List<AlertChange> changes) = ScoredImages.Run(
            rule,
            [ScoredImages.At(0, 0.5), ScoredImages.At(1, Math.BitDecrement(0.7)), ScoredImages.At(2, 0.7)]
        );

        Assert.Equal("opened low@0, updated high@2", ScoredImages.Words(changes));
    }

    [Fact]
    public void An_anomalous_image_below_all_bands_neither_raises_nor_calms()
    {
        AlertRule rule = new(SeverityBands: [new("high", 0.7)], CloseAfterNormal: 2);

        (_, List<AlertChange> changes) = ScoredImages.Run(rule, ScoredImages.Sequence("mMnmnmnn"));

        Assert.Equal("opened high@1, closed high@7", ScoredImages.Words(changes));
    }

    [Fact]
    public void A_message_delivered_twice_changes_nothing()
    {
        AlertRule rule = new(Confirm: new(2, 3));
        (AlertState state, _) = ScoredImages.Run(rule, ScoredImages.Sequence("nm"));
        Scored again = ScoredImages.At(1, 0.6) with
        {
            ScoredAt = ScoredImages.Start.AddHours(1),
            EnqueuedAt = ScoredImages.Start.AddHours(1),
        };

        AlertDecision decision = AlertMachine.Apply(state, rule, again);

        Assert.Equal(AlertOutcome.Duplicate, decision.Outcome);
        Assert.Same(state, decision.State);
        Assert.Empty(decision.Changes);
    }

    [Fact]
    public void An_overwritten_image_counts_again()
    {
        AlertRule rule = new(Confirm: new(2, 2));

        (_, List<AlertChange> changes) = ScoredImages.Run(
            rule,
            [ScoredImages.At(0, 0.6, name: "line1/a.png"), ScoredImages.At(1, 0.6, name: "line1/a.png", etag: "0x2")]
        );

        Assert.Equal("opened minor@1", ScoredImages.Words(changes));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Failed_images_and_images_of_a_job_do_not_count(bool failed)
    {
        Scored image = failed ? ScoredImages.At(4, 0) with { Verdict = Verdict.Failed } : ScoredImages.At(4, 0.95) with { Job = "job-1" };
        (AlertState state, _) = ScoredImages.Run(new AlertRule(), ScoredImages.Sequence("mnn"));

        AlertDecision decision = AlertMachine.Apply(state, new AlertRule(), image);

        Assert.Equal(AlertOutcome.NotCounted, decision.Outcome);
        Assert.Same(state, decision.State);
    }

    [Fact]
    public void A_late_defect_is_not_lost_behind_newer_normal_images()
    {
        AlertRule rule = new(CloseAfterNormal: 3);

        (_, List<AlertChange> changes) = ScoredImages.Run(
            rule,
            [ScoredImages.At(1, 0.2), ScoredImages.At(2, 0.2), ScoredImages.At(0, 0.6), ScoredImages.At(3, 0.2)]
        );

        Assert.Equal("opened minor@0, closed minor@3", ScoredImages.Words(changes));
    }

    [Fact]
    public void A_late_defect_that_is_over_already_opens_and_closes_at_once()
    {
        (_, List<AlertChange> changes) = ScoredImages.Run(
            new AlertRule(),
            [ScoredImages.At(1, 0.2), ScoredImages.At(2, 0.2), ScoredImages.At(3, 0.2), ScoredImages.At(0, 0.6)]
        );

        Assert.Equal("opened minor@0, closed minor@3", ScoredImages.Words(changes));
    }

    [Fact]
    public void A_late_normal_image_calms_only_when_it_is_newer_than_the_defects()
    {
        AlertRule rule = new(CloseAfterNormal: 2);

        (AlertState state, _) = ScoredImages.Run(
            rule,
            [ScoredImages.At(5, 0.6), ScoredImages.At(6, 0.2), ScoredImages.At(1, 0.2), ScoredImages.At(2, 0.2)]
        );

        Assert.NotNull(state.Open);
    }

    [Fact]
    public void An_image_older_than_all_that_is_remembered_no_longer_counts()
    {
        (AlertState state, _) = ScoredImages.Run(
            new AlertRule(),
            Enumerable.Range(1, AlertMachine.Memory + 1).Select(i => ScoredImages.At(i, 0.2))
        );

        AlertDecision decision = AlertMachine.Apply(state, new AlertRule(), ScoredImages.At(0, 0.95));

        Assert.Equal(AlertMachine.Memory, state.Recent.Count);
        Assert.Equal(AlertOutcome.TooLate, decision.Outcome);
        Assert.Same(state, decision.State);
    }

    [Fact]
    public void A_rule_that_needs_more_images_makes_the_memory_longer()
    {
        AlertRule rule = new(CloseAfterNormal: AlertMachine.Memory + 50);

        (_, List<AlertChange> changes) = ScoredImages.Run(rule, ScoredImages.Sequence("m" + new string('n', AlertMachine.Memory + 50)));

        Assert.Equal($"opened minor@0, closed minor@{AlertMachine.Memory + 50}", ScoredImages.Words(changes));
    }

    [Fact]
    public void Switching_a_camera_off_closes_its_alert_and_opens_no_other()
    {
        (AlertState state, _) = ScoredImages.Run(new AlertRule(), ScoredImages.Sequence("m"));

        (_, List<AlertChange> changes) = ScoredImages.Run(
            new AlertRule(Enabled: false),
            [ScoredImages.At(1, 0.95), ScoredImages.At(2, 0.95)],
            state
        );

        AlertChange closed = Assert.Single(changes);
        Assert.Equal(AlertCloseReason.Disabled, closed.CloseReason);
    }

    [Fact]
    public void An_event_shows_the_worst_image_and_its_id_comes_from_the_first()
    {
        (_, List<AlertChange> changes) = ScoredImages.Run(new AlertRule(CloseAfterNormal: 1), ScoredImages.Sequence("mCMn"));

        string id = AlertMachine.AlertId("line1", "line1/0.png", "0x1");
        Assert.Equal([$"{id}-1-opened", $"{id}-2-updated", $"{id}-3-closed"], changes.Select(c => c.Id));
        Assert.Equal(["line1/0.png", "line1/1.png", "line1/1.png"], changes.Select(c => c.Picture?.Image));
        Assert.Equal([1, 2, 3], changes.Select(c => c.Images));
    }

    [Fact]
    public void A_generated_image_is_flagged_once_beside_what_its_score_does()
    {
        Scored image = ScoredImages.Sequence("m").Single() with
        {
            Generated = new GeneratedPart("c2p@1", 0.9, 0.01, PictureOrigin.Generated, 0.8),
        };

        AlertDecision first = AlertMachine.Apply(AlertState.Empty, new AlertRule(), image),
            again = AlertMachine.Apply(first.State, new AlertRule(), image),
            other = AlertMachine.Apply(AlertState.Empty, new AlertRule(), image with { ETag = "0x2" });

        Assert.Equal(["flagged", "opened"], first.Changes.Select(c => c.TypeName));
        Assert.Equal(AlertKind.Generated, first.Changes[0].Kind);
        Assert.Equal(AlertMachine.GeneratedId(image.Camera, image.Image, image.ETag), first.Changes[0].AlertId);
        Assert.Empty(again.Changes);
        Assert.NotEqual(first.Changes[0].Id, other.Changes[0].Id);
        Assert.Equal(2, first.State.Outbox.Count);
    }

    [Fact]
    public void A_generated_image_is_not_flagged_for_a_job_or_without_alerts_or_where_it_comes_from_the_camera()
    {
        GeneratedPart part = new("c2p@1", 0.9, null, PictureOrigin.Generated, 0.8);
        Scored image = ScoredImages.Sequence("n").Single() with { Generated = part };

        Assert.Empty(AlertMachine.Apply(AlertState.Empty, new AlertRule(), image with { Job = "job1" }).Changes);
        Assert.Empty(AlertMachine.Apply(AlertState.Empty, new AlertRule(Enabled: false), image).Changes);
        Assert.Empty(
            AlertMachine
                .Apply(AlertState.Empty, new AlertRule(), image with { Generated = part with { Verdict = PictureOrigin.Camera } })
                .Changes
        );
    }
}
