using System.CommandLine;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Sessions;

namespace AaClip.Cli;

/// <summary><c>aaclip score</c>: images in, scores and pictures out.</summary>
internal static class ScoreCommand
{
    public static Command Create()
    {
        Argument<string[]> paths = new("path") { Description = "Images, folders, or globs in quotes.", Arity = ArgumentArity.OneOrMore, HelpName = "PATH" };
        Option<string> model = new("--model") { Description = "Model package, made by 'aaclip import'.", Required = true, HelpName = "DIR" };
        Option<string> name = new("--class") { Description = "What the object is called: any words, or a published class such as MVTec/bottle.", Required = true, HelpName = "NAME" };
        Option<Domain> domain = new("--domain") { Description = "Which smoothing the map gets.", DefaultValueFactory = _ => Domain.Industrial };
        Option<string?> heatmaps = new("--heatmaps") { Description = "Writes a picture for each image: the map over the photo.", HelpName = "DIR" };
        Option<string?> maps = new("--maps") { Description = "Writes the raw map of each image: 16-bit PNG with a .json for its scale.", HelpName = "DIR" };
        Option<string?> json = new("--json") { Description = "Writes one JSON object per image; '-' is standard output.", HelpName = "FILE|-" };
        Option<double?> threshold = new("--threshold") { Description = "Raw scores from here on are anomalous. Default: the package's calibration; without one no verdict is given.", HelpName = "0-1" };
        Option<float?> mapThreshold = new("--map-threshold") { Description = "Map values from here on belong to a region and have the middle colour. Default: the calibration's, else where a patch is as near to the one anchor as to the other.", HelpName = "VALUE" };
        Option<int> batch = new("--batch") { Description = "Images that are taken together. On CPU each still runs by itself.", DefaultValueFactory = _ => 8, HelpName = "N" };
        Option<Provider> provider = new("--provider") { Description = "auto takes CUDA where it works.", DefaultValueFactory = _ => Provider.Auto };
        Option<int> threads = new("--threads") { Description = "Threads of a run; 0 takes one for each core.", HelpName = "N" };
        Option<bool> parity = new("--parity") { Description = "Reads images exactly as the published code: no EXIF rotation, 16-bit grey clipped." };
        Option<bool> legend = new("--legend") { Description = "Draws the scale into the heatmaps." };
        Option<int> heatmapSide = new("--heatmap-side") { Description = "Longest side of a heatmap; of larger images the heatmap is scaled down.", DefaultValueFactory = _ => 2048, HelpName = "PIXELS" };
        Option<bool> fast = new("--fast-start") { Description = "Maps the weights instead of laying them out, and trusts their hashes: starts at once, runs a little slower." };
        Verb command = new("score", "Scores images. The exit code is 0 also when images are anomalous, and 1 when any could not be scored.",
            "aaclip score --model models/aaclip --class bottle photos/",
            "aaclip score --model models/aaclip --class \"MVTec/metal_nut\" --heatmaps out/ --json scores.jsonl \"photos/**/*.png\"")
        {
            paths, model, name, domain, heatmaps, maps, json, threshold, mapThreshold, batch, provider, threads, parity, legend, heatmapSide, fast,
        };
        batch.Validators.Add(r => { if (r.GetValueOrDefault<int>() is < 1 or > 256) r.AddError("--batch takes 1 to 256."); });
        threads.Validators.Add(r => { if (r.GetValueOrDefault<int>() is < 0 or > 1024) r.AddError("--threads takes 0 to 1024."); });
        heatmapSide.Validators.Add(r => { if (r.GetValueOrDefault<int>() is < 64 or > 30_000) r.AddError("--heatmap-side takes 64 to 30000."); });
        threshold.Validators.Add(r => { if (r.GetValueOrDefault<double?>() is not (null or (> 0 and < 1))) r.AddError("--threshold takes a raw score between 0 and 1."); });
        mapThreshold.Validators.Add(r => { if (r.GetValueOrDefault<float?>() is { } t && !float.IsFinite(t)) r.AddError("--map-threshold takes a number."); });
        command.SetAction((parsed, cancellation) => Run.Verb(() => new ScoreRun
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
            Provider = parsed.GetValue(provider),
            Threads = parsed.GetValue(threads),
            Parity = parsed.GetValue(parity),
            Legend = parsed.GetValue(legend),
            FastStart = parsed.GetValue(fast),
            HeatmapSide = parsed.GetValue(heatmapSide),
        }.Execute(cancellation)));
        return command;
    }
}
