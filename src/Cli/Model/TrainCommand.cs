using System.CommandLine;
using System.Text.Json;
using AaClip.Evaluation.DataSets;
using AaClip.Import.Packages;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Training;
using AaClip.Training.Losses;
using AaClip.Training.Prompts;
using AaClip.Training.Stages;
using AaClip.Training.Towers;

namespace AaClip.Cli.Model;

/// <summary><c>aaclip train</c>: trains AA-CLIP's adapters, or the prompts of Crane and AnomalyCLIP, on labelled images.</summary>
internal static class TrainCommand
{
    private const int LeastPairs = 8; // images in a batch

    public static Command Create()
    {
        DataOptions data = new();
        PromptTraining prompts = new();
        Option<string> method = new("--method")
        {
            Description =
                "aa-clip trains adapters; crane and anomalyclip learn prompts, which is far less work: the image tower stays as it is. "
                + "Options of the other kind are refused.",
            DefaultValueFactory = _ => Method.AaClip.Name,
            HelpName = "NAME",
        };
        Option<string> clip = new("--clip")
        {
            Description = "CLIP weights: .pt, .pth, .bin, .safetensors, or a model folder. They are not changed.",
            Required = true,
            HelpName = "FILE|DIR",
        };
        Option<string> output = new("--out")
        {
            Description = "Folder of the adapters or prompts, in the file format of the published code.",
            Required = true,
            HelpName = "DIR",
        };
        Option<string?> vocabulary = SharedOptions.Vocabulary();
        Option<TrainingStage> stage = new("--stage")
        {
            Description = "text trains the text adapters (anchors), image the image adapters (patches), both one after the other.",
            DefaultValueFactory = _ => TrainingStage.Both,
            CustomParser = Values.Word<TrainingStage>(),
        };
        Option<Preset> preset = new("--preset")
        {
            Description =
                "visa and mvtec: the published settings. custom: settings for your own data (--surgery tokens --level-loss sum), with "
                + "which the result does not depend on which images share a batch.",
            DefaultValueFactory = _ => Preset.Visa,
            CustomParser = Values.Word<Preset>(),
        };
        Option<bool> resume = new("--resume") { Description = "Continues the training in --out after its last complete epoch." };
        Option<int> size = SharedOptions.Size();
        Option<int> textEpochs = new("--text-epochs")
        {
            Description = "Epochs of the text stage.",
            DefaultValueFactory = _ => 5,
            HelpName = "N",
            CustomParser = Values.Whole(0, 100_000),
        };
        Option<int> imageEpochs = new("--image-epochs")
        {
            Description = "Epochs of the image stage.",
            DefaultValueFactory = _ => 20,
            HelpName = "N",
            CustomParser = Values.Whole(0, 100_000),
        };
        Option<int> textBatch = new("--text-batch")
        {
            Description = "Images in a step of the text stage.",
            DefaultValueFactory = _ => 16,
            HelpName = "N",
            CustomParser = Values.Whole(1, 1024),
        };
        Option<int> imageBatch = new("--image-batch")
        {
            Description = "Images in a step of the image stage.",
            DefaultValueFactory = _ => 2,
            HelpName = "N",
            CustomParser = Values.Whole(1, 1024),
        };
        Option<double> textRate = new("--text-rate")
        {
            Description = "Learning rate of the text stage.",
            DefaultValueFactory = _ => 1e-5,
            HelpName = "RATE",
            CustomParser = Values.Number<double>(x => x is > 0 and < 1, "a number above 0 and below 1"),
        };
        Option<double> imageRate = new("--image-rate")
        {
            Description = "Learning rate of the image stage.",
            DefaultValueFactory = _ => 5e-4,
            HelpName = "RATE",
            CustomParser = Values.Number<double>(x => x is > 0 and < 1, "a number above 0 and below 1"),
        };
        Option<int[]> halvings = new("--halvings")
        {
            Description = "Steps of the image stage after which its learning rate is halved. Default: 16000 32000, as published.",
            AllowMultipleArgumentsPerToken = true,
            HelpName = "N...",
            CustomParser = Values.Wholes(1),
        };
        Option<Surgery?> surgery = new("--surgery")
        {
            Description =
                "Value-value attention of the image tower in the text stage: batch is over the images of a batch, as in the published "
                + "code; tokens is over the tokens of an image, as its authors meant it; or none. Default: the preset's.",
            CustomParser = Values.WordOrNone<Surgery>(),
        };
        Option<LevelLoss?> levelLoss = new("--level-loss")
        {
            Description =
                "Levels in the loss of the text stage: last is the last one, as published; sum is all four. Default: the preset's.",
            CustomParser = Values.WordOrNone<LevelLoss>(),
        };
        Option<bool> relu = new("--relu") { Description = "Adds a LeakyReLU to the image projections (--relu of the published code)." };
        Option<Activation?> activation = new("--activation")
        {
            Description = "gelu, or quickgelu as OpenAI trained CLIP. Default: as published, gelu for aa-clip and quickgelu for prompts.",
            CustomParser = Values.WordOrNone<Activation>(),
        };
        Option<NormalPairs> pairs = SharedOptions.NormalPairs();
        Option<bool> plain = new("--no-augmentation") { Description = "Uses the images without augmentation." };
        Option<int[]> levels = SharedOptions.Levels();
        Option<int?> visionHeads = SharedOptions.VisionHeads();
        Option<int?> textHeads = SharedOptions.TextHeads();
        Option<int> seed = new("--seed")
        {
            Description = "Seed of the initial adapters or prompts, the order, the augmentation and --shots.",
            DefaultValueFactory = _ => 111,
            HelpName = "N",
            CustomParser = Values.Whole(),
        };
        Option<Provider> provider = SharedOptions.TrainingProvider();
        Option<int> threads = SharedOptions.Threads();
        Option<bool> json = new("--json") { Description = "The losses and the result as one JSON object on standard output." };
        Verb command = new(
            "train",
            "Trains AA-CLIP adapters for CLIP in two stages, or the prompts of Crane or AnomalyCLIP, without Python. Ctrl-C loses at most "
                + "one epoch.",
            "aaclip train --clip ViT-L-14-336px.pt --vocab bpe_simple_vocab_16e6.txt.gz --data VisA/ --out ckpt/",
            "aaclip train --clip ViT-L-14-336px.pt --data mvtec/ --set MVTec --shots 64 --preset mvtec --out ckpt/",
            "aaclip train --clip ViT-L-14-336px.pt --data VisA/ --out ckpt/ --resume",
            "aaclip import --clip ViT-L-14-336px.pt --adapters ckpt/ --out models/mine",
            "aaclip train --method crane --clip ViT-L-14-336px.pt --vocab bpe_simple_vocab_16e6.txt.gz --data photos/ --out prompts/",
            "aaclip import --clip ViT-L-14-336px.pt --checkpoint prompts/epoch_5.pth --out models/crane-mine"
        )
        {
            method,
            clip,
            output,
            vocabulary,
            stage,
            preset,
            resume,
            size,
            textEpochs,
            imageEpochs,
            textBatch,
            imageBatch,
            textRate,
            imageRate,
            halvings,
            surgery,
            levelLoss,
            relu,
            activation,
            pairs,
            plain,
            levels,
            visionHeads,
            textHeads,
            seed,
            provider,
            threads,
            json,
        };
        foreach (Option option in prompts.All)
            command.Options.Add(option);
        data.AddTo(command);
        Option[] ofAdapters =
        [
            stage,
            preset,
            textEpochs,
            imageEpochs,
            textBatch,
            imageBatch,
            textRate,
            imageRate,
            halvings,
            surgery,
            levelLoss,
            relu,
            pairs,
            plain,
            levels,
        ];
        command.Rules.Add(parsed =>
            parsed.GetValue(pairs) != NormalPairs.None && parsed.GetValue(imageBatch) < LeastPairs
                ? $"--normal-pairs needs --image-batch {LeastPairs} or more: with fewer images there is hardly a pair."
                : null
        );
        command.Rules.Add(parsed => Foreign(parsed, parsed.GetValue(method), ofAdapters, prompts.All));
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(() =>
                {
                    DataSet images = data.Open(parsed, parsed.GetValue(seed));
                    bool quiet = parsed.GetValue(json);
                    Check(images, parsed.GetValue(seed), quiet);
                    TrainingOutcome outcome;
                    using ProgressLine line = new();
                    TrainingLines lines = new(line, quiet);
                    string weights = parsed.GetRequiredValue(clip),
                        words = ModelImporter.FindVocabulary(weights, parsed.GetValue(vocabulary)),
                        name = parsed.GetRequiredValue(method);
                    if (IsAaClip(name))
                    {
                        bool custom = parsed.GetValue(preset) == Preset.Custom;
                        outcome = Train(
                            new TrainingRun
                            {
                                Clip = weights,
                                Vocabulary = words,
                                Data = images,
                                Output = parsed.GetRequiredValue(output),
                                Stage = parsed.GetValue(stage),
                                Resume = parsed.GetValue(resume),
                                Options = new AdaptationOptions
                                {
                                    Size = parsed.GetValue(size),
                                    Levels = parsed.GetValue(levels) is { Length: > 0 } given ? given : null,
                                    TextEpochs = parsed.GetValue(textEpochs),
                                    ImageEpochs = parsed.GetValue(imageEpochs),
                                    TextBatch = parsed.GetValue(textBatch),
                                    ImageBatch = parsed.GetValue(imageBatch),
                                    TextRate = parsed.GetValue(textRate),
                                    ImageRate = parsed.GetValue(imageRate),
                                    Halvings = parsed.GetValue(halvings) is { Length: > 0 } steps
                                        ? steps
                                        : new AdaptationOptions().Halvings,
                                    Surgery = parsed.GetValue(surgery) ?? (custom ? Surgery.Tokens : Surgery.Batch),
                                    SumLevels = (parsed.GetValue(levelLoss) ?? (custom ? LevelLoss.Sum : LevelLoss.Last)) == LevelLoss.Sum,
                                    Relu = parsed.GetValue(relu),
                                    Activation = parsed.GetValue(activation) ?? Activation.Gelu,
                                    Augment = !parsed.GetValue(plain),
                                    VisionHeads = parsed.GetValue(visionHeads),
                                    TextHeads = parsed.GetValue(textHeads),
                                    NormalPairs = parsed.GetValue(pairs),
                                    Seed = parsed.GetValue(seed),
                                    Provider = parsed.GetValue(provider),
                                    Threads = parsed.GetValue(threads),
                                },
                            },
                            lines,
                            cancellation
                        );
                    }
                    else
                    {
                        PromptRun run = new()
                        {
                            Clip = weights,
                            Vocabulary = words,
                            Data = images,
                            Output = parsed.GetRequiredValue(output),
                            Resume = parsed.GetValue(resume),
                            Options = new PromptOptions
                            {
                                Method = name,
                                Size = parsed.GetValue(size),
                                Activation = parsed.GetValue(activation),
                                VisionHeads = parsed.GetValue(visionHeads),
                                TextHeads = parsed.GetValue(textHeads),
                                Seed = parsed.GetValue(seed),
                                Provider = parsed.GetValue(provider),
                                Threads = parsed.GetValue(threads),
                            },
                        };
                        outcome = prompts.Train(parsed, run, lines, cancellation);
                    }

                    string same = string.Concat(
                        ((Option[])[size, visionHeads, textHeads, activation])
                            .Where(o => Verb.Has(parsed, o))
                            .Select(o => $" {o.Name} {parsed.GetResult(o)?.Tokens[^1].Value}")
                    );
                    Tell(outcome, name, images, lines, $"aaclip import --clip {weights} {outcome.ImportOption}{same} --out DIR", quiet);
                    return 0;
                })
        );
        return command;
    }

    private static bool IsAaClip(string? method) => string.Equals(method, Method.AaClip.Name, StringComparison.OrdinalIgnoreCase);

    // What is wrong if options of the other kind of training are given.
    private static string? Foreign(ParseResult parsed, string? method, IEnumerable<Option> ofAdapters, IEnumerable<Option> ofPrompts)
    {
        bool adapters = IsAaClip(method);
        Option? foreign = (adapters ? ofPrompts : ofAdapters).FirstOrDefault(o => Verb.Has(parsed, o));
        return foreign is null
            ? null
            : $"{foreign.Name} is for {(adapters ? "learned prompts (--method crane or anomalyclip)" : "--method aa-clip")}: leave it out.";
    }

    private static void Check(DataSet data, int seed, bool quiet)
    {
        IReadOnlyList<LabelledImage> images = data.Images;
        if (!quiet)
            Console.WriteLine(
                $"{data.Name}: {images.Count(i => !i.Anomalous)} normal and {images.Count(i => i.Anomalous)} anomalous images of "
                    + $"{images.Select(i => i.ClassName).Distinct().Count()} classes; seed {seed}"
            );
        int without = images.Count(i => i.Anomalous && i.MaskPath is null);
        if (without > 0)
            throw new InvalidDataException(
                $"{without} anomalous images have no mask, such as '{images.First(i => i.Anomalous && i.MaskPath is null).Path}': "
                    + $"training needs masks; draw them, or leave these images out."
            );
    }

    private static TrainingOutcome Train(TrainingRun run, TrainingLines lines, CancellationToken cancellation)
    {
        using Trainer trainer = new(run);
        run.Data.WriteList(Path.Combine(run.Output, "images.jsonl"));
        trainer.Train(lines, cancellation);
        return new TrainingOutcome("Adapters", run.Output, $"--adapters {run.Output}");
    }

    private static void Tell(TrainingOutcome outcome, string method, DataSet data, TrainingLines lines, string import, bool json)
    {
        if (json)
        {
            TrainingReport report = new(
                method,
                data.Name,
                data.Images.Count(i => !i.Anomalous),
                data.Images.Count(i => i.Anomalous),
                outcome.Path,
                lines.Epochs,
                import
            );
            Console.WriteLine(JsonSerializer.Serialize(report, TrainingReportJson.Default.TrainingReport));
            return;
        }

        Console.WriteLine($"{outcome.What} in {outcome.Path}; make a model of them: {import}");
        if (outcome.Note is { } note)
            Console.WriteLine(note);
    }

    private enum LevelLoss
    {
        Last,
        Sum,
    }

    private enum Preset
    {
        Visa,
        Mvtec,
        Custom,
    }
}
