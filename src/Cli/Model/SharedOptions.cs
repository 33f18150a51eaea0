using System.CommandLine;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Sessions;

namespace AaClip.Cli.Model;

/// <summary>Options that several verbs have, with the same words.</summary>
internal static class SharedOptions
{
    /// <summary>The model package that a verb uses.</summary>
    public static Option<string> Model() =>
        new("--model")
        {
            Description = "Model package, made by 'aaclip import'.",
            Required = true,
            HelpName = "DIR",
        };

    /// <summary>Which smoothing the map gets.</summary>
    public static Option<Domain> MapDomain() =>
        new("--domain")
        {
            Description = "Which smoothing the map gets.",
            DefaultValueFactory = _ => Domain.Industrial,
            CustomParser = Values.Word<Domain>(),
        };

    /// <summary>What runs the model.</summary>
    public static Option<Provider> ModelProvider() =>
        new("--provider")
        {
            Description = "auto takes CUDA where it works.",
            DefaultValueFactory = _ => Provider.Auto,
            CustomParser = Values.Word<Provider>(),
        };

    /// <summary>Threads of a run.</summary>
    public static Option<int> Threads() =>
        new("--threads")
        {
            Description = "Threads of a run; 0 takes one for each core.",
            HelpName = "N",
            CustomParser = Values.Whole(0, 1024),
        };

    /// <summary>CLIP's vocabulary.</summary>
    public static Option<string?> Vocabulary() =>
        new("--vocab")
        {
            Description = "bpe_simple_vocab_16e6.txt.gz, or a folder with vocab.json and merges.txt. Default: beside the weights.",
            HelpName = "FILE|DIR",
        };

    /// <summary>Side of the input in pixels.</summary>
    public static Option<int> Size() =>
        new("--size")
        {
            Description = "Side of the input in pixels, a multiple of the patch.",
            DefaultValueFactory = _ => 518,
            HelpName = "PIXELS",
            CustomParser = Values.Whole(1, 16384),
        };

    /// <summary>The blocks that are compared with the anchors.</summary>
    public static Option<int[]> Levels() =>
        new("--levels")
        {
            Description = "Four blocks to compare with the anchors, counted from 1. Default: the quarters (6 12 18 24).",
            AllowMultipleArgumentsPerToken = true,
            HelpName = "N N N N",
            CustomParser = Values.Wholes(1, 1000),
        };

    /// <summary>Attention heads of the image tower.</summary>
    public static Option<int?> VisionHeads() =>
        new("--vision-heads")
        {
            Description = "Attention heads of the image tower. Default: from config.json, else width / 64.",
            HelpName = "N",
            CustomParser = Values.WholeOrNone(1, 1024),
        };

    /// <summary>Attention heads of the text tower.</summary>
    public static Option<int?> TextHeads() =>
        new("--text-heads")
        {
            Description = "Attention heads of the text tower. Default: as above.",
            HelpName = "N",
            CustomParser = Values.WholeOrNone(1, 1024),
        };

    /// <summary>What runs the training.</summary>
    public static Option<Provider> TrainingProvider() =>
        new("--provider")
        {
            Description = "cpu or cuda; auto takes CUDA where it works.",
            DefaultValueFactory = _ => Provider.Auto,
            CustomParser = Values.Word<Provider>(),
        };
}
