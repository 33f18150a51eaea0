using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;
using AaClip.Scoring.Text;

namespace AaClip.Pipeline.Alerts;

/// <summary>
/// Decides on alerts. A pure function: the same images in the same order give the same changes with the same ids.
/// An image is normal, alerting (anomalous, and its calibrated score reaches a severity band) or neutral (anomalous, but below all bands:
/// it neither opens nor closes an alert). Images are ordered by their own times, so a late one counts at its own time. With
/// <see cref="AlertRule.Smooth"/>, what counts is the median score of an image and those before it (<see cref="SmoothedScores"/>), which a
/// late image can change for up to k images; an image with fewer than k - 1 known before it is neutral:
/// 1. Ignore an image that is known, older than the stored history, failed, or of a rescoring job.
/// 2. No alert is open: an alerting image opens one if any M consecutive images that include it have at least N alerting ones. During the
/// cool-down after a close, measured between image times, only an image more severe than the closed alert opens one.
/// 3. An alert is open: every alerting image joins it, and updates it if it reaches a higher severity; the alert is closed when the newest
/// K images are normal. A late image can open and close an alert in one step.
/// Beside this, an image that a generator seems to have made is flagged: once, in an alert of its own that nothing closes.
/// </summary>
internal static class AlertMachine
{
    /// <summary>
    /// Images stored per camera, if the rule does not need more. An image that arrives after this many newer ones does not count.
    /// </summary>
    public const int Memory = 256;

    /// <summary>Applies an image to the state.</summary>
    /// <param name="state">State of the camera; the same instance is returned if nothing changes.</param>
    /// <param name="rule">The camera's current rule.</param>
    public static AlertDecision Apply(AlertState state, AlertRule rule, Scored scored)
    {
        // 1. Ignore
        if (scored.Verdict == Verdict.Failed || scored.Job is not null)
            return new(state, AlertOutcome.NotCounted, []);
        Observation seen = Observe(scored);
        if (state.Recent.Any(o => o.Id == seen.Id))
            return new(state, AlertOutcome.Duplicate, []);
        if (seen.Time < state.Horizon)
            return new(state, AlertOutcome.TooLate, []);
        List<Observation> recent = [.. state.Recent];
        int at = recent.FindLastIndex(o => Precedes(o, seen, rule)) + 1;
        recent.Insert(at, seen);
        IReadOnlyList<Observation?> before = SmoothedScores.Of(state.Recent, rule.Smooth),
            scores = SmoothedScores.Of(recent, rule.Smooth);

        // 2. Open, 3. Update or close
        List<AlertChange> changes = rule.Enabled && Flag(scored, seen.Time) is { } flag ? [flag] : [];
        OpenAlert? open = state.Open;
        ClosedAlert? closed = state.Closed;
        for (int i = at; rule.Enabled && i < scores.Count && i < at + rule.Smooth; i++)
        {
            int was = i > at ? Band(rule, before[i - 1]) : -1;
            if (scores[i] is not { } score || Band(rule, score) is var band && (band < 0 || band <= was))
                continue; // it is not alerting, or was already, as severely
            open =
                open is not null ? Join(open, rule, score, isNew: was < 0, scored, changes)
                : IsCalm(closed, rule, score) ? null
                : Confirm(scores, i, rule, scored, changes);
        }

        if (open is not null && (!rule.Enabled || NormalRun(scores) >= rule.CloseAfterNormal))
        {
            changes.Add(
                Change(AlertChangeType.Closed, open with { Sequence = open.Sequence + 1 }, recent[^1].Time, scored) with
                {
                    CloseReason = rule.Enabled ? AlertCloseReason.Normal : AlertCloseReason.Disabled,
                }
            );
            closed = new ClosedAlert(recent[^1].Time, open.Worst.Calibrated);
            open = null;
        }

        return new(
            Trim(state, recent, at, rule) with
            {
                Open = open,
                Closed = closed,
                Outbox = [.. state.Outbox, .. changes.Select(PendingChange.New)],
            },
            AlertOutcome.Counted,
            changes
        );
    }

    /// <summary>Returns the id of the alert that an image opens.</summary>
    public static string AlertId(string camera, string image, string etag) => TextHash.Hex($"{camera}\n{image}\n{etag}", 32);

    /// <summary>Returns the id of the alert that an image is generated.</summary>
    public static string GeneratedId(string camera, string image, string etag) =>
        TextHash.Hex($"{AlertKind.Generated.NameOf()}\n{camera}\n{image}\n{etag}", 32);

    private static AlertChange? Flag(Scored scored, DateTimeOffset time) =>
        scored.Generated is { Verdict: PictureOrigin.Generated } part
            ? new AlertChange
            {
                AlertId = GeneratedId(scored.Camera, scored.Image, scored.ETag),
                Sequence = 1,
                Type = AlertChangeType.Opened,
                Camera = scored.Camera,
                Time = time,
                OpenedAt = time,
                Generated = new AlertGenerated(
                    part.Model,
                    part.Probability,
                    part.PValue,
                    part.Threshold,
                    scored.ObjectClass,
                    scored.Image,
                    scored.ETag,
                    scored.Result,
                    scored.Part
                ),
                Traceparent = scored.Traceparent,
            }
            : null;

    private static Observation Observe(Scored scored)
    {
        bool anomalous = scored.Verdict == Verdict.Anomalous;
        DateTimeOffset time = scored.ImageTime.ToUniversalTime();
        return new Observation(
            TextHash.Hex($"{scored.Image}\n{scored.ETag}", 20),
            time,
            anomalous,
            scored.Calibrated,
            anomalous
                ? new AlertPicture(
                    scored.Image,
                    scored.ETag,
                    time,
                    scored.ObjectClass,
                    scored.Model,
                    scored.Raw,
                    scored.Calibrated,
                    scored.Threshold,
                    scored.Peak,
                    scored.Result,
                    scored.Heatmap,
                    scored.Part
                )
                : null
        );
    }

