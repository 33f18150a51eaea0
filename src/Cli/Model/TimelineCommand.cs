using System.CommandLine;
using System.Globalization;
using AaClip.Evaluation.Events;
using AaClip.Pipeline.Contracts;
using AaClip.Scoring;
using AaClip.Scoring.Events;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Tensors;

namespace AaClip.Cli.Model;

/// <summary><c>aaclip timeline</c>: finds events in a recording.</summary>
internal static class TimelineCommand
{
    private const string Bars = "▁▂▃▄▅▆▇█";

    public static Command Create()
    {
        Argument<string?> frames = new("frames")
        {
            Description = "Folder of a recording's frames, in the order of their names.",
            Arity = ArgumentArity.ZeroOrOne,
            HelpName = "DIR",
        };
        Option<string> model = SharedOptions.Model();
        model.Description = "Temporal package, made by 'aaclip import --temporal'.";
        Option<double?> fps = TemporalOptions.Fps();
        Option<int?> every = TemporalOptions.Every();
        Option<string?> features = new("--features")
        {
            Description = "Features instead of frames: an .npy file [snippets, width] of float16 or float32.",
            HelpName = "FILE",
        };
        Option<string?> save = new("--save-features")
        {
            Description = "Writes the features of the frames as an .npy file, which --features and lists take.",
            HelpName = "FILE",
        };
        Option<double?> threshold = new("--threshold")
        {
            Description =
                "Mean scores at or above this are an event. Default: the package's calibration; without one, only the scores are shown.",
            HelpName = "0-1",
            CustomParser = Values.NumberOrNone<double>(x => x is > 0 and < 1, "a number above 0 and below 1"),
        };
        Option<double?> minSeconds = TemporalOptions.MinSeconds();
        Option<EventScore?> score = TemporalOptions.Score();
        Option<string?> picture = new("--picture") { Description = "Writes the time line as an SVG picture.", HelpName = "FILE" };
        Option<bool> json = new("--json")
        {
            Description = "The time line as one JSON object (docs/schemas/timeline.schema.json) on standard output.",
        };
        Option<Provider> provider = SharedOptions.ModelProvider();
        Option<int> threads = SharedOptions.Threads();
        Verb command = new(
            "timeline",
            "Finds events in a recording with a temporal package (VadCLIP). It works on whole recordings: each score also depends on what "
                + "comes after it. Of each snippet of 16 frames the first is seen.",
            "aaclip timeline --model models/vad frames/ --fps 25",
            "aaclip timeline --model models/vad frames/ --threshold 0.6 --picture line.svg --json",
            "aaclip timeline --model models/vad --features recording.npy"
        )
        {
            frames,
            model,
            fps,
            every,
            features,
            save,
            threshold,
            minSeconds,
            score,
            picture,
            json,
            provider,
            threads,
        };
        command.Rules.Add(r =>
            (r.GetValue(frames) is null) != Verb.Has(r, features) ? "Give a folder of frames, or --features."
            : Verb.Has(r, features) && Verb.Has(r, save) ? "--features and --save-features exclude each other."
            : null
        );
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(() =>
                {
                    using ProgressLine line = new();
                    using TemporalScorer scorer = TemporalScorer.Load(
                        parsed.GetRequiredValue(model),
                        new ScorerOptions
                        {
                            Provider = parsed.GetValue(provider),
                            Threads = parsed.GetValue(threads),
                            Logger = new ConsoleLogger(line),
                        }
                    );
                    TemporalManifest own = scorer.Model;
                    int frameCount = parsed.GetValue(every) ?? own.SnippetFrames;
                    double rate = parsed.GetValue(fps) ?? own.SnippetFrames / own.SnippetSeconds;
                    EventRule rule = EventRule.Of(
                        own,
                        parsed.GetValue(score),
                        parsed.GetValue(threshold),
                        parsed.GetValue(minSeconds),
                        frameCount / rate
                    );
                    SnippetFeatures source = TemporalOptions.FeaturesOf(scorer, frameCount, null);
                    string path = parsed.GetValue(frames) ?? parsed.GetRequiredValue(features)!; // the rule above requires one of them
                    if (parsed.GetValue(frames) is not null && !Directory.Exists(path))
                        throw new DirectoryNotFoundException($"There is no folder '{path}': name the folder of a recording's frames.");
                    if (parsed.GetValue(features) is not null && !File.Exists(path))
                        throw new FileNotFoundException($"There is no file '{path}': name an .npy file of features.");
                    if (parsed.GetValue(save) is { } kept && Path.GetDirectoryName(Path.GetFullPath(kept)) is { } folder)
                        Directory.CreateDirectory(folder); // fail now rather than after all frames
                    float[] values = source.Of(path, (done, all) => line.Show("Frames", done, all), cancellation);
                    if (parsed.GetValue(save) is { } target)
                        NpyFile.Write(target, [values.Length / own.Head.Width, own.Head.Width], values);
                    IReadOnlyList<string>? images = Directory.Exists(path)
                        ? [.. source.Frames(path).Select(f => Path.GetFileName(f))]
                        : null;
                    SequenceScores scores = scorer.Score(values, cancellation);
                    TimelineDocument timeline = TimelineDocument.Of(own, scores, rule, frameCount / rate, images);
                    line.Clear();
                    if (parsed.GetValue(picture) is { } drawing)
                        WholeFile.Write(drawing, TimelinePicture.Svg(timeline));
                    if (parsed.GetValue(json))
                        Console.WriteLine(timeline.ToJson());
                    else
                        Print(timeline, images is null, frameCount);
                    return 0;
                })
        );
        return command;
    }

    private static void Print(TimelineDocument timeline, bool fromFeatures, int frames)
    {
        double seconds = timeline.P1.Count * timeline.SnippetSeconds;
        string seen =
            fromFeatures ? "features as given"
            : frames == 1 ? "every frame seen"
            : $"the first of each {frames} frames seen";
        Console.Error.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{timeline.Model}: {timeline.P1.Count} snippets, {seconds:F1} s, {seen}; highest p1 {timeline.P1.Max():F3}, "
                    + $"p2 {timeline.P2.Max():F3}"
            )
        );
        if (!Console.IsOutputRedirected)
            Console.WriteLine(Curve(timeline, Math.Max(20, Math.Min(100, Console.WindowWidth - 1))));
        Tables.Write(
            ["from", "to", Column.Name("event"), "probability", "score", "peak"],
            timeline.Events.Select(e =>
                new[] { Clock(e.From), Clock(e.To), e.Label, Number(e.Probability), Number(e.Score), Number(e.Peak) }
            )
        );
        if (timeline.Threshold is null)
            Console.Error.WriteLine(
                $"No events: {timeline.Model} is not calibrated. Give --threshold, or calibrate it with 'aaclip calibrate --temporal'."
            );
        else if (timeline.Events.Count == 0)
            Console.Error.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"No events: no mean over {timeline.MinSeconds:0.###} s reaches {timeline.Threshold:0.####}."
                )
            );
    }

    // The largest score of each part, as a line of bars.
    private static string Curve(TimelineDocument timeline, int width)
    {
        IReadOnlyList<double> scores = timeline.Score == EventScore.Binary ? timeline.P1 : timeline.P2;
        int parts = Math.Min(width, scores.Count);
        char[] bars = new char[parts];
        for (int i = 0; i < parts; i++)
        {
            double highest = 0;
            for (int at = i * scores.Count / parts; at < (i + 1) * scores.Count / parts; at++)
                highest = Math.Max(highest, scores[at]);
            bars[i] = Bars[Math.Min((int)(highest * Bars.Length), Bars.Length - 1)];
        }

        return new string(bars);
    }

    /// <summary>Seconds as h:mm:ss.f.</summary>
    internal static string Clock(double seconds)
    {
        TimeSpan time = TimeSpan.FromSeconds(seconds);
        return string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours}:{time:mm\\:ss\\.f}");
    }

    private static string Number(double value) => value.ToString("F3", CultureInfo.InvariantCulture);
}
