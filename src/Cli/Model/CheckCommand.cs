using System.CommandLine;
using System.Text.Json;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;
using AaClip.Scoring;
using AaClip.Scoring.Sessions;

namespace AaClip.Cli.Model;

/// <summary><c>aaclip check</c>: says of pictures whether a generator made them.</summary>
internal static class CheckCommand
{
    public static Command Create()
    {
        Argument<string[]> paths = new("path")
        {
            Description = "Pictures, folders, or globs in quotes.",
            Arity = ArgumentArity.OneOrMore,
            HelpName = "PATH",
        };
        Option<string> model = new("--model")
        {
            Description = "Package of a check, made by 'aaclip import --check'.",
            Required = true,
            HelpName = "DIR",
        };
        Option<double?> threshold = new("--threshold")
        {
            Description = "Pictures with this probability or more are called generated. Default: that of --camera, else 0.5.",
            HelpName = "0-1",
            CustomParser = Values.NumberOrNone<double>(x => x is > 0 and <= 1, "a probability above 0, at most 1"),
        };
        Option<string?> cameras = new("--cameras")
        {
            Description = "File of camera profiles: takes threshold and p-values of --camera, which 'aaclip calibrate --check' wrote.",
            HelpName = "FILE",
        };
        Option<string?> camera = new("--camera") { Description = "Name of the profile in --cameras.", HelpName = "NAME" };
        Option<bool> json = new("--json") { Description = "One JSON object for each picture." };
        Option<bool> parity = new("--parity") { Description = "Reads pictures as the published code does: no EXIF rotation." };
        Option<Provider> provider = SharedOptions.ModelProvider();
        Option<int> threads = SharedOptions.Threads();
        Verb command = new(
            "check",
            "Says of pictures whether a generator made them (C2P-CLIP). It knows generators of 2018 to 2022, is near chance "
                + "on newer ones, and "
                + "does not see local changes: see docs/methods.md. The exit code is 0 also when pictures are generated, and "
                + "1 when any could "
                + "not be read.",
            "aaclip check --model models/c2p photos/",
            "aaclip check --model models/c2p --cameras cameras.json --camera line1 --json photos/"
        )
        {
            paths,
            model,
            threshold,
            cameras,
            camera,
            json,
            parity,
            provider,
            threads,
        };
        command.Rules.Add(r =>
            Verb.Has(r, cameras) != Verb.Has(r, camera) ? "--cameras and --camera go together."
            : Verb.Has(r, cameras) && Verb.Has(r, threshold) ? "--threshold and --cameras exclude each other."
            : null
        );
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(() =>
                {
                    IReadOnlyList<ImageFile> files = ImageFiles.Find(parsed.GetRequiredValue(paths));
                    using ProgressLine line = new();
                    line.Show("Loading the check", 0, 1);
                    using PictureCheck check = PictureCheck.Load(
                        parsed.GetRequiredValue(model),
                        new ScorerOptions
                        {
                            Provider = parsed.GetValue(provider),
                            Threads = parsed.GetValue(threads),
                            Logger = new ConsoleLogger(line),
                        }
                    );
                    GeneratedRule rule = parsed.GetValue(cameras) is { } file
                        ? RuleOf(file, parsed.GetRequiredValue(camera)!, check.Id) // the rule above requires it
                        : new GeneratedRule(check.Id, parsed.GetValue(threshold) ?? PictureCheck.PublishedThreshold);
                    return Check(
                        files,
                        new CheckedPictures(check, parsed.GetValue(parity), line),
                        rule,
                        parsed.GetValue(json),
                        line,
                        cancellation
                    );
                })
        );
        return command;
    }

    private static GeneratedRule RuleOf(string file, string camera, string id)
    {
        if (ProfileFile.Find(file, camera)?.Generated is not { } rule)
            throw new InvalidDataException(
                $"The profile of camera '{camera}' in '{file}' has no check for generated pictures: make one with 'aaclip "
                    + $"calibrate --check'."
            );
        return rule.Model == id
            ? rule
            : throw new InvalidDataException(
                $"Camera '{camera}' in '{file}' was calibrated with {rule.Model}, and --model is {id}: name that package, or "
                    + $"calibrate again."
            );
    }

    private static int Check(
        IReadOnlyList<ImageFile> files,
        CheckedPictures pictures,
        GeneratedRule rule,
        bool json,
        ProgressLine line,
        CancellationToken cancellation
    )
    {
        bool terminal = !Console.IsOutputRedirected,
            calibrated = rule.Levels is not null;
        int common = ImageFiles.CommonFolder(files).Length;
        Column[] header = [Column.Name("picture"), "probability", .. calibrated ? ["p-value"] : (Column[])[], "verdict"];
        if (!terminal && !json)
            Console.WriteLine(string.Join('\t', header.Select(c => c.Title)));
        List<string[]> rows = [];
        List<CheckedPicture> failed = [];
        try
        {
            foreach (CheckedPicture picture in pictures.Run([.. files.Select(f => f.Path)], cancellation))
            {
                GeneratedPart? part = picture.Probability is { } probability ? rule.Judge(probability) : null;
                if (part is null)
                    failed.Add(picture);
                line.Clear();
                if (json)
                    Console.WriteLine(
                        JsonSerializer.Serialize(new PictureLine(picture.Path, part, picture.Failure), CheckJson.Default.PictureLine)
                    );
                else if (part is not null && Row(picture.Path, part, calibrated) is var row && !terminal)
                    Console.WriteLine(string.Join('\t', row));
                else if (part is not null)
                    rows.Add(Row(picture.Path[common..], part, calibrated));
            }
        }
        finally
        {
            line.Clear();
            Tables.Write(header, rows);
        }

        return CheckedPictures.Tell(failed, files.Count);
    }

    private static string[] Row(string name, GeneratedPart part, bool calibrated) =>
        [
            name,
            FormattableString.Invariant($"{part.Probability:F4}"),
            .. calibrated ? [FormattableString.Invariant($"{part.PValue:0.###}")] : (string[])[],
            part.Verdict == PictureOrigin.Generated ? "generated" : "camera",
        ];
}
