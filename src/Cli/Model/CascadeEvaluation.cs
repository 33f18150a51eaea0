using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using AaClip.Evaluation.DataSets;
using AaClip.Evaluation.Metrics;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;

namespace AaClip.Cli.Model;

/// <summary>A cascade against its full model alone, on the images of a class.</summary>
/// <param name="ClassName">The class.</param>
/// <param name="Settles">The limit, from other images.</param>
/// <param name="Given">Calibration images that it is from: defects that the full model finds.</param>
/// <param name="Bound">The bound on the share of such images that is missed.</param>
/// <param name="Found">Test defects that the full model finds.</param>
/// <param name="Missed">Of these, how many the cascade settles.</param>
/// <param name="Settled">Share of the normal test images that it settles.</param>
/// <param name="FullAuroc">Image AUROC of the full model alone; null if it is not defined.</param>
/// <param name="CascadeAuroc">Image AUROC of the cascade.</param>
internal sealed record CascadeClass(
    string ClassName,
    double Settles,
    int Given,
    double Bound,
    int Found,
    int Missed,
    double Settled,
    double? FullAuroc,
    double? CascadeAuroc
);

/// <summary>Images per second of a stream of images in memory: decoding, scores and verdict, one image after the other.</summary>
/// <param name="Defects">Share of the images with a defect.</param>
/// <param name="Images">Number of images.</param>
/// <param name="Full">Of the full model alone; median of the rounds.</param>
/// <param name="Cascade">Of the cascade.</param>
internal sealed record CascadeStream(double Defects, int Images, double Full, double Cascade)
{
    /// <summary>How many times as many images.</summary>
    public double SpeedUp => Cascade / Full;
}

/// <summary>Measures a cascade: the limit of each class on one data set, metrics and throughput on another.</summary>
internal static class CascadeEvaluation
{
    private const int Rounds = 3;
    private static readonly double[] Shares = [0, 0.02, 0.1];

    /// <summary>Measures and prints.</summary>
    /// <param name="calibration">Images that the limits are from; none of them is in <paramref name="test"/>.</param>
    /// <param name="tiles">See <see cref="CameraProfile.Tiles"/>.</param>
    /// <param name="miss">See <see cref="CascadeFound.Of"/>.</param>
    public static int Run(
        CascadeScorers scorers,
        DataSet calibration,
        DataSet test,
        string? tiles,
        double miss,
        bool json,
        ProgressLine line,
        CancellationToken cancellation
    )
    {
        List<CascadeClass> classes = [];
        List<(bool Anomalous, CameraProfile Profile, double Settles, byte[] Bytes, string Path)> all = [];
        int done = 0;
        foreach (IGrouping<string, LabelledImage> group in test.Images.GroupBy(i => i.ClassName))
        {
            CameraProfile profile = new(group.Key, test.Domain, Tiles: tiles);
            LabelledImage[] known = [.. calibration.Images.Where(i => i.ClassName == group.Key)];
            if (known.Length == 0)
                throw new InvalidDataException(
                    $"'{calibration.Name}' has no images of the class '{group.Key}': the limit is made of them."
                );
            CascadeFound found = CascadeFound.Of(
                scorers.FirstId,
                scorers.FullId,
                [.. known.Where(i => !i.Anomalous).Select(Both)],
                [.. known.Where(i => i.Anomalous).Select(Both)],
                group.Key,
                miss,
                scorers.MostSettled(group.Key)
            );
            (LabelledImage Image, CascadeScores Scores)[] scored = [.. group.Select(i => (i, Both(i)))];
            classes.Add(Class(group.Key, found, scored, s => Cascaded(s, profile, found.First.Settles)));
            all.AddRange(group.Select(i => (i.Anomalous, profile, found.First.Settles, File.ReadAllBytes(i.Path), i.Path)));

            CascadeScores Both(LabelledImage image)
            {
                line.Show(image.ClassName, ++done, calibration.Images.Count + test.Images.Count);
                return scorers.Both(scorers.Decode(File.ReadAllBytes(image.Path), image.Path), profile, cancellation);
            }
        }

        line.Clear();
        CascadeStream[] streams = [.. Shares.Select(Stream)];
        Write(scorers, classes, streams, json);
        return 0;

        ScorePart Cascaded(CascadeScores s, CameraProfile profile, double settles) => scorers.Settled(s.First, profile, settles) ?? s.Full;

        CascadeStream Stream(double defects)
        {
            var normal = all.Where(i => !i.Anomalous).ToArray();
            var bad = all.Where(i => i.Anomalous).ToArray();
            int count = Math.Min(bad.Length, (int)Math.Round(normal.Length * defects / (1 - defects)));
            var stream = normal.Concat(Enumerable.Range(0, count).Select(i => bad[i * bad.Length / count])).ToArray();
            List<double> full = [],
                cascade = [];
            for (int round = 0; round < Rounds; round++)
            {
                full.Add(Rate(i => scorers.Full(scorers.Decode(i.Bytes, i.Path), i.Profile, cancellation)));
                cascade.Add(Rate(i => scorers.Cascaded(scorers.Decode(i.Bytes, i.Path), i.Profile, i.Settles, cancellation)));
            }

            return new CascadeStream((double)count / stream.Length, stream.Length, CascadeFound.Median(full), CascadeFound.Median(cascade));

            double Rate(Action<(bool Anomalous, CameraProfile Profile, double Settles, byte[] Bytes, string Path)> score)
            {
                long start = Stopwatch.GetTimestamp();
                foreach (var image in stream)
                    score(image);
                return stream.Length / Stopwatch.GetElapsedTime(start).TotalSeconds;
            }
        }
    }

