using System.CommandLine;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Tiles;
using AaClip.Training.Losses;

namespace AaClip.Cli.Model;

/// <summary>Options that several verbs share.</summary>
internal static class SharedOptions
{
    public static Option<string> Model() =>
        new("--model")
        {
            Description = "Model package, made by 'aaclip import'.",
            Required = true,
            HelpName = "DIR",
        };

    public static Option<Domain> MapDomain() =>
        new("--domain")
        {
            Description = "Domain of the images, which decides how the map is smoothed.",
            DefaultValueFactory = _ => Domain.Industrial,
            CustomParser = Values.Word<Domain>(),
        };

    public static Option<Provider> ModelProvider() =>
        new("--provider")
        {
            Description = "What runs the model; auto uses CUDA if it works.",
            DefaultValueFactory = _ => Provider.Auto,
            CustomParser = Values.Word<Provider>(),
        };

    public static Option<string?> References() =>
        new("--references")
        {
            Description = "Compares images with good ones, too: a file that 'aaclip calibrate --references' wrote.",
            HelpName = "FILE",
        };

    public static Option<Tiling?> Tiles() =>
        new("--tiles")
        {
            Description =
                "Cuts images into tiles and scores each, so that small defects of large images are found: columns x rows, or the longest "
                + "side of a tile in pixels. n tiles take n times as long.",
            HelpName = "3x2|1024",
            CustomParser = Values.Of(Tiling.Parse, Tiling.Expected),
        };

    public static Option<double> TileOverlap() =>
        new("--overlap")
        {
            Description = "With --tiles: share of a tile's side that it has in common with the next one.",
            DefaultValueFactory = _ => Tiling.DefaultOverlap,
            HelpName = "0-0.5",
            CustomParser = Values.Number<double>(x => x is >= 0 and <= Tiling.MaxOverlap, "a number from 0 to 0.5"),
        };

    /// <summary>The tiles that both options ask for; null for none.</summary>
    public static Tiling? TilesOf(ParseResult parsed, Option<Tiling?> tiles, Option<double> overlap) =>
        parsed.GetValue(tiles) is { } tiling ? tiling with { Overlap = parsed.GetValue(overlap) } : null;

    public static Option<int> Threads() =>
        new("--threads")
        {
            Description = "Number of threads; 0 uses one for each core.",
            HelpName = "N",
            CustomParser = Values.Whole(0, 1024),
        };

    public static Option<string?> Vocabulary() =>
        new("--vocab")
        {
            Description =
                "CLIP's vocabulary: bpe_simple_vocab_16e6.txt.gz, or a folder with vocab.json and merges.txt. Default: beside the weights.",
            HelpName = "FILE|DIR",
        };

    public static Option<int> Size() =>
        new("--size")
        {
            Description = "Side of the model's input in pixels, a multiple of the patch.",
            DefaultValueFactory = _ => 518,
            HelpName = "PIXELS",
            CustomParser = Values.Whole(1, 16384),
        };

    public static Option<int[]> Levels() =>
        new("--levels")
        {
            Description =
                "Blocks to compare with the anchors, counted from 1: four for AA-CLIP. Default: those at each quarter of the depth (6 12 "
                + "18 24 of 24), for other methods the last.",
            AllowMultipleArgumentsPerToken = true,
            HelpName = "N...",
            CustomParser = Values.Wholes(1, 1000),
        };

    public static Option<int?> VisionHeads() =>
        new("--vision-heads")
        {
            Description = "Attention heads of the image tower. Default: from config.json, else width / 64.",
            HelpName = "N",
            CustomParser = Values.WholeOrNone(1, 1024),
        };

    public static Option<int?> TextHeads() =>
        new("--text-heads")
        {
            Description = "Attention heads of the text tower. Default: from config.json, else width / 64.",
            HelpName = "N",
            CustomParser = Values.WholeOrNone(1, 1024),
        };

    public static Option<Provider> TrainingProvider() =>
        new("--provider")
        {
            Description = "What runs the training: cpu or cuda; auto uses CUDA if it works.",
            DefaultValueFactory = _ => Provider.Auto,
            CustomParser = Values.Word<Provider>(),
        };

    public static Option<NormalPairs> NormalPairs() =>
        new("--normal-pairs")
        {
            Description =
                "After OFF-CLIP, reconstructed, since its loss was never released: normal images of all classes fit each other's normal "
                + "sentences. softmax or sigmoid is the form of a pair's loss.",
            DefaultValueFactory = _ => Training.Losses.NormalPairs.None,
            CustomParser = Values.Word<NormalPairs>(),
        };

    public static Option<double> Miss() =>
        new("--miss")
        {
            Description =
                "With --first: share of what --model calls anomalous that the first model may settle, with 95 % confidence. 1 % needs 299 "
                + "images.",
            DefaultValueFactory = _ => 0.01,
            HelpName = "0-1",
            CustomParser = Values.Number<double>(x => x is > 0 and < 1, "a number above 0 and below 1"),
        };
}
