using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;

namespace AaClip.Tests;

/// <summary>Scored images for tests, and words for what the machine made of them.</summary>
internal static class ScoredImages
{
    public static readonly DateTimeOffset Start = new(2026, 3, 1, 6, 0, 0, TimeSpan.Zero);

    /// <summary>An image stored some seconds after <see cref="Start"/>; from 0.5 on it is anomalous.</summary>
    public static Scored At(double second, double calibrated, string camera = "line1", string? name = null, string etag = "0x1") =>
        new()
        {
            Image = name ?? FormattableString.Invariant($"{camera}/{second}.png"),
            ETag = etag,
            Camera = camera,
            ObjectClass = "bottle",
            Model = "demo@1",
            Detection = (float)calibrated,
            MapMax = (float)calibrated,
            Raw = calibrated,
            Calibrated = calibrated,
            Threshold = 0.5,
            Verdict = calibrated >= 0.5 ? Verdict.Anomalous : Verdict.Normal,
            Result = FormattableString.Invariant($"demo@1/{camera}/{second}.png/{etag}.json"),
            Heatmap = FormattableString.Invariant($"demo@1/{camera}/{second}.png/{etag}.jpg"),
            ImageTime = Start.AddSeconds(second),
            EnqueuedAt = Start.AddSeconds(second),
            ScoredAt = Start.AddSeconds(second + 1),
            Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        };

    /// <summary>Images a second apart: "n" normal, "m" minor, "M" major, "C" critical.</summary>
    public static IEnumerable<Scored> Sequence(string letters) => letters.Select((letter, second) => At(second, Score(letter)));

    public static double Score(char letter) =>
        letter switch
        {
            'n' => 0.2,
            'm' => 0.6,
            'M' => 0.8,
            'C' => 0.95,
            _ => throw new ArgumentOutOfRangeException(nameof(letter)),
        };

    /// <summary>Applies images in their order: "opened minor@3" for an image of second 3.</summary>
    public static (AlertState State, List<AlertChange> Changes) Run(AlertRule rule, IEnumerable<Scored> images, AlertState? from = null)
    {
        AlertState state = from ?? AlertState.Empty;
        List<AlertChange> changes = [];
        foreach (Scored image in images)
        {
            AlertDecision decision = AlertMachine.Apply(state, rule, image);
            state = decision.State with { Outbox = [] };
            changes.AddRange(decision.Changes);
        }

        return (state, changes);
    }

    public static string Words(IEnumerable<AlertChange> changes) =>
        string.Join(", ", changes.Select(c => FormattableString.Invariant($"{c.TypeName} {c.Severity}@{(c.Time - Start).TotalSeconds}")));
}
