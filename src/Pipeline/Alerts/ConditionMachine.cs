using AaClip.Pipeline.Cameras;
using AaClip.Pipeline.Results.Counts;
using AaClip.Pipeline.Routing;

namespace AaClip.Pipeline.Alerts;

/// <summary>
/// Decides on alerts about a camera itself, silence and drift: a pure function, as <see cref="AlertMachine"/> for images. Each opens once
/// and closes once:
/// <code>
///          opens when                                        closes when
/// silence  no image for longer than the camera's limit       a newer image is stored
/// drift    the scores' index reaches <see cref="Drift.Large"/>          it is below <see cref="Drift.Moderate"/>, or another model is live
/// both                                                       the profile switches them off, or is removed; no image for 30 days
/// </code>
/// Between the two limits of drift nothing changes, so that an index near one of them gives no stream of events; neither does anything
/// change while there are too few scores for an index.
/// </summary>
internal static class ConditionMachine
{
    /// <summary>Applies what was seen of a camera.</summary>
    /// <param name="state">State of the camera; the same instance is returned if nothing changes.</param>
    /// <param name="rule">The camera's current rule.</param>
    public static AlertDecision Apply(AlertState state, string camera, AlertRule rule, CameraLook look)
    {
        List<AlertChange> changes = [];
        OpenCondition? silence = Silence(state, camera, rule, look, changes),
            drift = Drifts(state.Drift, camera, rule, look, changes);
        return ReferenceEquals(silence, state.Silence) && ReferenceEquals(drift, state.Drift)
            ? new(state, AlertOutcome.NotCounted, [])
            : new(
                state with
                {
                    Silence = silence,
                    Drift = drift,
                    Outbox = [.. state.Outbox, .. changes.Select(PendingChange.New)],
                },
                AlertOutcome.Counted,
                changes
            );
    }

    private static OpenCondition? Silence(AlertState state, string camera, AlertRule rule, CameraLook look, List<AlertChange> changes)
    {
        OpenCondition? open = state.Silence;
        DateTimeOffset? last = look.State?.Silence.Last;
        // An image that was scored after the look: whoever looked is late.
        if (last is not null && state.Recent is [.., { Time: var newest }] && newest > last)
            last = newest;
        bool isOn = rule is { Enabled: true, Silence: true };
        AlertCloseReason? ends =
            !isOn ? AlertCloseReason.Disabled
            : last is null ? AlertCloseReason.Gone
            : last > open?.Silence!.LastImageAt ? AlertCloseReason.Normal // not null: this is about silence
            : null;
        if (open is not null && ends is { } reason)
            open = Close(open, camera, reason, reason == AlertCloseReason.Normal ? last!.Value : look.At, changes); // not null: it is newer
        if (open is null && isOn && look.State?.Silence is { Limit: { } limit } seen && seen.Last == last && seen.IsSilentAt(look.Handled))
            open = Open(
                AlertKind.Silence,
                camera,
                look.At,
                c => c with { Silence = new AlertSilence(seen.Last, limit.TotalSeconds) },
                changes
            );
        return open;
    }

    private static OpenCondition? Drifts(OpenCondition? open, string camera, AlertRule rule, CameraLook look, List<AlertChange> changes)
    {
        bool isOn = rule is { Enabled: true, Drift: true };
        double? psi = look.State?.Psi;
        AlertCloseReason? ends =
            !isOn ? AlertCloseReason.Disabled
            : look.State is null ? AlertCloseReason.Gone
            : look.Model is { } live && live != open?.Drift!.Model ? AlertCloseReason.Model // not null: this is about drift
            : psi < Results.Counts.Drift.Moderate ? AlertCloseReason.Normal
            : null;
        if (open is not null && ends is { } reason)
        {
            if (reason == AlertCloseReason.Normal)
                open = open with { Drift = open.Drift! with { Psi = psi!.Value } }; // not null: see above
            open = Close(open, camera, reason, look.At, changes);
        }

        if (open is null && isOn && look.Model is { } model && psi >= Results.Counts.Drift.Large)
            open = Open(AlertKind.Drift, camera, look.At, c => c with { Drift = new AlertDrift(model, psi.Value) }, changes);
        return open;
    }

    private static OpenCondition Open(
        AlertKind kind,
        string camera,
        DateTimeOffset at,
        Func<OpenCondition, OpenCondition> facts,
        List<AlertChange> changes
    )
    {
        OpenCondition open = facts(new OpenCondition(OpenCondition.IdOf(kind, camera, at), at, 1));
        changes.Add(open.Change(AlertChangeType.Opened, camera, at));
        return open;
    }

    // What a person closed ends without an event.
    private static OpenCondition? Close(
        OpenCondition open,
        string camera,
        AlertCloseReason reason,
        DateTimeOffset time,
        List<AlertChange> changes
    )
    {
        open = open with { Sequence = open.Sequence + 1 };
        if (!open.Dismissed)
            changes.Add(open.Change(AlertChangeType.Closed, camera, time) with { CloseReason = reason });
        return null;
    }
}

/// <summary>What was seen of a camera.</summary>
/// <param name="State">How it does; null if it has sent no image for <see cref="CameraStates.Known"/>.</param>
/// <param name="Model">"name@version" of the live model, whose scores the index is about; null where nobody looked at scores.</param>
/// <param name="Handled">Images that were stored before have a result, as far as can be told.</param>
/// <param name="At">When it was seen.</param>
internal sealed record CameraLook(CameraState? State, string? Model, DateTimeOffset Handled, DateTimeOffset At);
