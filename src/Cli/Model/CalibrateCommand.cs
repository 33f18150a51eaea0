using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using AaClip.Cli.Operate;
using AaClip.Evaluation;
using AaClip.Import.Packages;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Scoring;
using AaClip.Pipeline.Storage;
using AaClip.Scoring;
using AaClip.Scoring.Events;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Tiles;

namespace AaClip.Cli.Model;

/// <summary><c>aaclip calibrate</c>: finds a threshold from normal images, with or without defects, or from people's decisions.</summary>
internal static class CalibrateCommand
{
    private static readonly TimeSpan ReviewsSpan = TimeSpan.FromDays(90);

    public static Command Create()
    {
        Option<bool> reviews = new("--from-reviews")
        {
            Description =
                "Proposes the threshold of --camera from what people decided on its images, and the scores in their results. Nothing is "
                + "scored, and nothing is changed without --apply.",
        };
        Option<string?> model = new("--model")
        {
            Description = "Model package, made by 'aaclip import'. With --from-reviews NAME@VERSION; default: the live model.",
            HelpName = "DIR|NAME@VERSION",
        };
        Option<string[]> references = new("--references")
        {
            Description =
                "Good images, 1 to 64, that new images are compared with: half of the map becomes the distance to their nearest patches "
                + "(docs/methods.md). Patches and thresholds go to --camera in storage, or to the file --out.",
            AllowMultipleArgumentsPerToken = true,
            HelpName = "PATH...",
        };
        Option<string?> first = new("--first")
        {
            Description =
                "Cheap model package that settles what is clearly normal before --model sees it: chooses what it may settle, and writes it "
                + "into the profile of --camera in --cameras.",
            HelpName = "DIR",
        };
        Option<string?> check = new("--check")
        {
            Description =
                "Package of a check for generated pictures: chooses from which probability on images of --camera are called "
                + "generated, from "
                + "--normals, which that camera took, and writes it into the camera's profile in --cameras.",
            HelpName = "DIR",
        };
        Option<double> miss = SharedOptions.Miss();
        Option<string[]> normals = new("--normals")
        {
            Description = "Images of good parts: files, folders, or globs in quotes. 200 images allow a bound of 1 %.",
            AllowMultipleArgumentsPerToken = true,
            HelpName = "PATH...",
        };
        Option<string[]> defects = new("--defects")
        {
            Description = "Images of defective parts: the thresholds are then those that separate the two groups best (largest F1).",
            AllowMultipleArgumentsPerToken = true,
            HelpName = "PATH...",
        };
        Option<string?> name = new("--class") { Description = "What the object is called.", HelpName = "NAME" };
        Option<Domain> domain = SharedOptions.MapDomain();
        Option<double> rate = new("--false-alarms")
        {
            Description =
                "Share of new normal images that may be called anomalous, when there are no --defects. With --from-reviews it sets the "
                + "threshold also where there are defects.",
            DefaultValueFactory = _ => 0.01,
            HelpName = "0-1",
            CustomParser = Values.Number<double>(x => x is > 0 and < 1, "a number above 0 and below 1"),
        };
        Option<string?> output = new("--out")
        {
            Description =
                "Folder of a new package with the calibration of this class; must not exist. With --references the file for their patches.",
            HelpName = "DIR|FILE",
        };
        Option<string?> version = new("--model-version")
        {
            Description = "Version of the new package. Default: made of the old one and the calibration.",
            HelpName = "TEXT",
        };
        Option<string?> cameras = new("--cameras")
        {
            Description = "Writes the thresholds into a camera's profile instead of a new package, on the scale of --model.",
            HelpName = "FILE",
        };
        Option<string?> camera = new("--camera")
        {
            Description = "Name of the profile in --cameras; with --from-reviews and --references name of the camera.",
            HelpName = "NAME",
        };
        Option<DateTimeOffset?> since = Since.Option(
            "With --from-reviews: only images stored since then, a duration back from now or a time. Default: 90d."
        );
        Option<bool> apply = new("--apply") { Description = "With --from-reviews: writes the threshold into the camera's profile." };
        Option<bool> json = new("--json") { Description = "The result as one JSON object." };
        Option<Tiling?> tiles = SharedOptions.Tiles();
        Option<double> overlap = SharedOptions.TileOverlap();
        Option<Provider> provider = SharedOptions.ModelProvider();
        Option<string?> temporal = new("--temporal")
        {
            Description =
                "Calibrates a temporal package on the normal recordings of a CSV list (docs/methods.md): --false-alarms is "
                + "then the share of "
                + "normal windows that may have an event.",
            HelpName = "FILE",
        };
        Option<int?> every = TemporalOptions.Every();
        Option<double?> fps = TemporalOptions.Fps();
        Option<double?> minSeconds = TemporalOptions.MinSeconds();
        Account account = new();
        Verb command = new(
            "calibrate",
            "Finds the threshold of a class or a camera: from normal images alone, with a bound on the rate of false alarms, from "
                + "normal images and defects, or from what people decided on the review page.",
            "aaclip calibrate --model models/aaclip --class bottle --normals good/ --out models/aaclip-bottle",
            "aaclip calibrate --model models/aaclip --class bottle --normals good/ --defects bad/ --out models/aaclip-bottle",
            "aaclip calibrate --model models/aaclip --class bottle --normals line1/ --false-alarms 0.05 --cameras cameras.json "
                + "--camera line1",
            "aaclip calibrate --model models/aaclip --references good/ --camera line1",
            "aaclip calibrate --model models/aaclip --class bottle --references good/ --normals more/ --out bottle.safetensors",
            "aaclip calibrate --first models/small --model models/aaclip --normals good/ --defects bad/ --cameras cameras.json "
                + "--camera line1",
            "aaclip calibrate --check models/c2p --normals line1/ --cameras cameras.json --camera line1",
            "aaclip calibrate --from-reviews --camera line1 --since 90d",
            "aaclip calibrate --from-reviews --camera line1 --false-alarms 0.02 --apply",
            "aaclip calibrate --temporal normal.csv --model models/vad --false-alarms 0.05 --out models/vad-hall"
        )
        {
            reviews,
            references,
            model,
            first,
            check,
            miss,
            normals,
            defects,
            name,
            domain,
            rate,
            output,
            version,
            cameras,
            camera,
            since,
            apply,
            json,
            tiles,
            overlap,
            temporal,
            every,
            fps,
            minSeconds,
            provider,
        };
        account.AddTo(command);
        Option[] ofPackages =
        [
            references,
            first,
            check,
            miss,
            normals,
            defects,
            name,
            domain,
            output,
            version,
            cameras,
            tiles,
            overlap,
            provider,
        ];
        Option[] notOfFirst = [references, name, domain, rate, output, version, tiles, overlap];
        Option[] ofChecks = [check, normals, rate, cameras, camera, json, provider],
            ofTemporal = [temporal, every, fps, minSeconds, model, rate, output, version, provider];
        command.Rules.Add(r =>
            !Verb.Has(r, check) || r.GetValue(reviews) ? null
            : command.Options.Except(ofChecks).FirstOrDefault(o => Verb.Has(r, o)) is { } other
                ? $"--check and {other.Name} exclude each other."
            : Verb.Missing(r, normals, cameras, camera)
        );
        command.Rules.Add(r =>
            !Verb.Has(r, temporal)
                ? ((Option[])[every, fps, minSeconds]).FirstOrDefault(o => Verb.Has(r, o)) is { } lone
                    ? $"{lone.Name} needs --temporal."
                    : null
                : command.Options.Except(ofTemporal).FirstOrDefault(o => Verb.Has(r, o)) is { } other
                    ? $"--temporal and {other.Name} exclude each other."
                    : Verb.Missing(r, model, output)
        );
        command.Rules.Add(r =>
            (Verb.Has(r, check) && !r.GetValue(reviews)) || Verb.Has(r, temporal) ? null
            : r.GetValue(reviews)
                ? ofPackages.FirstOrDefault(o => Verb.Has(r, o)) is { } other ? $"--from-reviews and {other.Name} exclude each other."
                    : Verb.Has(r, camera) ? null
                    : "--from-reviews needs --camera."
            : (
                Verb.Has(r, first)
                    ? notOfFirst.FirstOrDefault(o => Verb.Has(r, o)) is { } taken
                        ? $"--first and {taken.Name} exclude each other: class, thresholds and tiles are those of the profile."
                        : Verb.Missing(r, model, normals, cameras, camera)
                    : Verb.Has(r, miss)
                        ? "--miss needs --first."
                        : Verb.Has(r, references)
                            ? Verb.Missing(r, model)
                            : Verb.Missing(r, model, normals, name)
            ) ?? (((Option[])[since, apply]).FirstOrDefault(o => Verb.Has(r, o)) is { } lone ? $"{lone.Name} needs --from-reviews." : null)
        );
        command.Rules.Add(r =>
            r.GetValue(reviews) || Verb.Has(r, first) || Verb.Has(r, check) || Verb.Has(r, temporal) ? null
            : Verb.Has(r, references) ? WrongReferences(r)
            : Verb.Has(r, output) == Verb.Has(r, cameras) ? "Give --out for a new package, or --cameras and --camera for a profile."
            : Verb.Has(r, cameras) != Verb.Has(r, camera) ? "--cameras and --camera go together."
            : Verb.Has(r, cameras) && Verb.Has(r, tiles) ? "--tiles is for --out: a camera's profile has its own 'tiles'."
            : Verb.Has(r, overlap) && !Verb.Has(r, tiles) ? "--overlap needs --tiles."
            : null
        );
        string? WrongReferences(ParseResult r) =>
            ((Option[])[cameras, version]).FirstOrDefault(o => Verb.Has(r, o)) is { } other
                ? $"--references and {other.Name} exclude each other."
            : Verb.Has(r, output) == Verb.Has(r, camera) ? "With --references give --camera for storage, or --out for a file."
            : r.GetValue(camera) is { } one && one.AsSpan().ContainsAny('*', '/')
                ? $"--camera is '{one}', expected the name of one camera: references belong to one."
            : Verb.Has(r, camera)
                ? ((Option[])[name, domain, tiles, overlap]).FirstOrDefault(o => Verb.Has(r, o)) is { } known
                        ? $"{known.Name} is for --out: with --camera it comes from the camera's profile."
                    : null
            : Verb.Missing(r, name) ?? (Verb.Has(r, overlap) && !Verb.Has(r, tiles) ? "--overlap needs --tiles." : null);

        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(async () =>
                {
                    if (parsed.GetValue(temporal) is { } recordings)
                    {
                        string package = parsed.GetRequiredValue(model)!; // the rule above requires both
                        using ProgressLine line = new();
                        using TemporalScorer events = TemporalScorer.Load(
                            package,
                            new ScorerOptions { Provider = parsed.GetValue(provider) }
                        );
                        return TemporalEvaluation.Calibrate(
                            events,
                            package,
                            recordings,
                            parsed.GetValue(every),
                            parsed.GetValue(fps),
                            parsed.GetValue(minSeconds) ?? EventRule.DefaultSeconds,
                            parsed.GetValue(rate),
                            parsed.GetRequiredValue(output)!,
                            parsed.GetValue(version),
                            line,
                            cancellation
                        );
                    }

                    if (parsed.GetValue(references) is { Length: > 0 } compared)
                    {
                        string? at = parsed.GetValue(camera);
                        StorageClients? storage = at is null ? null : await account.OpenAsync(parsed, cancellation);
                        // Not null: with a camera there is storage
                        CameraProfile? own = at is null ? null : await ReferenceCalibration.ProfileAsync(storage!, at, cancellation);
                        ReferenceCalibration calibration = new()
                        {
                            Model = parsed.GetRequiredValue(model)!, // the rule above requires it
                            ObjectClass = own?.Class ?? parsed.GetRequiredValue(name)!,
                            References = compared,
                            Normals = parsed.GetValue(normals) ?? [],
                            Defects = parsed.GetValue(defects) ?? [],
                            Domain = own?.Domain ?? parsed.GetValue(domain),
                            Tiles = own is not null ? own.TilePlan : SharedOptions.TilesOf(parsed, tiles, overlap),
                            Profile = own,
                            FalseAlarms = parsed.GetValue(rate),
                            Provider = parsed.GetValue(provider),
                        };
                        return await calibration.RunAsync(storage, at, parsed.GetValue(output), parsed.GetValue(json), cancellation);
                    }

                    if (parsed.GetValue(reviews))
                        return await FromReviewsAsync(
                            await account.OpenAsync(parsed, cancellation),
                            parsed.GetRequiredValue(camera)!, // the rule above requires it
                            parsed.GetValue(model),
                            parsed.GetValue(since) ?? TimeProvider.System.GetUtcNow() - ReviewsSpan,
                            Verb.Has(parsed, rate) ? parsed.GetValue(rate) : null,
                            parsed.GetValue(apply),
                            parsed.GetValue(json),
                            cancellation
                        );
                    if (parsed.GetValue(check) is { } checks)
                        return CheckCalibrationRun.Run(
                            checks,
                            parsed.GetRequiredValue(normals), // the rule above requires these
                            parsed.GetRequiredValue(cameras)!,
                            parsed.GetRequiredValue(camera)!,
                            parsed.GetValue(rate),
                            parsed.GetValue(provider),
                            parsed.GetValue(json),
                            cancellation
                        );
                    if (parsed.GetValue(first) is { } cheap)
                        return CascadeCalibration.Run(
                            cheap,
                            parsed.GetRequiredValue(model)!, // the rule above requires these
                            parsed.GetRequiredValue(normals),
                            parsed.GetValue(defects) ?? [],
                            parsed.GetRequiredValue(cameras)!,
                            parsed.GetRequiredValue(camera)!,
                            parsed.GetValue(miss),
                            parsed.GetValue(provider),
                            parsed.GetValue(json),
                            cancellation
                        );
                    string folder = parsed.GetRequiredValue(model)!, // the rule above requires both
                        objectClass = parsed.GetRequiredValue(name)!;
                    Domain smoothing = parsed.GetValue(domain);
                    // An output that cannot be written is reported now, not after an hour of scoring.
                    if (parsed.GetValue(output) is { } taken && Path.Exists(taken))
                        throw new IOException($"'{taken}' exists already: packages never change; choose another --out.");
                    // The rule above requires both options
                    CameraProfile? profile = parsed.GetValue(cameras) is { } file
                        ? ProfileFile.Find(file, parsed.GetRequiredValue(camera)!) ?? CameraProfile.Default
                        : null;
                    Tiling? tiling = profile is not null ? profile.TilePlan : SharedOptions.TilesOf(parsed, tiles, overlap);
                    // A profile has thresholds but no scale of its own
                    ModelManifest manifest = ModelPackage.Open(folder).Manifest;
                    Calibration? scale = profile is null ? null : manifest.CalibrationFor(objectClass);
                    List<Observed> good,
                        bad = [];
                    using (AnomalyScorer scorer = AnomalyScorer.Load(folder, new ScorerOptions { Provider = parsed.GetValue(provider) }))
                    using (ProgressLine line = new())
                    {
                        ObservedImages images = new(scorer, objectClass, smoothing, profile, tiling, line);
                        good = images.Score(ImageFiles.Paths(parsed.GetRequiredValue(normals)!), null, cancellation);
                        if (parsed.GetValue(defects) is { Length: > 0 } paths)
                            bad = images.Score(ImageFiles.Paths(paths), null, cancellation);
                    }

                    double wanted = parsed.GetValue(rate);
                    CalibrationResult result =
                        bad.Count > 0
                            ? Calibrator.FromDefects(good, bad, smoothing, scale, manifest.Method)
                            : Calibrator.FromNormals(good, wanted, smoothing, scale, manifest.Method);
                    string where;
                    if (parsed.GetValue(output) is { } target)
                    {
                        ModelPackage package = ModelImporter.Recalibrate(
                            ModelPackage.Open(folder),
                            new Dictionary<string, Calibration> { [objectClass] = result.Calibration },
                            target,
                            parsed.GetValue(version)
                        );
                        where = $"{package.Manifest.Id} in {package.Folder}";
                    }
                    else
                    {
                        where = WriteProfile(
                            parsed.GetRequiredValue(cameras)!,
                            parsed.GetRequiredValue(camera)!,
                            objectClass,
                            smoothing,
                            result.Calibration
                        ); // the rule above requires both options
                    }

                    if (parsed.GetValue(json))
                        CalibrationOutput.WriteJson(objectClass, good.Count, bad.Count, result, where);
                    else
                        CalibrationOutput.Write(
                            result,
                            good.Count,
                            bad.Count,
                            wanted,
                            Calibrator.Needed(wanted, smoothing, scale is not null, manifest.Method),
                            where
                        );
                    return 0;
                })
        );
        return command;
    }

    private static async Task<int> FromReviewsAsync(
        StorageClients storage,
        string camera,
        string? model,
        DateTimeOffset since,
        double? falseAlarms,
        bool apply,
        bool json,
        CancellationToken cancellation
    )
    {
        ReviewCalibration calibration = new(storage, TimeProvider.System);
        ThresholdProposal proposal = await calibration.ProposeAsync(camera, model, since, falseAlarms, cancellation);
        IReadOnlyList<ProfileChange>? changes = apply ? await calibration.ApplyAsync(proposal, cancellation) : null;
        if (json)
            ThresholdOutput.WriteJson(proposal, changes);
        else
            ThresholdOutput.Write(proposal, changes);
        return 0;
    }

    private static string WriteProfile(string file, string camera, string objectClass, Domain domain, Calibration calibration) =>
        ProfileFile.Edit(
            file,
            camera,
            profile =>
            {
                profile["class"] = objectClass;
                profile["domain"] = domain == Domain.Medical ? "medical" : "industrial";
                profile["threshold"] = calibration.Threshold;
                profile["mapThreshold"] = calibration.MapThreshold;
            }
        );
}
