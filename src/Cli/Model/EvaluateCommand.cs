using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using AaClip.Evaluation;
using AaClip.Evaluation.DataSets;
using AaClip.Evaluation.Report;
using AaClip.Scoring;
using AaClip.Scoring.Events;
using AaClip.Scoring.References;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Tiles;

namespace AaClip.Cli.Model;

/// <summary><c>aaclip evaluate</c>: measures a model on labelled images.</summary>
internal static class EvaluateCommand
{
    private const int Shown = 5; // unused masks that are listed

    public static Command Create()
    {
        DataOptions data = new();
        Option<string> model = SharedOptions.Model();
        model.Required = false;
        Option<string?> check = new("--check")
        {
            Description =
                "Instead of --model: package of a check for generated pictures, measured on folders 0_real and 1_fake in "
                + "--data, or in each "
                + "folder there.",
            HelpName = "DIR",
        };
        Option<string?> report = new("--report")
        {
            Description =
                "Writes report.html, one file with tables, curves and the best and worst images, and report.json with every score.",
            HelpName = "DIR",
        };
        Option<string?> references = SharedOptions.References();
        Option<bool> json = new("--json") { Description = "The tables as one JSON object on standard output." };
        Option<string?> first = new("--first")
        {
            Description = "Cheap model package: compares a cascade of it and --model with --model alone, in image AUROC and speed.",
            HelpName = "DIR",
        };
        Option<string?> limits = new("--limits-from")
        {
            Description = "With --first: other labelled images of the same classes, from which the cascade's limits are made.",
            HelpName = "DIR",
        };
        Option<double> miss = SharedOptions.Miss();
        Option<Tiling?> tiles = SharedOptions.Tiles();
        tiles.Description =
            "With --first: the tiles in which --model sees an image, as in a camera's profile; the first model sees it whole.";
        Option<bool> temporal = new("--temporal")
        {
            Description =
                "Measures a temporal package on recordings: frame AUC and AP, event mAP. --data is then a CSV list of recordings "
                + "(docs/methods.md).",
        };
        Option<int?> every = TemporalOptions.Every();
        Option<string?> cache = TemporalOptions.Cache();
        Option<Provider> provider = SharedOptions.ModelProvider();
        Option<int> threads = SharedOptions.Threads();
        Verb command = new(
            "evaluate",
            "Measures a model on labelled images: AUROC, AP, F1-max and AUPRO, by the published protocol and by the service's scores.",
            "aaclip evaluate --model models/aaclip --data mvtec/ --set MVTec",
            "aaclip evaluate --model models/aaclip --data photos/bottle --report out/ --json",
            "aaclip evaluate --first models/small --model models/aaclip --data drawn/ --limits-from others/",
            "aaclip evaluate --check models/c2p --data forensynths/",
            "aaclip evaluate --temporal --model models/vad --data recordings.csv --cache features/"
        )
        {
            model,
            check,
            references,
            report,
            json,
            first,
            limits,
            miss,
            tiles,
            temporal,
            every,
            cache,
            provider,
            threads,
        };
        data.AddTo(command);
        Option[] ofChecks = [check, data.Folder, json, provider, threads];
        command.Rules.Add(r =>
            !Verb.Has(r, check) ? Verb.Missing(r, model)
            : command.Options.Except(ofChecks).FirstOrDefault(o => Verb.Has(r, o)) is { } taken
                ? $"--check and {taken.Name} exclude each other."
            : null
        );
        command.Rules.Add(r =>
            r.GetValue(temporal)
                ? (new Option[] { report, references, first, limits, miss, tiles }.FirstOrDefault(o => Verb.Has(r, o)) ?? data.OfImages(r))
                    is { } foreign
                    ? $"--temporal and {foreign.Name} exclude each other."
                    : null
                : new Option[] { every, cache }.FirstOrDefault(o => Verb.Has(r, o)) is { } needs
                    ? $"{needs.Name} needs --temporal."
                    : Verb.Has(r, first) != Verb.Has(r, limits)
                        ? "--first and --limits-from go together."
                        : Verb.Has(r, first) && new Option[] { report, references }.FirstOrDefault(o => Verb.Has(r, o)) is { } other
                            ? $"--first and {other.Name} exclude each other."
                            : new Option[] { miss, tiles }.FirstOrDefault(o => Verb.Has(r, o)) is { } lone && !Verb.Has(r, first)
                                ? $"{lone.Name} needs --first."
                                : null
        );
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(() =>
                {
                    if (parsed.GetValue(check) is { } checks)
                        return CheckEvaluationRun.Run(
                            checks,
                            parsed.GetRequiredValue(data.Folder),
                            new ScorerOptions { Provider = parsed.GetValue(provider), Threads = parsed.GetValue(threads) },
                            parsed.GetValue(json),
                            cancellation
                        );
                    if (parsed.GetValue(temporal))
                    {
                        using ProgressLine line = new();
                        using TemporalScorer events = TemporalScorer.Load(
                            parsed.GetRequiredValue(model),
                            new ScorerOptions { Provider = parsed.GetValue(provider), Threads = parsed.GetValue(threads) }
                        );
                        return TemporalEvaluation.Evaluate(
                            events,
                            data.PathOf(parsed),
                            parsed.GetValue(every),
                            parsed.GetValue(cache),
                            parsed.GetValue(json),
                            line,
                            cancellation
                        );
                    }

                    DataSet set = data.Open(parsed);
                    foreach (string note in set.Notes)
                        Console.Error.WriteLine(note);
                    if (parsed.GetValue(first) is { } cheap)
                    {
                        ScorerOptions options = new() { Provider = parsed.GetValue(provider), Threads = parsed.GetValue(threads) };
                        using CascadeScorers scorers = new(cheap, parsed.GetRequiredValue(model), options);
                        using ProgressLine line = new();
                        DataSet others = DataSet.Open(
                            parsed.GetRequiredValue(limits)!, // the rule above requires it
                            new DataSetOptions { Split = DataSplit.All }
                        );
                        if (others.Images.Select(Full).Intersect(set.Images.Select(Full)).FirstOrDefault() is { } shared)
                            throw new InvalidDataException(
                                $"'{shared}' is in --data and in --limits-from: limits that were chosen on the test images say nothing "
                                    + "about others."
                            );
                        return CascadeEvaluation.Run(
                            scorers,
                            others,
                            set,
                            parsed.GetResult(tiles)?.Tokens[^1].Value,
                            parsed.GetValue(miss),
                            parsed.GetValue(json),
                            line,
                            cancellation
                        );
                    }

                    LabelledImage[] maskless = [.. set.Images.Where(i => i.Anomalous && i.MaskPath is null)];
                    if (maskless.Length > 0)
                        Console.Error.WriteLine(
                            $"{maskless.Length} anomalous images have no mask, such as '{maskless[0].Path}': they count for the "
                                + $"image metrics, not for the pixel metrics."
                        );
                    if (parsed.GetValue(report) is { } folder)
                        Directory.CreateDirectory(folder);
                    ReferencePatches? patches = parsed.GetValue(references) is { } file ? ReferencePatches.Read(file) : null;
                    using AnomalyScorer scorer = AnomalyScorer.Load(
                        parsed.GetRequiredValue(model),
                        new ScorerOptions { Provider = parsed.GetValue(provider), Threads = parsed.GetValue(threads) }
                    );
                    List<ClassReport> classes = [];
                    try
                    {
                        using ProgressLine line = new();
                        int done = 0;
                        foreach (
                            ClassReport one in Evaluator.Run(
                                scorer,
                                set,
                                (image, _) => line.Show(image.ClassName, ++done, set.Images.Count),
                                patches,
                                cancellation
                            )
                        )
                            classes.Add(one);
                    }
                    catch when (classes.Count > 0 && !parsed.GetValue(json))
                    {
                        Print(new EvaluationReport(scorer.Model.Id, set.Name, classes, MeanOf(classes)));
                        Console.Error.WriteLine(
                            $"These are {classes.Count} of {set.Images.Select(i => i.ClassName).Distinct().Count()} classes: the "
                                + $"evaluation is incomplete."
                        );
                        throw;
                    }

                    Tell([.. classes.SelectMany(c => c.UnusedMasks)]);
                    EvaluationReport whole = new(scorer.Model.Id, set.Name, classes, MeanOf(classes));
                    if (parsed.GetValue(report) is { } output)
                    {
                        WholeFile.Write(
                            Path.Combine(output, "report.json"),
                            JsonSerializer.Serialize(whole, EvaluateJson.Default.EvaluationReport)
                        );
                        HtmlReport.Write(Path.Combine(output, "report.html"), scorer, set.Name, set.Domain, classes, patches, cancellation);
                    }

                    if (parsed.GetValue(json))
                        Console.WriteLine(
                            JsonSerializer.Serialize(
                                whole with
                                {
                                    Classes = [.. classes.Select(c => c with { Images = [] })],
                                },
                                EvaluateJson.Default.EvaluationReport
                            )
                        );
                    else
                        Print(whole);
                    return 0;
                })
        );
        return command;
    }

    private static string Full(LabelledImage image) => Path.GetFullPath(image.Path);

    private static void Tell(UnusedMask[] unused)
    {
        if (unused.Length == 0)
            return;
        Console.Error.WriteLine(
            $"{unused.Length} masks do not show which pixels are anomalous; their images count for the image metrics, not for the "
                + $"pixel metrics:"
        );
        foreach (UnusedMask mask in unused.Take(Shown))
            Console.Error.WriteLine($"  {mask.Path}: {mask.Reason}");
        if (unused.Length > Shown)
            Console.Error.WriteLine($"  and {unused.Length - Shown} more: report.json of --report lists all.");
    }

    private static void Print(EvaluationReport report)
    {
        Console.WriteLine($"{report.Model} on {report.Data}, percent");
        List<string[]> rows = [.. report.Classes.Select(c => Row(c.ClassName, c.Normal, c.Anomalous, Figures(c)))];
        if (report.Classes.Count > 1)
        {
            rows.Add(
                Row("mean of classes", report.Classes.Sum(c => c.Normal), report.Classes.Sum(c => c.Anomalous), [.. report.Mean.Values])
            );
        }

        Tables.Write([Column.Name("class"), "normal", "anomalous", .. Columns.Select(c => (Column)c)], rows);
        Console.WriteLine(
            "image: by the published protocol, scaled over all test images of a class; alone: by the service's score of each image."
        );
    }

    private static readonly string[] Columns =
    [
        "pixel AUROC",
        "pixel AP",
        "pixel F1-max",
        "AUPRO",
        "image AUROC",
        "image AP",
        "image F1-max",
        "alone: AUROC",
        "alone: AP",
        "alone: F1-max",
    ];

    private static double?[] Figures(ClassReport c) =>
        [
            c.Pixels.Auroc,
            c.Pixels.Ap,
            c.Pixels.F1Max,
            c.Pixels.Aupro,
            c.Published.Auroc,
            c.Published.Ap,
            c.Published.F1Max,
            c.PerImage.Auroc,
            c.PerImage.Ap,
            c.PerImage.F1Max,
        ];

    private static Dictionary<string, double?> MeanOf(List<ClassReport> classes)
    {
        double?[][] values = [.. classes.Select(Figures)];
        // Null if no class defines it
        return Columns.Select((column, i) => (column, Mean: values.Average(v => v[i]))).ToDictionary(c => c.column, c => c.Mean);
    }

    private static string[] Row(string name, int normal, int anomalous, double?[] values) =>
        [
            name,
            normal.ToString(CultureInfo.InvariantCulture),
            anomalous.ToString(CultureInfo.InvariantCulture),
            .. values.Select(v => v is { } x ? FormattableString.Invariant($"{100 * x:F2}") : "not defined"),
        ];
}

/// <summary>Metrics of a model on a data set.</summary>
/// <param name="Model">"name@version".</param>
/// <param name="Data">Name of the data set.</param>
/// <param name="Classes">One for each class.</param>
/// <param name="Mean">Unweighted means over the classes, by column; null if no class defines one.</param>
internal sealed record EvaluationReport(
    string Model,
    string Data,
    IReadOnlyList<ClassReport> Classes,
    IReadOnlyDictionary<string, double?> Mean
);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(EvaluationReport))]
internal sealed partial class EvaluateJson : JsonSerializerContext;