    private static CascadeClass Class(
        string name,
        CascadeFound found,
        (LabelledImage Image, CascadeScores Scores)[] scored,
        Func<CascadeScores, ScorePart> cascade
    )
    {
        double settles = found.First.Settles;
        bool[] labels = [.. scored.Select(s => s.Image.Anomalous)];
        CascadeScores[] defects = [.. scored.Where(s => s.Image.Anomalous && s.Scores.Anomalous).Select(s => s.Scores)];
        return new CascadeClass(
            name,
            settles,
            found.Limit.Given,
            found.Limit.Bound,
            defects.Length,
            defects.Count(s => s.FirstRaw < settles),
            scored.Where(s => !s.Image.Anomalous).Select(s => s.Scores.FirstRaw < settles ? 1.0 : 0).DefaultIfEmpty().Average(),
            Auroc(s => s.Full),
            Auroc(cascade)
        );

        double? Auroc(Func<CascadeScores, ScorePart> of)
        {
            Ranking ranking = Ranking.Of([.. scored.Select(s => (float)of(s.Scores).Raw!.Value)], labels); // a judgement has one
            return ranking.Defined ? ranking.Auroc() : null;
        }
    }

    private static void Write(CascadeScorers scorers, List<CascadeClass> classes, CascadeStream[] streams, bool json)
    {
        double? full = classes.Average(c => c.FullAuroc),
            cascade = classes.Average(c => c.CascadeAuroc);
        if (json)
        {
            Console.WriteLine(
                JsonSerializer.Serialize(
                    new
                    {
                        first = scorers.FirstId,
                        full = scorers.FullId,
                        classes,
                        mean = new
                        {
                            full,
                            cascade,
                            settled = classes.Average(c => c.Settled),
                        },
                        streams,
                    },
                    JsonSerializerOptions.Web
                )
            );
            return;
        }

        Tables.Write(
            [Column.Name("class"), "settled", "missed", "of", "bound", "image AUROC, full alone", "cascade"],
            [
                .. classes.Select(c =>
                    new[]
                    {
                        c.ClassName,
                        Percent(c.Settled),
                        c.Missed.ToString(CultureInfo.InvariantCulture),
                        c.Found.ToString(CultureInfo.InvariantCulture),
                        Percent(c.Bound),
                        Percent(c.FullAuroc),
                        Percent(c.CascadeAuroc),
                    }
                ),
                [
                    "mean",
                    Percent(classes.Average(c => c.Settled)),
                    classes.Sum(c => c.Missed).ToString(CultureInfo.InvariantCulture),
                    classes.Sum(c => c.Found).ToString(CultureInfo.InvariantCulture),
                    "",
                    Percent(full),
                    Percent(cascade),
                ],
            ]
        );
        foreach (CascadeStream s in streams)
            Console.WriteLine(
                FormattableString.Invariant(
                    $"{100 * s.Defects:F0} % defects: {s.Cascade:F0} images a second instead of {s.Full:F0}: {s.SpeedUp:F1} times as many."
                )
            );
    }

    private static string Percent(double? value) => value is { } x ? FormattableString.Invariant($"{100 * x:F2}") : "not defined";
}
