using System.CommandLine;
using System.Diagnostics;
using AaClip.Scoring.Sessions;
using AaClip.Training;
using AaClip.Training.Losses;
using AaClip.Training.Pretraining;

namespace AaClip.Cli.Model;

/// <summary><c>aaclip pretrain</c>: trains a small model of CLIP's architecture from random weights.</summary>
internal static class PretrainCommand
{
    public static Command Create()
    {
        PretrainingOptions defaults = new();
        Option<string> output = new("--out")
        {
            Description = "Folder of the model: clip.safetensors and a vocabulary.",
            Required = true,
            HelpName = "DIR",
        };
        Option<int> steps = new("--steps")
        {
            Description = "Number of training steps.",
            DefaultValueFactory = _ => defaults.Steps,
            HelpName = "N",
            CustomParser = Values.Whole(1, 10_000_000),
        };
        Option<int> batch = new("--batch")
        {
            Description = "Images in a step.",
            DefaultValueFactory = _ => defaults.Batch,
            HelpName = "N",
            CustomParser = Values.Whole(2, 4096),
        };
        Option<double> rate = new("--rate")
        {
            Description = "Highest learning rate.",
            DefaultValueFactory = _ => defaults.Rate,
            HelpName = "RATE",
            CustomParser = Values.Number<double>(x => x is > 0 and < 1, "a number above 0 and below 1"),
        };
        Option<int> seed = new("--seed")
        {
            Description = "Seed of the weights, images and sentences.",
            DefaultValueFactory = _ => defaults.Seed,
            HelpName = "N",
            CustomParser = Values.Whole(),
        };
        Option<bool> small = new("--small")
        {
            Description = "A twentieth of the computation, with three heads in each tower: for the first model of a cascade.",
        };
        Option<NormalPairs> pairs = SharedOptions.NormalPairs();
        Option<bool> resume = new("--resume") { Description = "Continues the training in --out after its last checkpoint." };
        Option<Provider> provider = SharedOptions.TrainingProvider();
        Verb command = new(
            "pretrain",
            "Trains a small model of CLIP's architecture from random weights, by contrastive learning on drawn images and sentences: "
                + "for demonstrations and tests, not for production.",
            "aaclip pretrain --out clip-small/",
            "aaclip train --clip clip-small/ --vision-heads 4 --text-heads 3 --size 128 --data drawn/ --out ckpt/"
        )
        {
            output,
            steps,
            batch,
            rate,
            seed,
            small,
            pairs,
            resume,
            provider,
        };
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(() =>
                {
                    PretrainingOptions options = new()
                    {
                        Shape = parsed.GetValue(small) ? PretrainingOptions.Small : PretrainingOptions.Demo,
                        Steps = parsed.GetValue(steps),
                        Batch = parsed.GetValue(batch),
                        Rate = parsed.GetValue(rate),
                        Seed = parsed.GetValue(seed),
                        NormalPairs = parsed.GetValue(pairs),
                        Provider = parsed.GetValue(provider),
                    };
                    using (Pretrainer pretrainer = new(parsed.GetRequiredValue(output), parsed.GetValue(resume), options))
                    using (ProgressLine line = new())
                        pretrainer.Train(new Progress(line, options.SaveEvery), cancellation);
                    Console.WriteLine($"Model in {parsed.GetRequiredValue(output)}");
                    return 0;
                })
        );
        return command;
    }

    private sealed class Progress(ProgressLine line, int saveEvery) : IProgress<TrainingProgress>
    {
        private readonly long _began = Stopwatch.GetTimestamp();
        private int _steps; // since it began or was resumed

        public void Report(TrainingProgress value)
        {
            line.Show(
                FormattableString.Invariant($"loss {value.Loss:F3}, step"),
                value.Step,
                value.Steps,
                left: Stopwatch.GetElapsedTime(_began) / ++_steps * (value.Steps - value.Step)
            );
            if (value.Step % saveEvery != 0)
                return;
            line.Clear();
            Console.WriteLine(
                FormattableString.Invariant(
                    $"step {value.Step} of {value.Steps}: mean loss {value.Mean:F4}, {Stopwatch.GetElapsedTime(_began).TotalSeconds:F0} s"
                )
            );
        }
    }
}
