using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using AaClip.Evaluation.DataSets;
using AaClip.Import.Packages;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Training;
using AaClip.Training.Stages;
using AaClip.Training.Towers;

namespace AaClip.Cli.Model;

/// <summary><c>aaclip train</c>: trains AA-CLIP adapters for CLIP on labelled images.</summary>
internal static class TrainCommand
{
    public static Command Create()
    {
        DataOptions data = new();
        Option<string> clip = new("--clip")
        {
            Description = "CLIP weights: .pt, .pth, .bin, .safetensors, or a model folder. They are not changed.",
            Required = true,
            HelpName = "FILE|DIR",
        };
        Option<string> output = new("--out")
        {
            Description = "Folder of the adapters, in the file format of the published code.",
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
        Option<Activation> activation = new("--activation")
        {
            Description = "gelu as published; quickgelu as OpenAI trained CLIP.",
            DefaultValueFactory = _ => Activation.Gelu,
            CustomParser = Values.Word<Activation>(),
        };
        Option<bool> plain = new("--no-augmentation") { Description = "Uses the images without augmentation." };
        Option<int[]> levels = SharedOptions.Levels();
        Option<int?> visionHeads = SharedOptions.VisionHeads();
        Option<int?> textHeads = SharedOptions.TextHeads();
        Option<int> seed = new("--seed")
        {
            Description = "Seed of the initial adapters, the order, the augmentation and --shots.",
            DefaultValueFactory = _ => 111,
            HelpName = "N",
            CustomParser = Values.Whole(),
        };
        Option<Provider> provider = SharedOptions.TrainingProvider();
        Option<int> threads = SharedOptions.Threads();
        Verb command = new(
            "train",
            "Trains AA-CLIP adapters for CLIP in two stages, without Python. Ctrl-C loses at most one epoch.",
            "aaclip train --clip ViT-L-14-336px.pt --vocab bpe_simple_vocab_16e6.txt.gz --data VisA/ --out ckpt/",
            "aaclip train --clip ViT-L-14-336px.pt --data mvtec/ --set MVTec --shots 64 --preset mvtec --out ckpt/",
            "aaclip train --clip ViT-L-14-336px.pt --data VisA/ --out ckpt/ --resume",
            "aaclip import --clip ViT-L-14-336px.pt --adapters ckpt/ --out models/mine"
        )
        {
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
            plain,
            levels,
            visionHeads,
            textHeads,
            seed,
            provider,
            threads,
        };
        data.AddTo(command);
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(() =>
                {
                    bool custom = parsed.GetValue(preset) == Preset.Custom;
                    return Train(
                        new TrainingRun
                        {
                            Clip = parsed.GetRequiredValue(clip),
                            Vocabulary = ModelImporter.FindVocabulary(parsed.GetRequiredValue(clip), parsed.GetValue(vocabulary)),
                            Data = data.Open(parsed, parsed.GetValue(seed)),
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
                                Halvings = parsed.GetValue(halvings) is { Length: > 0 } steps ? steps : new AdaptationOptions().Halvings,
                                Surgery = parsed.GetValue(surgery) ?? (custom ? Surgery.Tokens : Surgery.Batch),
                                SumLevels = (parsed.GetValue(levelLoss) ?? (custom ? LevelLoss.Sum : LevelLoss.Last)) == LevelLoss.Sum,
                                Relu = parsed.GetValue(relu),
                                Activation = parsed.GetValue(activation),
                                Augment = !parsed.GetValue(plain),
                                VisionHeads = parsed.GetValue(visionHeads),
                                TextHeads = parsed.GetValue(textHeads),
                                Seed = parsed.GetValue(seed),
                                Provider = parsed.GetValue(provider),
                                Threads = parsed.GetValue(threads),
                            },
                        },
                        cancellation
                    );
                })
        );
        return command;
    }

    private static int Train(TrainingRun run, CancellationToken cancellation)
    {
        IReadOnlyList<LabelledImage> images = run.Data.Images;
        Console.WriteLine(
            $"{run.Data.Name}: {images.Count(i => !i.Anomalous)} normal and {images.Count(i => i.Anomalous)} anomalous images of "
                + $"{images.Select(i => i.ClassName).Distinct().Count()} classes; seed {run.Options.Seed}"
        );
        int without = images.Count(i => i.Anomalous && i.MaskPath is null);
        if (without > 0)
            throw new InvalidDataException(
                $"{without} anomalous images have no mask, such as '{images.First(i => i.Anomalous && i.MaskPath is null).Path}': "
                    + $"training needs masks; draw them, or leave these images out."
            );
        using (Trainer trainer = new(run))
        using (ProgressLine line = new())
        {
            run.Data.WriteList(Path.Combine(run.Output, "images.jsonl"));
            trainer.Train(new Progress(line), cancellation);
        }

        Console.WriteLine(
            $"Adapters in {run.Output}; make a model of them: aaclip import --clip {run.Clip} --adapters {run.Output} --out DIR"
        );
        return 0;
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

    private sealed class Progress(ProgressLine line) : IProgress<TrainingProgress>
    {
        private long _epochBegan = Stopwatch.GetTimestamp(),
            _stageBegan;
        private int _steps; // of this stage, since it began or was resumed
        private string _stage = "";

        public void Report(TrainingProgress value)
        {
            if (value.Stage != _stage)
                (_stage, _stageBegan, _steps) = (value.Stage, Stopwatch.GetTimestamp(), -1); // the first step also writes the graph
            TimeSpan? left =
                ++_steps < 1
                    ? null
                    : Stopwatch.GetElapsedTime(_stageBegan)
                        / _steps
                        * (value.Steps - value.Step + (double)value.Steps * (value.Epochs - value.Epoch));
            line.Show(
                FormattableString.Invariant($"{value.Stage} stage, epoch {value.Epoch} of {value.Epochs}, loss {value.Loss:F4}, step"),
                value.Step,
                value.Steps,
                left: left
            );
            if (value.Step < value.Steps)
                return;
            line.Clear();
            using Process self = Process.GetCurrentProcess();
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{value.Stage} stage, epoch {value.Epoch} of {value.Epochs}: mean loss {value.Mean:F4}, "
                        + $"{Stopwatch.GetElapsedTime(_epochBegan).TotalSeconds:F1} s, peak memory {Run.Bytes(self.PeakWorkingSet64)}"
                )
            );
            _epochBegan = Stopwatch.GetTimestamp();
        }
    }
}
