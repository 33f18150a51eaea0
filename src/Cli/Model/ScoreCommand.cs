using System.CommandLine;
using AaClip.Scoring.Maps;
using AaClip.Scoring.References;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Tiles;

namespace AaClip.Cli.Model;

/// <summary><c>aaclip score</c>: scores images, and writes heatmaps and maps.</summary>
internal static class ScoreCommand
{
    public static Command Create()
    {
        Argument<string[]> paths = new("path")
        {
            Description = "Images, folders, or globs in quotes.",
            Arity = ArgumentArity.OneOrMore,
            HelpName = "PATH",
        };
        Option<string> model = SharedOptions.Model();
        Option<string> name = new("--class")
        {
            Description = "What the object is called: any words, or a published class such as MVTec/bottle.",
            Required = true,
            HelpName = "NAME",
        };
        Option<Domain> domain = SharedOptions.MapDomain();
        Option<string?> heatmaps = new("--heatmaps")
        {
            Description = "Writes a heatmap for each image: the map over the photo.",
            HelpName = "DIR",
        };
        Option<string?> maps = new("--maps")
        {
            Description = "Writes the raw map of each image: 16-bit PNG with a .json for its scale.",
            HelpName = "DIR",
        };
        Option<string?> json = new("--json")
        {
            Description = "Writes one JSON object per image; '-' is standard output.",
            HelpName = "FILE|-",
        };
        Option<double?> threshold = new("--threshold")
        {
            Description =
                "Raw scores at or above this are anomalous. Default: the package's calibration; without one, no verdict is given.",
            HelpName = "0-1",
            CustomParser = Values.NumberOrNone<double>(x => x is > 0 and < 1, "a raw score above 0 and below 1"),
        };
        Option<float?> mapThreshold = new("--map-threshold")
        {
            Description =
                "Map values at or above this belong to a region; a heatmap shows this value in its middle colour. Default: the "
                + "calibration's, else the value of a patch that is equally near to both anchors.",
            HelpName = "VALUE",
            CustomParser = Values.NumberOrNone<float>(_ => true, "a number"),
        };
        Option<int> batch = new("--batch")
        {
            Description = "Images, or tiles of an image, that are scored together with CUDA. On CPU each image runs by itself.",
            DefaultValueFactory = _ => 8,
            HelpName = "N",
            CustomParser = Values.Whole(1, 256),
        };
        Option<string?> references = SharedOptions.References();
        Option<Tiling?> tiles = SharedOptions.Tiles();
        Option<double> overlap = SharedOptions.TileOverlap();
        Option<Provider> provider = SharedOptions.ModelProvider();
        Option<int> threads = SharedOptions.Threads();
        Option<bool> parity = new("--parity")
        {
            Description = "Reads images exactly as the published code: no EXIF rotation, 16-bit grey clipped.",
        };
        Option<bool> legend = new("--legend") { Description = "Draws the scale into the heatmaps." };
        Option<int> heatmapSide = new("--heatmap-side")
        {
            Description = "Longest side of a heatmap; heatmaps of larger images are scaled down.",
            DefaultValueFactory = _ => 2048,
            HelpName = "PIXELS",
            CustomParser = Values.Whole(64, 30_000),
        };
        Option<bool> fast = new("--fast-start")
        {
            Description = "Memory-maps the weights and does not check their hashes: starts at once, scores a little slower.",
        };
        Verb command = new(
            "score",
            "Scores images. The exit code is 0 also when images are anomalous, and 1 when any could not be scored.",
            "aaclip score --model models/aaclip --class bottle photos/",
            "aaclip score --model models/aaclip --class \"MVTec/metal_nut\" --heatmaps out/ --json scores.jsonl \"photos/**/*.png\"",
            "aaclip score --model models/aaclip --class \"circuit board\" --tiles 1024 --heatmaps out/ boards/",
            "aaclip score --model models/aaclip --class bottle --references bottle.safetensors photos/"
        )
        {
            paths,
            model,
            name,
            domain,
            heatmaps,
            maps,
            json,
            threshold,
            mapThreshold,
            batch,
            references,
            tiles,
            overlap,
            provider,
            threads,
            parity,
            legend,
            heatmapSide,
            fast,
        };
        command.Rules.Add(r => Verb.Has(r, overlap) && !Verb.Has(r, tiles) ? "--overlap needs --tiles." : null);
        command.SetAction(
            (parsed, cancellation) =>
                Run.Verb(() =>
                    new ScoreRun
                    {
                        Files = ImageFiles.Find(parsed.GetRequiredValue(paths)),
                        Model = parsed.GetRequiredValue(model),
                        ObjectClass = parsed.GetRequiredValue(name),
                        Domain = parsed.GetValue(domain),
                        Heatmaps = parsed.GetValue(heatmaps),
                        Maps = parsed.GetValue(maps),
                        Json = parsed.GetValue(json),
                        Threshold = parsed.GetValue(threshold),
                        MapThreshold = parsed.GetValue(mapThreshold),
                        Batch = parsed.GetValue(batch),
                        References = parsed.GetValue(references) is { } file ? ReferencePatches.Read(file) : null,
                        Tiles = SharedOptions.TilesOf(parsed, tiles, overlap),
                        Provider = parsed.GetValue(provider),
                        Threads = parsed.GetValue(threads),
                        Parity = parsed.GetValue(parity),
                        Legend = parsed.GetValue(legend),
                        FastStart = parsed.GetValue(fast),
                        HeatmapSide = parsed.GetValue(heatmapSide),
                    }.Execute(cancellation)
                )
        );
        return command;
    }
}
