using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Tensors;
using AaClip.Tests;

namespace AaClip.Import.Tests.Methods;

/// <summary>Golden numbers of a published method on the small model, with the images that they were made from.</summary>
internal sealed class MethodGolden(string method)
{
    private static readonly string[] Files = ["defect/000.png", "good/001.png", "defect/002.png"];

    public Dictionary<string, (long[] Shape, float[] Values)> All { get; } =
        SafetensorsFile.ReadAll(Parity.File($"methods/{method}/golden.safetensors"));

    public float[] this[string name] => All[name].Values;

    /// <summary>The input of one of the three images, [3, 112, 112].</summary>
    public float[] Image(int number) => [.. this["image"].Skip(number * 3 * 112 * 112).Take(3 * 112 * 112)];

    /// <summary>The images, decoded as the published code decodes them.</summary>
    public static RgbImage[] Images() =>
        [
            .. Files.Select(f =>
                ImageDecoder.DecodeFile(Parity.File($"tiny/dataset/e2e/bottle/test/{f}"), new DecodeOptions { Parity = true }).Image
            ),
        ];

    /// <summary>Compares values of the tower with the golden ones, which are of the first image.</summary>
    /// <param name="taps">Such as "/visual/blocks.3/correlation"; the golden name is "block3.correlation".</param>
    public void AssertTaps(IEnumerable<string> taps, Dictionary<string, float[]> found, double share)
    {
        foreach (string tap in taps)
        {
            string name = tap.Replace("/visual/blocks.", "block", StringComparison.Ordinal)
                .Replace("/visual/", "", StringComparison.Ordinal)
                .Replace("/correlation/attn", ".attn_correlation", StringComparison.Ordinal)
                .Replace('/', '.');
            Close.AssertRelative(this[name], [.. found[tap].Take(this[name].Length)], share, name);
        }
    }

    /// <summary>An anchor pair [2, E] as columns [E, 2], once for each of three images.</summary>
    public static float[] Columns(float[] rows)
    {
        int width = rows.Length / 2;
        float[] one = [.. Enumerable.Range(0, rows.Length).Select(i => rows[i % 2 * width + i / 2])];
        return [.. one, .. one, .. one];
    }

    public static AnomalyScorer Load(string package) =>
        AnomalyScorer.Load(package, new ScorerOptions { Provider = Provider.Cpu, CacheFolder = TinyPackage.Cache });

    /// <summary>The images' final maps and scores through a package.</summary>
    public static (float[] Maps, float[] Grids, float[] Scores) Score(string package, string className = "bottle")
    {
        using AnomalyScorer scorer = Load(package);
        ImageScore[] scores = [.. Images().Select(i => scorer.Score(i, className, Domain.Industrial))];
        Calibration calibration = scorer.Model.CalibrationFor(className);
        float[] raw = [.. scores.Select(s => (float)calibration.Raw(s.MapMax, s.Detection, Domain.Industrial))];
        float[] detections = [.. scores.Select(s => s.Detection)];
        if (calibration is { DetectionMax: 1, MapShare: 0 }) // the scale of a probability changes nothing
            Close.Assert(detections, raw, 1e-6, "raw score");
        return ([.. scores.SelectMany(s => s.Map.FullSize(112, 112))], [.. scores.SelectMany(s => s.Map.Raw.ToArray())], detections);
    }
}