    // Images of the same second are in the order of arrival; smoothing gives them one that arrival does not change.
    private static bool Precedes(Observation known, Observation seen, AlertRule rule) =>
        known.Time == seen.Time && rule.Smooth > 1 ? string.CompareOrdinal(known.Id, seen.Id) < 0 : known.Time <= seen.Time;

    private static int Band(AlertRule rule, Observation? score) => score is { Anomalous: true } ? Band(rule, score.Calibrated) : -1;

    private static int Band(AlertRule rule, double calibrated)
    {
        int band = rule.SeverityBands.Count - 1;
        while (band >= 0 && !(calibrated >= rule.SeverityBands[band].MinCalibrated))
            band--;
        return band;
    }

    // A score has no picture if smoothing takes it from an old image, whose picture is gone: it cannot be shown, and counts alone.
    private static OpenAlert Join(OpenAlert open, AlertRule rule, Observation score, bool isNew, Scored scored, List<AlertChange> changes)
    {
        int band = Band(rule, score);
        bool risen = score.Picture is not null && band > Band(rule, open.Worst.Calibrated);
        open = open with
        {
            Images = open.Images + (isNew ? 1 : 0),
            Worst = score.Calibrated > open.Worst.Calibrated ? score.Picture ?? open.Worst : open.Worst,
        };
        if (!risen)
            return open;
        open = open with { Sequence = open.Sequence + 1, Severity = rule.SeverityBands[band].Name };
        changes.Add(Change(AlertChangeType.Updated, open, score.Time, scored));
        return open;
    }

    private static bool IsCalm(ClosedAlert? closed, AlertRule rule, Observation score) =>
        closed is not null
        && (score.Time - closed.At).TotalSeconds < rule.CoolDownSeconds
        && Band(rule, score) <= Band(rule, closed.Calibrated);

    private static OpenAlert? Confirm(IReadOnlyList<Observation?> scores, int at, AlertRule rule, Scored scored, List<AlertChange> changes)
    {
        for (int first = Math.Max(0, at - rule.Confirm.M + 1); first <= at; first++)
        {
            Observation[] alerting = [.. scores.Skip(first).Take(rule.Confirm.M).OfType<Observation>().Where(o => Band(rule, o) >= 0)];
            // Without smoothing there is always a picture: the current image is among them
            if (alerting.Length < rule.Confirm.N || alerting.Where(o => o.Picture is not null).MaxBy(o => o.Calibrated) is not { } worst)
                continue;
            DateTimeOffset time = scores[at]!.Time; // not null: it is alerting
            OpenAlert open = new(
                AlertId(scored.Camera, scored.Image, scored.ETag),
                time,
                1,
                rule.SeverityBands[Band(rule, worst)].Name,
                alerting.Length,
                worst.Picture! // chosen so
            );
            changes.Add(Change(AlertChangeType.Opened, open, time, scored));
            return open;
        }

        return null;
    }

    private static int NormalRun(IReadOnlyList<Observation?> scores)
    {
        int run = 0;
        while (run < scores.Count && scores[^(run + 1)] is { Anomalous: false })
            run++;
        return run;
    }

    private static AlertChange Change(AlertChangeType type, OpenAlert alert, DateTimeOffset time, Scored scored) =>
        new()
        {
            AlertId = alert.Id,
            Sequence = alert.Sequence,
            Type = type,
            Camera = scored.Camera,
            Severity = alert.Severity,
            Time = time,
            OpenedAt = alert.OpenedAt,
            Images = alert.Images,
            Picture = alert.Worst,
            Acknowledged = alert.Acknowledged,
            Traceparent = scored.Traceparent,
        };

    // The newest M images, and those that they are smoothed with, keep their pictures: the next image may open an alert with them. So may
    // the next image of several late ones, which is smoothed with those beside this one.
    private static AlertState Trim(AlertState state, List<Observation> recent, int at, AlertRule rule)
    {
        int smoothed = rule.Smooth - 1;
        int excess = recent.Count - Math.Max(Memory, smoothed + Math.Max(rule.Confirm.M, rule.CloseAfterNormal));
        DateTimeOffset? horizon = state.Horizon;
        if (excess > 0)
        {
            horizon = horizon > recent[excess - 1].Time ? horizon : recent[excess - 1].Time;
            recent.RemoveRange(0, excess);
        }

        int near = smoothed > 0 ? rule.Confirm.M + smoothed : 0;
        for (int i = 0; i < recent.Count - rule.Confirm.M - smoothed; i++)
            if (recent[i].Picture is not null && Math.Abs(i + Math.Max(excess, 0) - at) >= near)
                recent[i] = recent[i] with { Picture = null };
        return state with { Recent = recent, Horizon = horizon };
    }
}

/// <summary>The outcome of an image.</summary>
/// <param name="State">The new state; the changes are at the end of its outbox.</param>
/// <param name="Changes">New changes: 0 to 3, or more with smoothing, where an image can change several scores.</param>
internal sealed record AlertDecision(AlertState State, AlertOutcome Outcome, IReadOnlyList<AlertChange> Changes);

/// <summary>Whether an image counted, or why not.</summary>
internal enum AlertOutcome
{
    /// <summary>The image counted.</summary>
    Counted,

    /// <summary>The image had already counted.</summary>
    Duplicate,

    /// <summary>The image is older than the stored history.</summary>
    TooLate,

    /// <summary>The image failed, or was scored for a job.</summary>
    NotCounted,
}
