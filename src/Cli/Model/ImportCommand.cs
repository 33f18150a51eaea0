using System.CommandLine;
using AaClip.Import.Methods;
using AaClip.Import.Packages;
using AaClip.Import.Temporal;
using AaClip.Scoring.Events;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;

namespace AaClip.Cli.Model;

/// <summary><c>aaclip import</c>: makes a model package from weights.</summary>
internal static class ImportCommand
{
    public static Command Create()
    {
        Option<string?> clip = new("--clip")
        {
            Description = "CLIP weights: .pt, .pth, .bin, .safetensors, or a model folder.",
            HelpName = "FILE|DIR",
        };
        Option<string?> earlier = new("--package")
        {
            Description =
                "Instead of --clip: a package of an older program, which is copied and brought up to date, so that images can be compared "
                + "with references. Its scores and calibrations stay as they are.",
            HelpName = "DIR",
        };
        Option<string?> check = new("--check")
        {
            Description =
                "Instead of --clip: weights of C2P-CLIP, which tells generated pictures from photos: "
                + "C2P_CLIP_release_20240901.zip, the .pth "
                + "in it, or a checkpoint of its training. The package is for 'aaclip check', not for scoring.",
            HelpName = "FILE",
        };
        Option<double?> loraAlpha = new("--lora-alpha")
        {
            Description =
                "With --check: alpha of LoRA layers that are not merged, as the training leaves them: 6 in the published scripts.",
            HelpName = "X",
            CustomParser = Values.NumberOrNone<double>(x => x > 0, "a number above 0"),
        };
        Option<string?> temporal = new("--temporal")
        {
            Description =
                "Makes a temporal package instead, which finds events in a sequence of frames (aaclip timeline): a checkpoint of VadCLIP, "
                + "model_ucf.pth, model_xd.pth, or what 'aaclip train-events' wrote; the latter needs --clip.",
            HelpName = "FILE",
        };
        Option<int?> window = new("--window")
        {
            Description =
                "With --temporal: snippets that attend to each other, 8 for model_ucf.pth and 64 for model_xd.pth. Default: "
                + "8 for a published "
                + "file of two blocks, 64 for one of one block.",
            HelpName = "N",
            CustomParser = Values.WholeOrNone(1, 65536),
        };
        Option<EventScore?> score = new("--score")
        {
            Description =
                "With --temporal: the branch that events are found with, binary or alignment. Default: as published, "
                + "alignment for the classes "
                + "xd, binary for others.",
            CustomParser = Values.WordOrNone<EventScore>(),
        };
        Option<string> output = new("--out")
        {
            Description = "Folder of the new package; must not exist.",
            Required = true,
            HelpName = "DIR",
        };
        Option<string?> method = new("--method")
        {
            Description =
                $"Method: {string.Join(", ", MethodInfo.All.Select(m => m.Name))}. Default: the one that the checkpoint belongs to, and "
                + "without one aa-clip. See docs/methods.md.",
            HelpName = "NAME",
        };
        Option<string?> checkpoint = new("--checkpoint")
        {
            Description = "Checkpoint of the method: learned prompts of Crane, AnomalyCLIP or AdaCLIP, or AA-CLIP's adapters.",
            HelpName = "FILE|DIR",
        };
        Option<string?> prompts = new("--prompts")
        {
            Description = "Prompt pack: sentences for all classes, and others for some. Default: the method's own.",
            HelpName = "FILE",
        };
        Option<bool> clean = new("--clean")
        {
            Description = "Repair the patch features of plain CLIP as SC-CLIP does (experimental; see docs/methods.md).",
        };
        Option<int?> views = new("--views")
        {
            Description = "Views of an image whose scores are averaged, for anovl: 1, 5 or 22. Each costs a run. Default: 1.",
            HelpName = "N",
            CustomParser = Values.WholeOrNone(1, 22),
        };
        Option<int?> firstBlock = new("--first-block")
        {
            Description = "First block with the method's correlation path, counted from 1. Default: as published.",
            HelpName = "N",
            CustomParser = Values.WholeOrNone(1, 1000),
        };
        Option<string?> vocabulary = SharedOptions.Vocabulary();
        Option<string?> adapters = new("--adapters")
        {
            Description = "AA-CLIP adapters: the folder with text_adapter.pth and image_adapter_N.pth. Without them, plain CLIP.",
            HelpName = "DIR",
        };
        Option<int?> epoch = new("--epoch")
        {
            Description = "N of image_adapter_N.pth. Default: the newest.",
            HelpName = "N",
            CustomParser = Values.WholeOrNone(0),
        };
        Option<int?> size = new("--size")
        {
            Description = "Side of the model's input in pixels, a multiple of the patch. Default: as published, 518 for most methods.",
            HelpName = "PIXELS",
            CustomParser = Values.WholeOrNone(1, 16384),
        };
        Option<Precision> precision = new("--precision")
        {
            Description = "fp32 equals the published code, fp16 is for CUDA, int8 for CPUs.",
            DefaultValueFactory = _ => Precision.Fp32,
            CustomParser = Values.Word<Precision>(),
        };
        Option<Activation?> activation = new("--activation")
        {
            Description =
                "gelu or quickgelu; OpenAI trained CLIP with quickgelu. Default: as the method was published. Adapters and prompts fit "
                + "only the one they were trained with.",
            CustomParser = Values.WordOrNone<Activation>(),
        };
        Option<int[]> levels = SharedOptions.Levels();
        Option<double> imageShare = new("--image-share")
        {
            Description = "Weight of the image adapters in the mix.",
            DefaultValueFactory = _ => 0.1,
            HelpName = "0-1",
            CustomParser = Values.Number<double>(x => x is >= 0 and <= 1, "a number from 0 to 1"),
        };
        Option<double> textShare = new("--text-share")
        {
            Description = "Weight of the text adapters in the mix.",
            DefaultValueFactory = _ => 0.1,
            HelpName = "0-1",
            CustomParser = Values.Number<double>(x => x is >= 0 and <= 1, "a number from 0 to 1"),
        };
        Option<int?> visionHeads = SharedOptions.VisionHeads();
        Option<int?> textHeads = SharedOptions.TextHeads();
        Option<string[]> classes = new("--classes")
        {
            Description =
                "Classes whose text anchors are stored in the package; those of other classes are made when first used. With "
                + "--temporal: ucf, "
                + "xd, or names with 'normal' first.",
            AllowMultipleArgumentsPerToken = true,
            HelpName = "NAME...",
        };
        Option<bool> requireKnown = new("--require-known")
        {
            Description = "Refuse CLIP weights that are not a published file, which is recognised by its SHA-256.",
        };
        Option<string?> name = new("--name") { Description = "Name of the model. Default: the folder's name.", HelpName = "NAME" };
        Option<string?> version = new("--model-version")
        {
            Description = "Version of the model. Default: the first digits of the hash of its content.",
            HelpName = "TEXT",
        };
        Verb command = new(
            "import",
            "Turns CLIP weights and a method's checkpoint into a model package.",
            "aaclip import --clip ViT-L-14-336px.pt --vocab bpe_simple_vocab_16e6.txt.gz --adapters ckpt/ --out models/aaclip",
            "aaclip import --clip ViT-L-14-336px.pt --checkpoint trained_on_mvtec_crane/epoch_5.pth --out models/crane",
            "aaclip import --clip vit_b_16_plus_240-laion400m_e32-699c4b84.pt --method anovl --out models/anovl",
            "aaclip import --clip clip-vit-large-patch14-336/ --precision int8 --classes bottle \"MVTec/metal_nut\" --out models/plain",
            "aaclip import --clip ViT-L-14-336px.pt --require-known --out models/plain",
            "aaclip import --package models/old --out models/new",
            "aaclip import --check C2P_CLIP_release_20240901.zip --out models/c2p",
            "aaclip import --temporal model_ucf.pth --vocab bpe_simple_vocab_16e6.txt.gz --window 8 --classes ucf --out models/vad"
        )
        {
            clip,
            earlier,
            check,
            loraAlpha,
            temporal,
            window,
            score,
            output,
            method,
            checkpoint,
            vocabulary,
            prompts,
            adapters,
            epoch,
            size,
            precision,
            activation,
            levels,
            firstBlock,
            clean,
            views,
            imageShare,
            textShare,
            visionHeads,
            textHeads,
            classes,
            requireKnown,
            name,
            version,
        };
        Option[] kept = [output, earlier, version],
            ofChecks = [output, check, loraAlpha, precision, activation, visionHeads, name, version],
            ofTemporal = [temporal, window, score, clip, output, vocabulary, visionHeads, textHeads, classes, name, version];
        command.Rules.Add(r =>
            Verb.Has(r, earlier) ? Other(r, earlier, kept)
            : Verb.Has(r, check) ? Other(r, check, ofChecks)
            : Verb.Has(r, temporal) ? Other(r, temporal, ofTemporal) ?? Verb.Missing(r, classes)
            : Verb.Has(r, loraAlpha) ? "--lora-alpha needs --check."
            : new Option[] { window, score }.FirstOrDefault(o => Verb.Has(r, o)) is { } lone ? $"{lone.Name} needs --temporal."
            : Verb.Missing(r, clip)
        );
        string? Other(ParseResult r, Option own, Option[] allowed) =>
            command.Options.Except(allowed).FirstOrDefault(o => Verb.Has(r, o)) is { } other
                ? $"{own.Name} and {other.Name} exclude each other."
                : null;
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(() =>
                {
                    if (parsed.GetValue(earlier) is { } package)
                        return Update(package, parsed.GetRequiredValue(output), parsed.GetValue(version));
                    if (parsed.GetValue(check) is { } weights)
                        return ImportCheck(
                            new CheckImportOptions
                            {
                                Check = weights,
                                Output = parsed.GetRequiredValue(output),
                                LoraAlpha = parsed.GetValue(loraAlpha),
                                Precision = parsed.GetValue(precision),
                                Activation = parsed.GetValue(activation),
                                Heads = parsed.GetValue(visionHeads),
                                Name = parsed.GetValue(name),
                                Version = parsed.GetValue(version),
                            },
                            cancellation
                        );
                    if (parsed.GetValue(temporal) is { } head)
                        return ImportTemporal(
                            new TemporalImportOptions
                            {
                                Checkpoint = head,
                                Clip = parsed.GetValue(clip),
                                Vocabulary = parsed.GetValue(vocabulary),
                                Output = parsed.GetRequiredValue(output),
                                Classes = parsed.GetValue(classes) ?? [],
                                Window = parsed.GetValue(window),
                                Score = parsed.GetValue(score),
                                VisionHeads = parsed.GetValue(visionHeads),
                                TextHeads = parsed.GetValue(textHeads),
                                Name = parsed.GetValue(name),
                                Version = parsed.GetValue(version),
                            },
                            cancellation
                        );
                    ImportOptions options = new()
                    {
                        Clip = parsed.GetRequiredValue(clip)!, // the rule above requires it
                        Output = parsed.GetRequiredValue(output),
                        Method = parsed.GetValue(method),
                        Checkpoint = parsed.GetValue(checkpoint),
                        Prompts = parsed.GetValue(prompts),
                        FirstBlock = parsed.GetValue(firstBlock),
                        Clean = parsed.GetValue(clean),
                        Views = parsed.GetValue(views),
                        Vocabulary = parsed.GetValue(vocabulary),
                        Adapters = parsed.GetValue(adapters),
                        Epoch = parsed.GetValue(epoch),
                        Size = parsed.GetValue(size),
                        Precision = parsed.GetValue(precision),
                        Activation = parsed.GetValue(activation),
                        Levels = parsed.GetValue(levels) is { Length: > 0 } given ? given : null,
                        ImageShare = parsed.GetValue(imageShare),
                        TextShare = parsed.GetValue(textShare),
                        VisionHeads = parsed.GetValue(visionHeads),
                        TextHeads = parsed.GetValue(textHeads),
                        Classes = parsed.GetValue(classes) ?? [],
                        RequireKnown = parsed.GetValue(requireKnown),
                        Name = parsed.GetValue(name),
                        Version = parsed.GetValue(version),
                    };
                    return Import(options, cancellation);
                })
        );
        return command;
    }

    private static int Import(ImportOptions options, CancellationToken cancellation)
    {
        ModelPackage package;
        using (ProgressLine line = new())
            package = ModelImporter.Import(options, new Progress(line), cancellation);

        ModelManifest model = package.Manifest;
        Console.WriteLine(
            $"{model.Id}: {model.Architecture.ImageSize} px, {Name(model.Precision)}, "
                + $"{Scores(model)}, "
                + $"{Run.Bytes(model.Files.Values.Sum(f => f.Bytes))} in {package.Folder}"
        );
        foreach ((string part, string origin) in TrainingOrigins.Describe(model.Provenance, options.Known))
            Console.WriteLine($"{part}: {origin}.");
        Advise(options.Precision);
        return 0;
    }

    private static int ImportCheck(CheckImportOptions options, CancellationToken cancellation)
    {
        CheckPackage package;
        using (ProgressLine line = new())
            package = CheckImporter.Import(options, new Progress(line), cancellation);

        CheckManifest model = package.Manifest;
        Console.WriteLine(
            $"{package.Id}: {model.Architecture.ImageSize} px, {Name(model.Precision)}, check for generated pictures, "
                + $"{Run.Bytes(model.Files.Values.Sum(f => f.Bytes))} in {package.Content.Folder}"
        );
        Console.WriteLine("The published weights have no licence, and are near chance on newer generators: see docs/methods.md.");
        Advise(options.Precision);
        return 0;
    }

    private static void Advise(Precision precision)
    {
        Recommendation advice = Recommendation.ForThisMachine();
        Console.WriteLine(
            advice.Precision == precision
                ? $"{Name(precision)} is the right precision for this machine: {advice.Reason}."
                : $"For this machine --precision {Name(advice.Precision)} is recommended: {advice.Reason}."
        );
        if (precision == Precision.Int8)
            Console.WriteLine($"Int8 products on this machine: {Int8Probe.Describe(Int8Probe.ForThisMachine)}.");
    }

    private static int ImportTemporal(TemporalImportOptions options, CancellationToken cancellation)
    {
        TemporalPackage package;
        using (ProgressLine line = new())
            package = TemporalImporter.Import(options, new Progress(line), cancellation);
        TemporalManifest model = package.Manifest;
        Console.WriteLine(
            $"{model.Id}: temporal, {model.Head.Length} snippets in windows of {model.Head.Window}, {model.Classes.Count} "
                + $"classes, events by "
                + $"the {model.Score.ToString().ToLowerInvariant()} branch, "
                + $"{Run.Bytes(model.Files.Values.Sum(f => f.Bytes))} in {package.Folder}"
        );
        return 0;
    }

    private static int Update(string folder, string output, string? version)
    {
        ModelPackage package = ModelImporter.Update(ModelPackage.Open(folder), output, version);
        Console.WriteLine($"{package.Manifest.Id} in {package.Folder}: up to date, with the scores and calibrations of {folder}.");
        return 0;
    }

    private static string Scores(ModelManifest model) =>
        model.StoredMethod is { } method ? $"{method.Name}{(method.Clean is null ? "" : ", patches repaired")}"
        : model.Adapters is null ? "plain CLIP"
        : "AA-CLIP adapters";

    private static string Name(Precision precision) => precision.ToString().ToLowerInvariant();

    // Not System.Progress, which reports late and from other threads.
    private sealed class Progress(ProgressLine line) : IProgress<ImportProgress>
    {
        private string _step = "";

        public void Report(ImportProgress value)
        {
            line.Show(value.Step, value.Done, value.Total, force: value.Step != _step && _step.Length > 0);
            _step = value.Step;
        }
    }
}
