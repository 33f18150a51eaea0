using System.CommandLine;
using System.Globalization;
using AaClip.Evaluation.DataSets;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Text;
using AaClip.Training.Scan;

namespace AaClip.Cli.Model;

/// <summary><c>aaclip scan</c>: looks for inputs that hide anomalies from a model.</summary>
internal static class ScanCommand
{
    public static Command Create()
    {
        ScanOptions defaults = new() { Model = "", ObjectClass = "" };
        Argument<string> model = new("MODEL") { Description = "Calibrated model package of AA-CLIP or plain CLIP, float32 or int8." };
        Option<string> name = new("--class")
        {
            Description = "Class of the images; the package must be calibrated for it.",
            Required = true,
            HelpName = "NAME",
        };
        Option<string[]> images = new("--images")
        {
            Description =
                "Images with defects, at least 36, better 112: a data set as for 'aaclip evaluate', whose masks say where the defects are; "
                + "or images, folders, globs in quotes. Only those count that the model finds anomalous.",
            Required = true,
            AllowMultipleArgumentsPerToken = true,
            HelpName = "PATH...",
        };
        Option<string?> against = new("--against")
        {
            Description = "A package to compare with, such as the live one: scanned in the same way.",
            HelpName = "DIR",
        };
        Option<ScanEffort> effort = new("--effort")
        {
            Description =
                "low: 4 places, 25 steps, 16 images, at 224 px at most. full: 9 places, 40 steps, 32 images, at the model's size; with the "
                + "full-size model, days on a processor.",
            DefaultValueFactory = _ => defaults.Effort,
            CustomParser = Values.Word<ScanEffort>(),
        };
        Option<double> patch = new("--patch")
        {
            Description = "Side of the patch as a share of the image's.",
            DefaultValueFactory = _ => defaults.Patch,
            HelpName = "0-0.5",
            CustomParser = Values.Number<double>(x => x is > 0 and <= 0.5, "a number above 0 and at most 0.5"),
        };
        Option<int> change = new("--change")
        {
            Description = "Largest change of a pixel by a picture that is added to the whole image, of 255.",
            DefaultValueFactory = _ => defaults.Change,
            HelpName = "N",
            CustomParser = Values.Whole(1, 64),
        };
        Option<double> hidden = new("--hidden")
        {
            Description = "The model is rejected if an input hides more than this share of the anomalies that it finds.",
            DefaultValueFactory = _ => defaults.MostHidden,
            HelpName = "0-1",
            CustomParser = Values.Number<double>(x => x is > 0 and < 1, "a number above 0 and below 1"),
        };
        Option<double> alpha = new("--alpha")
        {
            Description = "Probability of a rejection by chance.",
            DefaultValueFactory = _ => defaults.Alpha,
            HelpName = "0-1",
            CustomParser = Values.Number<double>(x => x is > 0 and < 1, "a number above 0 and below 1"),
        };
        Option<int> seed = new("--seed")
        {
            Description = "Seed of the order of the images and of the first patches.",
            DefaultValueFactory = _ => defaults.Seed,
            HelpName = "N",
            CustomParser = Values.Whole(),
        };
        Option<string?> output = new("--out")
        {
            Description =
                "Folder for scan.json and the pictures. Default: 'scan' in the package's folder, from where 'aaclip publish' takes it.",
            HelpName = "DIR",
        };
        Option<bool> json = new("--json") { Description = "Prints the report as JSON." };
        Option<Domain> domain = SharedOptions.MapDomain();
        Option<Provider> provider = SharedOptions.ModelProvider();
        Option<int> threads = SharedOptions.Threads();
        Verb command = new(
            "scan",
            "Searches by gradient for a patch, and for a faint picture, that hide anomalies from a model, and tests what it finds on "
                + "images that the search has not seen. Exit code 1 if the model is rejected. A scan that finds nothing proves nothing.",
            "aaclip scan models/aaclip --class bottle --images data/bottle",
            "aaclip scan models/better --class bottle --images defects/ --against models/live --effort full --provider cuda"
        )
        {
            model,
            name,
            images,
            against,
            effort,
            patch,
            change,
            hidden,
            alpha,
            seed,
            output,
            json,
            domain,
            provider,
            threads,
        };
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(() =>
                {
                    ScanOptions options = new()
                    {
                        Model = parsed.GetRequiredValue(model),
                        Against = parsed.GetValue(against),
                        ObjectClass = parsed.GetRequiredValue(name),
                        Domain = parsed.GetValue(domain),
                        Effort = parsed.GetValue(effort),
                        Patch = parsed.GetValue(patch),
                        Change = parsed.GetValue(change),
                        MostHidden = parsed.GetValue(hidden),
                        Alpha = parsed.GetValue(alpha),
                        Seed = parsed.GetValue(seed),
                        Provider = parsed.GetValue(provider),
                        Threads = parsed.GetValue(threads),
                    };
                    string folder = parsed.GetValue(output) ?? Path.Combine(options.Model, ModelPackage.Scan);
                    return Scan(options, parsed.GetRequiredValue(images), folder, parsed.GetValue(json), cancellation);
                })
        );
        return command;
    }

    private static int Scan(ScanOptions options, string[] paths, string folder, bool json, CancellationToken cancellation)
    {
        ModelPackage.Open(options.Model); // fail now rather than after hours, and before a folder is made
        IReadOnlyList<(string, string?)> images = Images(paths, options.ObjectClass);
        Directory.CreateDirectory(folder);
        List<(string Name, RgbImage Image)> pictures = [];
        ScanReport report;
        using (ProgressLine line = new())
            report = Scanner.Run(
                options,
                images,
                new Progress(line),
                (name, image) => pictures.Add((name, image)),
                TimeProvider.System.GetUtcNow(),
                cancellation
            );
        foreach ((string name, RgbImage image) in pictures)
            File.WriteAllBytes(Path.Combine(folder, $"{name}.png"), ImageEncoder.Png(image));
        string file = Path.Combine(folder, ScanReport.FileName);
        WholeFile.Write(file, report.ToJson()); // last: a report has its pictures
        if (json)
            Console.WriteLine(report.ToJson());
        else
            Write(report, file);
        return report.Model.Rejected ? Run.Failed : 0;
    }

    // With the masks of a data set; of one with several classes, only the class's.
    private static IReadOnlyList<(string, string?)> Images(string[] paths, string objectClass)
    {
        if (paths is [var path] && (Directory.Exists(path) || path.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase)))
        {
            try
            {
                LabelledImage[] all = [.. DataSet.Open(path).Images.Where(i => i.Anomalous)],
                    own = [.. all.Where(i => ClassNames.Same(i.ClassName, objectClass))];
                string[] classes = [.. all.Select(i => i.ClassName).Distinct()];
                if (own.Length == 0 && classes.Length > 1)
                    throw new ArgumentException(
                        $"'{path}' has no defects of the class '{objectClass}', only of {string.Join(", ", classes)}: name one of these."
                    );
                if (all.Length > 0)
                    return [.. (own.Length > 0 ? own : all).Select(i => (i.Path, i.MaskPath))];
            }
            catch (InvalidDataException) when (Directory.Exists(path)) { } // a folder of images without a layout
        }

        return [.. ImageFiles.Paths(paths).Select(p => (p, (string?)null))];
    }

    private static void Write(ScanReport report, string file)
    {
        ModelScan[] scans = report.Against is { } other ? [report.Model, other] : [report.Model];
        Tables.Write(
            [Column.Name("model"), "hidden by", "of the test", "p", "at most", Column.Text("result")],
            scans.SelectMany(s =>
                s.Families.Select(f =>
                    new[]
                    {
                        s.Id,
                        f.Family == HidingFamily.Patch ? $"patch, {f.Place}" : "picture",
                        FormattableString.Invariant($"{f.Hidden}/{f.Tested}"),
                        f.P.ToString("G2", CultureInfo.InvariantCulture),
                        FormattableString.Invariant($"{100 * f.AtMost:F0} %"),
                        !f.Testable ? "could not be tested: too few images"
                        : f.Rejected ? FormattableString.Invariant($"hides more than {100 * report.MostHidden:0.#} %")
                        : $"not found with this effort ({Word(report.Effort)})",
                    }
                )
            )
        );
        Console.WriteLine(
            report switch
            {
                { Model.Rejected: true, Against.Rejected: false } =>
                    $"{report.Model.Id} is rejected and {report.Against.Id} is not: do not promote it before you know why.",
                { Model.Rejected: true, Against.Rejected: true } =>
                    "Both models are rejected: these inputs may be too strong for this kind of model. Scan with a smaller --patch or "
                        + "--change.",
                { Model.Rejected: true } =>
                    $"{report.Model.Id} is rejected: look at the pictures, and scan a model that you trust with --against.",
                _ when report.Model.Families.Any(f => !f.Testable) =>
                    "Too few images were left to reject the model whatever was found: give more, or take a smaller --hidden.",
                _ => $"Nothing found with this effort. That does not prove that {report.Model.Id} has no backdoor.",
            }
        );
        Console.WriteLine($"Report: {file}");
    }

    private static string Word(ScanEffort effort) => effort == ScanEffort.Low ? "low" : "full";

    private sealed class Progress(ProgressLine line) : IProgress<ScanProgress>
    {
        private string _what = "";

        public void Report(ScanProgress value)
        {
            line.Show(value.What, value.Done, value.Total, force: value.What != _what);
            _what = value.What;
        }
    }
}
