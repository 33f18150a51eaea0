using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using AaClip.Scoring.Sessions;
using AaClip.Training;
using AaClip.Training.Events;

namespace AaClip.Cli.Model;

/// <summary><c>aaclip train-events</c>: trains the head of a temporal package on labelled recordings.</summary>
internal static class TrainEventsCommand
{
    public static Command Create()
    {
        Option<string?> clip = new("--clip")
        {
            Description = "CLIP weights, ViT-B-16.pt. They are not changed. Not needed if --from contains them.",
            HelpName = "FILE|DIR",
        };
        Option<string?> from = new("--from")
        {
            Description = "Checkpoint of VadCLIP to begin with, such as model_ucf.pth. Default: random weights.",
            HelpName = "FILE",
        };
        Option<string?> vocabulary = SharedOptions.Vocabulary();
        Option<string> data = new("--data")
        {
            Description = "CSV list of recordings with their labels (docs/training.md); events are not needed.",
            Required = true,
            HelpName = "FILE",
        };
        Option<string[]> classes = new("--classes")
        {
            Description = "ucf, xd, or names with 'normal' first.",
            Required = true,
            AllowMultipleArgumentsPerToken = true,
            HelpName = "NAME...",
        };
        Option<string> output = new("--out")
        {
            Description = "Folder of the checkpoints, in the file format of the published code, without CLIP.",
            Required = true,
            HelpName = "DIR",
        };
        Option<string?> cache = TemporalOptions.Cache();
        Option<bool> resume = new("--resume") { Description = "Continues the training in --out after its last complete epoch." };
        Option<Preset> preset = new("--preset")
        {
            Description = "The published settings for UCF-Crime or XD-Violence, which the options below change.",
            DefaultValueFactory = _ => Preset.Ucf,
            CustomParser = Values.Word<Preset>(),
        };
        Option<int?> epochs = new("--epochs")
        {
            Description = "Passes over the recordings. Default: 10.",
            HelpName = "N",
            CustomParser = Values.WholeOrNone(1, 100_000),
        };
        Option<int?> batch = new("--batch")
        {
            Description = "Recordings in a step. Default: 128, half of them normal, or 96 for xd; fewer if the list has fewer.",
            HelpName = "N",
            CustomParser = Values.WholeOrNone(2, 4096),
        };
        Option<double?> rate = new("--rate")
        {
            Description = "Learning rate. Default: 2e-5, or 1e-5 for xd.",
            HelpName = "RATE",
            CustomParser = Values.NumberOrNone<double>(x => x is > 0 and < 1, "a number above 0 and below 1"),
        };
        Option<int?> length = new("--length")
        {
            Description = "Snippets that the head sees at once; longer recordings are averaged to it. Default: 256, or that of --from.",
            HelpName = "N",
            CustomParser = Values.WholeOrNone(1, 65536),
        };
        Option<int?> window = new("--window")
        {
            Description = "Snippets that attend to each other; divides the length. Default: 8, or 64 for xd.",
            HelpName = "N",
            CustomParser = Values.WholeOrNone(1, 65536),
        };
        Option<int?> every = TemporalOptions.Every();
        Option<int?> visionHeads = SharedOptions.VisionHeads();
        Option<int?> textHeads = SharedOptions.TextHeads();
        Option<int?> seed = new("--seed")
        {
            Description = "Seed of the initial weights and the order. Default: 234.",
            HelpName = "N",
            CustomParser = Values.WholeOrNone(int.MinValue),
        };
        Option<Provider> provider = SharedOptions.TrainingProvider();
        Option<int> threads = SharedOptions.Threads();
        Option<bool> json = new("--json") { Description = "The losses and the result as one JSON object on standard output." };
        Verb command = new(
            "train-events",
            "Trains the head of a temporal package (VadCLIP) on recordings of which only the labels are known. Ctrl-C loses at most one "
                + "epoch.",
            "aaclip train-events --clip ViT-B-16.pt --vocab bpe_simple_vocab_16e6.txt.gz --data list.csv --classes normal "
                + "jam spill --out ckpt/",
            "aaclip train-events --from model_ucf.pth --data list.csv --classes ucf --out ckpt/",
            "aaclip import --temporal ckpt/epoch_10.pth --clip ViT-B-16.pt --window 8 --classes normal jam spill --out models/vad"
        )
        {
            clip,
            from,
            vocabulary,
            data,
            classes,
            output,
            cache,
            resume,
            preset,
            epochs,
            batch,
            rate,
            length,
            window,
            every,
            visionHeads,
            textHeads,
            seed,
            provider,
            threads,
            json,
        };
        command.Rules.Add(r =>
            !Verb.Has(r, clip) && !Verb.Has(r, from) ? Verb.Missing(r, clip)
            : Verb.Has(r, length) && Verb.Has(r, from) ? "--length and --from exclude each other: the checkpoint has a length."
            : null
        );
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(() =>
                {
                    EventOptions published = parsed.GetValue(preset) == Preset.Xd ? EventOptions.Xd : EventOptions.Ucf;
                    EventRun run = new()
                    {
                        Clip = parsed.GetValue(clip),
                        From = parsed.GetValue(from),
                        FromWindow = parsed.GetValue(window),
                        Vocabulary = parsed.GetValue(vocabulary),
                        List = parsed.GetRequiredValue(data),
                        Classes = parsed.GetRequiredValue(classes),
                        Output = parsed.GetRequiredValue(output),
                        Cache = parsed.GetValue(cache),
                        Resume = parsed.GetValue(resume),
                        Options = published with
                        {
                            Epochs = parsed.GetValue(epochs) ?? published.Epochs,
                            Batch = parsed.GetValue(batch) ?? published.Batch,
                            Rate = parsed.GetValue(rate) ?? published.Rate,
                            Length = parsed.GetValue(length) ?? published.Length,
                            Window = parsed.GetValue(window) ?? published.Window,
                            SnippetFrames = parsed.GetValue(every) ?? published.SnippetFrames,
                            Seed = parsed.GetValue(seed) ?? published.Seed,
                            VisionHeads = parsed.GetValue(visionHeads),
                            TextHeads = parsed.GetValue(textHeads),
                            Provider = parsed.GetValue(provider),
                            Threads = parsed.GetValue(threads),
                        },
                    };
                    return Train(run, parsed.GetValue(json), cancellation);
                })
        );
        return command;
    }

    private static int Train(EventRun run, bool json, CancellationToken cancellation)
    {
        using ProgressLine line = new();
        TrainingLines lines = new(line, json);
        using EventTrainer trainer = new(run);
        int normal = trainer.Recordings.Count(r => r.IsNormal),
            abnormal = trainer.Recordings.Count - normal;
        if (!json)
            Console.WriteLine($"{run.List}: {normal} normal and {abnormal} abnormal recordings; seed {run.Options.Seed}");
        trainer.Train(lines, cancellation);
        line.Clear();
        string heads = string.Concat(
            new[] { ("--vision-heads", run.Options.VisionHeads), ("--text-heads", run.Options.TextHeads) }
                .Where(h => h.Item2 is not null)
                .Select(h => string.Create(CultureInfo.InvariantCulture, $" {h.Item1} {h.Item2}"))
        );
        string import =
            $"aaclip import --temporal {trainer.Checkpoint} --clip {run.Clip ?? run.From} --window {trainer.Head.Window}{heads} --classes "
            + $"{string.Join(' ', run.Classes.Select(c => c.Contains(' ') ? $"\"{c}\"" : c))} --out DIR";
        Console.WriteLine(
            json
                ? JsonSerializer.Serialize(
                    new TrainingReport("vadclip", run.List, normal, abnormal, trainer.Checkpoint, lines.Epochs, import),
                    TrainingReportJson.Default.TrainingReport
                )
                : $"Head in {trainer.Checkpoint}; make a model of it: {import}"
        );
        return 0;
    }

    private enum Preset
    {
        Ucf,
        Xd,
    }
}
