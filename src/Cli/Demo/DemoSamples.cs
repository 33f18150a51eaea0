using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using AaClip.Cli.Model;
using AaClip.Cli.Operate;
using AaClip.Pipeline.Operations;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Text;

namespace AaClip.Cli.Demo;

/// <summary>The images of a run, one of each camera after the other.</summary>
internal static class DemoSamples
{
    private const int Drawn = 24,
        Cameras = 2;

    /// <summary>Images of a folder: the first subfolder is the camera; "samples" if there is none.</summary>
    /// <exception cref="FileNotFoundException">The folder holds no image.</exception>
    public static IReadOnlyList<DropItem> Of(string folder)
    {
        IEnumerable<IGrouping<string, DropItem>> cameras = ImageFiles.Find([folder]).Select(ToItem).GroupBy(i => i.Camera);
        return [.. cameras.SelectMany(c => c.Index()).OrderBy(i => i.Index).Select(i => i.Item)];
    }

    /// <summary>Draws plates, a third of them with a flaw, as PNG files in a folder for each camera.</summary>
    public static IReadOnlyList<DropItem> Draw(string folder)
    {
        for (int i = 0; i < Drawn; i++)
        {
            DrawnPlate.Flaw flaw = (i / Cameras % 6) switch
            {
                2 => DrawnPlate.Flaw.Scratch,
                3 => DrawnPlate.Flaw.Spot,
                _ => DrawnPlate.Flaw.None,
            };
            string path = Path.Combine(
                folder,
                string.Create(CultureInfo.InvariantCulture, $"line{i % Cameras + 1}/plate-{i / Cameras + 1:D2}.png")
            );
            Directory.CreateDirectory(Path.GetDirectoryName(path)!); // the path has a folder
            WholeFile.Write(path, ImageEncoder.Png(DrawnPlate.Draw(i, flaw)));
        }

        return Of(folder);
    }

    /// <summary>
    /// Camera profiles for a model with random weights: thresholds with which about a third of these images are anomalous, so that the
    /// run shows alerts.
    /// </summary>
    /// <returns>Content of cameras.json.</returns>
    public static byte[] Profiles(string package, IReadOnlyList<DropItem> images, CancellationToken cancellation)
    {
        using AnomalyScorer scorer = AnomalyScorer.Load(package, new ScorerOptions { Provider = Provider.Cpu });
        Calibration calibration = scorer.Model.CalibrationFor(ClassNames.AnyObject);
        List<double> raw = [],
            maps = [];
        foreach (DropItem image in images)
        {
            ImageScore score = scorer.Score(
                ImageDecoder.DecodeFile(image.Path).Image,
                ClassNames.AnyObject,
                Domain.Industrial,
                cancellation
            );
            raw.Add(calibration.Raw(score.MapMax, score.Detection, Domain.Industrial));
            maps.Add(score.MapMax);
        }

        JsonObject profile = new()
        {
            ["class"] = ClassNames.AnyObject,
            ["threshold"] = Math.Clamp(UpperThird(raw), 0.001, 0.999),
            ["mapThreshold"] = UpperThird(maps),
            ["alert"] = new JsonObject { ["coolDownSeconds"] = 5, ["closeAfterNormal"] = 2 },
        };
        return JsonSerializer.SerializeToUtf8Bytes(
            new JsonObject
            {
                ["schemaVersion"] = 1,
                ["cameras"] = new JsonObject { ["*"] = profile },
            }
        );
    }

    private static DropItem ToItem(ImageFile file)
    {
        string[] parts = file.Relative.Split(Path.DirectorySeparatorChar, 2);
        return parts.Length == 2 ? new DropItem(parts[0], file.Path, parts[1]) : new DropItem("samples", file.Path, file.Relative);
    }

    // Half-way between two values, so that no score equals the threshold.
    private static double UpperThird(List<double> values)
    {
        values.Sort();
        int at = Math.Min(values.Count - 1, Math.Max(1, values.Count * 2 / 3));
        return at == 0 ? values[0] : (values[at - 1] + values[at]) / 2;
    }
}
