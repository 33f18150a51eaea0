using System.Text.Json;
using AaClip.Evaluation;
using AaClip.Pipeline.Routing;
using AaClip.Scoring;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Sessions;

namespace AaClip.Cli.Model;

/// <summary>
/// <c>aaclip calibrate --check</c>: chooses from which probability on a camera's pictures are flagged as generated, and writes it into its
/// profile.
/// </summary>
internal static class CheckCalibrationRun
{
    /// <param name="folder">Package of the check.</param>
    /// <param name="real">Pictures that the camera took.</param>
    /// <param name="file">The file of profiles.</param>
    /// <param name="falseAlarms">Share of new pictures of the camera that may be flagged.</param>
    /// <exception cref="InvalidDataException">A picture cannot be read: left out, it would make the bound wrong.</exception>
    public static int Run(
        string folder,
        string[] real,
        string file,
        string camera,
        double falseAlarms,
        Provider provider,
        bool json,
        CancellationToken cancellation
    )
    {
        string[] paths = ImageFiles.Paths(real);
        List<double> probabilities = [];
        string id;
        using (PictureCheck check = PictureCheck.Load(folder, new ScorerOptions { Provider = provider }))
        using (ProgressLine line = new())
        {
            id = check.Id;
            foreach (CheckedPicture picture in new CheckedPictures(check, parity: false, line).Run(paths, cancellation))
                probabilities.Add(picture.Probability ?? throw new InvalidDataException(picture.Failure!.Message)); // one of both is set
        }

        CheckCalibration found = CheckCalibrator.OfReal(probabilities, falseAlarms);
        GeneratedRule rule = new(id, found.Threshold, found.FalseAlarms, [.. found.Levels.Select(l => (double[])[l.P, l.From])]);
        string where = ProfileFile.Edit(
            file,
            camera,
            profile => profile["generated"] = JsonSerializer.SerializeToNode(rule, CameraJson.Default.GeneratedRule)
        );
        int needed = Calibrator.Needed(falseAlarms, Domain.Industrial, scaled: true);
        if (json)
            Console.WriteLine(
                JsonSerializer.Serialize(
                    new CheckCalibrationReport(id, paths.Length, found.Threshold, found.FalseAlarms, needed, where),
                    CheckJson.Default.CheckCalibrationReport
                )
            );
        else
            Write(found, paths.Length, falseAlarms, needed, where);
        return 0;
    }

    private static void Write(CheckCalibration found, int pictures, double wanted, int needed, string where)
    {
        Console.WriteLine(FormattableString.Invariant($"Threshold {found.Threshold:F4} from {pictures} pictures of the camera."));
        string share = FormattableString.Invariant($"{100 * found.FalseAlarms:F2} %"),
            asked = FormattableString.Invariant($"{100 * wanted:G3} %");
        Console.WriteLine(
            $"A new picture of the camera is called generated with a probability of at most {share}, whatever the check is worth. How many "
                + "generated pictures it finds is not known: measure it with 'aaclip evaluate --check'."
        );
        if (pictures < needed)
            Console.WriteLine(
                $"The requested {asked} need {needed} pictures; the threshold is above the probabilities of all that were given."
            );
        Console.WriteLine($"Written: {where}");
    }
}
