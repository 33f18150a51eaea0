using System.Text.Json;
using AaClip.Pipeline.Routing;
using AaClip.Scoring;
using AaClip.Scoring.Sessions;

namespace AaClip.Cli.Model;

/// <summary><c>aaclip calibrate --first</c>: chooses what a camera's first model settles, and writes it into its profile.</summary>
internal static class CascadeCalibration
{
    /// <param name="first">Package of the first model.</param>
    /// <param name="full">Package of the full model.</param>
    /// <param name="file">The file of profiles.</param>
    /// <param name="miss">See <see cref="CascadeFound.Of"/>.</param>
    public static int Run(
        string first,
        string full,
        string[] normals,
        string[] defects,
        string file,
        string camera,
        double miss,
        Provider provider,
        bool json,
        CancellationToken cancellation
    )
    {
        CameraProfile profile =
            ProfileFile.Find(file, camera)
            ?? throw new InvalidDataException($"'{file}' has no profile for camera '{camera}': write one with its class first.");
        string[] good = ImageFiles.Paths(normals),
            bad = ImageFiles.Paths(defects);
        CascadeFound found;
        using (CascadeScorers scorers = new(first, full, new ScorerOptions { Provider = provider }))
        using (ProgressLine line = new())
        {
            int done = 0;
            found = CascadeFound.Of(
                scorers.FirstId,
                scorers.FullId,
                [.. good.Select(Both)],
                [.. bad.Select(Both)],
                profile.Class,
                miss,
                scorers.MostSettled(profile.Class)
            );

            CascadeScores Both(string image)
            {
                line.Show("Scoring", ++done, good.Length + bad.Length);
                return scorers.Both(scorers.Decode(File.ReadAllBytes(image), image), profile, cancellation);
            }
        }

        string where = ProfileFile.Edit(
            file,
            camera,
            profile => profile["first"] = JsonSerializer.SerializeToNode(found.First, CameraJson.Default.FirstModel)
        );
        CascadeOutput.Write(found, miss, where, json);
        return 0;
    }
}
