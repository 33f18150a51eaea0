using System.CommandLine;
using AaClip.Evaluation.Events;
using AaClip.Scoring;
using AaClip.Scoring.Events;

namespace AaClip.Cli.Model;

/// <summary>Options of the verbs that see recordings through a temporal package.</summary>
internal static class TemporalOptions
{
    public static Option<int?> Every() =>
        new("--every")
        {
            Description =
                "Frames of a snippet, of which the first is seen. Default: the package's, 16 as published; 1 where a folder holds one "
                + "frame for each snippet already.",
            HelpName = "N",
            CustomParser = Values.WholeOrNone(1, 100_000),
        };

    public static Option<double?> Fps() =>
        new("--fps")
        {
            Description = "Frames per second of the recordings. Default: the rate of the training data, 30.",
            HelpName = "RATE",
            CustomParser = Values.NumberOrNone<double>(x => x is > 0 and <= 10_000, "a number above 0 and at most 10000"),
        };

    public static Option<string?> Cache() =>
        new("--cache")
        {
            Description = "Folder that keeps the features of frames, so that the image tower sees each recording once.",
            HelpName = "DIR",
        };

    public static Option<EventScore?> Score() =>
        new("--score")
        {
            Description = "The branch that events are found with, binary or alignment. Default: the package's.",
            CustomParser = Values.WordOrNone<EventScore>(),
        };

    public static Option<double?> MinSeconds() =>
        new("--min-seconds")
        {
            Description = "An event is where the mean score over this time reaches the threshold. Default: the calibration's, else 2.",
            HelpName = "SECONDS",
            CustomParser = Values.NumberOrNone<double>(x => x is > 0 and <= 86_400, "a number of seconds, above 0 and at most 86400"),
        };

    /// <summary>Features of recordings for a package.</summary>
    /// <param name="every">Frames of a snippet; null for the package's.</param>
    public static SnippetFeatures FeaturesOf(TemporalScorer scorer, int? every, string? cache) =>
        new(() => scorer.Frames, scorer.Model.Head.Width, every ?? scorer.Model.SnippetFrames)
        {
            Cache = cache,
            Model =
                string.Join(
                    ' ',
                    scorer
                        .Model.Files.Where(f => f.Key is TemporalPackage.FrameGraph or TemporalPackage.FrameWeights)
                        .Select(f => f.Value.Sha256)
                ) + $" {scorer.Model.Frame.Mirrored}",
        };

    /// <summary>Scores the recordings of a list.</summary>
    public static IReadOnlyList<(Recording Recording, SequenceScores Scores)> ScoreAll(
        TemporalScorer scorer,
        IReadOnlyList<Recording> recordings,
        SnippetFeatures features,
        ProgressLine line,
        CancellationToken cancellation
    )
    {
        List<(Recording, SequenceScores)> scored = [];
        foreach (Recording recording in recordings)
        {
            line.Show("recordings,", scored.Count, recordings.Count);
            float[] own = features.Of(recording.Path, (_, _) => line.Show("recordings,", scored.Count, recordings.Count), cancellation);
            scored.Add((recording, scorer.Score(own, cancellation)));
        }

        return scored;
    }
}
