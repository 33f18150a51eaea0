using System.Globalization;
using System.Text.Json;
using AaClip.Scoring.Events;

namespace AaClip.Cli.Model;

/// <summary>What <c>aaclip inspect</c> shows of a temporal package.</summary>
internal static class TemporalInspection
{
    /// <param name="hash">Whether to compare the hashes of the files.</param>
    public static int Show(TemporalPackage package, bool json, bool hash)
    {
        TemporalManifest model = package.Manifest;
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(model, TemporalJson.Default.TemporalManifest));
            return 0;
        }

        TemporalHead head = model.Head;
        Tables.Write(
            ["model", Column.Text(model.Id)],
            [
                ["kind", "temporal: finds events in a sequence of frames (aaclip timeline)"],
                ["method", "VadCLIP (AAAI 2024, arXiv 2308.11681)"],
                ["published", "UCF-Crime frame AUC 88.02, XD-Violence frame AP 84.51 (paper, with the authors' features)"],
                ["licence", "code Apache-2.0; no licence is stated for the weights"],
                [
                    "frame",
                    $"{model.Frame.Width} x {model.Frame.Height}, middle {model.Frame.Size} px{(model.Frame.Mirrored ? ", mirrored" : "")}",
                ],
                ["image tower", InspectCommand.Tower(model.Vision)],
                ["head", $"{head.Length} snippets, windows of {head.Window}, {head.Blocks} blocks, width {head.Width}"],
                [
                    "snippet",
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{model.SnippetFrames} frames, {model.SnippetSeconds:F3} s at the trained rate"
                    ),
                ],
                ["classes", string.Join(", ", model.Classes)],
                ["events by", $"the {model.Score.ToString().ToLowerInvariant()} branch"],
                ["threshold", Threshold(model.Calibration)],
                ["written", InspectCommand.Written(model.Provenance)],
            ]
        );
        InspectCommand.Files(package.Content, model.Provenance, hash);
        return 0;
    }

    private static string Threshold(EventCalibration? calibration) =>
        calibration is { } c
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{c.Threshold:F4} for the mean over {c.MinSeconds:0.###} s: at most {c.Rate:0.####} of normal windows ({c.Windows} seen)"
            )
            : "none: not calibrated";
}
