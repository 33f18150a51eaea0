using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using AaClip.Evaluation.Events;
using AaClip.Import.Temporal;
using AaClip.Scoring;
using AaClip.Scoring.Events;

namespace AaClip.Cli.Model;

/// <summary><c>aaclip evaluate --temporal</c> and <c>aaclip calibrate --temporal</c>: a temporal package on labelled recordings.</summary>
internal static class TemporalEvaluation
{
    /// <summary>Measures the package.</summary>
    /// <param name="list">The recordings (<see cref="RecordingList"/>).</param>
    /// <param name="every">Frames of a snippet; null for the package's.</param>
    public static int Evaluate(
        TemporalScorer scorer,
        string list,
        int? every,
        string? cache,
        bool json,
        ProgressLine line,
        CancellationToken cancellation
    )
    {
        TemporalManifest model = scorer.Model;
        IReadOnlyList<Recording> recordings = RecordingList.Read(list, model.Classes);
        TemporalReport report = TemporalReport.Of(
            TemporalOptions.ScoreAll(scorer, recordings, TemporalOptions.FeaturesOf(scorer, every, cache), line, cancellation),
            model.Classes,
            every ?? model.SnippetFrames
        );
        line.Clear();
        if (json)
        {
            Console.WriteLine(
                JsonSerializer.Serialize(new TemporalResult(model.Id, list, report), TemporalResultJson.Default.TemporalResult)
            );
            return 0;
        }

        Console.WriteLine(
            $"{model.Id} on {list}: {report.Recordings} recordings, {report.Abnormal} of them abnormal, {report.Frames} frames; percent"
        );
        Tables.Write(
            ["branch", "frame AUC", "on abnormal recordings", "frame AP"],
            new[] { ("binary (p1)", report.Binary), ("alignment (p2)", report.Alignment) }.Select(b =>
                new[] { b.Item1, Percent(b.Item2.Auc), Percent(b.Item2.AucAbnormal), Percent(b.Item2.Ap) }
            )
        );
        Tables.Write(
            ["event mAP", .. EventMap.Overlaps.Select(o => (Column)$"IoU {o.ToString(CultureInfo.InvariantCulture)}"), "mean"],
            new[] { ("all recordings", report.EventMap), ("abnormal recordings", report.EventMapAbnormal) }.Select(m =>
                (string[])[m.Item1, .. EventMap.Overlaps.Select((_, i) => Percent(m.Item2?[i])), Percent(m.Item2?.Average())]
            )
        );
        return 0;
    }

    /// <summary>Chooses the threshold from the normal recordings of a list, and writes a new package with it.</summary>
    /// <param name="rate">Share of normal windows that may have an event.</param>
    /// <param name="output">Folder of the new package.</param>
    public static int Calibrate(
        TemporalScorer scorer,
        string folder,
        string list,
        int? every,
        double? fps,
        double minSeconds,
        double rate,
        string output,
        string? version,
        ProgressLine line,
        CancellationToken cancellation
    )
    {
        TemporalManifest model = scorer.Model;
        Recording[] normal = [.. RecordingList.Read(list, model.Classes).Where(r => r.IsNormal)];
        if (normal.Length == 0)
            throw new InvalidDataException($"'{list}' has no normal recording: the threshold is chosen on what normal ones show.");
        double seconds = (every ?? model.SnippetFrames) / (fps ?? model.SnippetFrames / model.SnippetSeconds);
        int shortest = EventFinder.Snippets(minSeconds, seconds);
        double[] peaks =
        [
            .. TemporalOptions
                .ScoreAll(scorer, normal, TemporalOptions.FeaturesOf(scorer, every, null), line, cancellation)
                .SelectMany(r => EventFinder.Peaks(r.Scores.Of(model.Score), model.Head.Length, shortest)),
        ];
        EventCalibration calibration = new(EventFinder.Calibrate(peaks, rate), minSeconds, peaks.Length, rate, seconds);
        TemporalPackage package = TemporalImporter.Recalibrate(TemporalPackage.Open(folder), calibration, output, version);
        line.Clear();
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{package.Manifest.Id} in {package.Folder}: threshold {calibration.Threshold:F4} for the mean of the "
                    + $"{model.Score.ToString().ToLowerInvariant()} score over {minSeconds:0.###} s, from {peaks.Length} windows of "
                    + $"{normal.Length} normal recordings; at most {rate:0.####} of new normal windows have an event, if they are "
                    + $"like these (windows of few recordings are alike)."
            )
        );
        return 0;
    }

    private static string Percent(double? value) => value is { } x ? FormattableString.Invariant($"{100 * x:F2}") : "not defined";
}

/// <summary>The result for programs.</summary>
/// <param name="Model">"name@version".</param>
/// <param name="Data">The list.</param>
internal sealed record TemporalResult(string Model, string Data, TemporalReport Metrics);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(TemporalResult))]
internal sealed partial class TemporalResultJson : JsonSerializerContext;
