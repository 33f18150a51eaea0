using System.CommandLine;
using AaClip.Training;

namespace AaClip.Cli.Model;

/// <summary>The options of <c>aaclip train</c> for learned prompts, and their training.</summary>
internal sealed class PromptTraining
{
    private readonly Option<int?> _epochs = new("--epochs")
    {
        Description = "Prompts: passes over the images. Default: as published, 5 for crane and 15 for anomalyclip.",
        HelpName = "N",
        CustomParser = Values.WholeOrNone(1, 100_000),
    };
    private readonly Option<int?> _batch = new("--batch")
    {
        Description = "Prompts: images in a step. Default: 8.",
        HelpName = "N",
        CustomParser = Values.WholeOrNone(1, 1024),
    };
    private readonly Option<double?> _rate = new("--rate")
    {
        Description = "Prompts: learning rate. Default: 0.001.",
        HelpName = "RATE",
        CustomParser = Values.NumberOrNone<double>(x => x is > 0 and < 1, "a number above 0 and below 1"),
    };
    private readonly Option<bool> _noContext = new("--no-image-context")
    {
        Description =
            "Crane: does not put CLIP's feature of the image into the sentences while training, which the published code does. A step "
            + "then takes two sentences instead of two for each image.",
    };
    private readonly Option<string?> _cache = new("--cache")
    {
        Description =
            "Prompts: folder of the image features, which are computed once (4 MB for an image of 518 px) and can serve several trainings. "
            + "Default: features in --out.",
        HelpName = "DIR",
    };

    /// <summary>All options that only learned prompts have.</summary>
    public IReadOnlyList<Option> All => [_epochs, _batch, _rate, _noContext, _cache];

    /// <summary>Trains.</summary>
    /// <param name="run">What the options that both kinds of training have say.</param>
    /// <returns>The result, for the user.</returns>
    public TrainingOutcome Train(ParseResult parsed, PromptRun run, TrainingLines lines, CancellationToken cancellation)
    {
        run = run with
        {
            Cache = parsed.GetValue(_cache),
            Options = run.Options with
            {
                Epochs = parsed.GetValue(_epochs),
                Batch = parsed.GetValue(_batch),
                Rate = parsed.GetValue(_rate),
                ImageContext = parsed.GetValue(_noContext) ? false : null,
            },
        };
        using PromptTrainer trainer = new(run);
        run.Data.WriteList(Path.Combine(run.Output, "images.jsonl"));
        trainer.Train(lines, cancellation);
        DirectoryInfo cache = new(trainer.Cache);
        long bytes = cache.Exists ? cache.EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length) : 0;
        return new TrainingOutcome(
            "Prompts",
            trainer.Checkpoint,
            $"--checkpoint {trainer.Checkpoint}",
            bytes == 0
                ? null
                : $"Image features: {Run.Bytes(bytes)} in {trainer.Cache}; other trainings with the same model can use them (--cache), "
                    + "else delete the folder."
        );
    }
}
