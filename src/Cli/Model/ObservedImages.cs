using AaClip.Evaluation;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Scoring;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.References;
using AaClip.Scoring.Tiles;

namespace AaClip.Cli.Model;

/// <summary>Scores images for a calibration.</summary>
internal sealed class ObservedImages(
    AnomalyScorer scorer,
    string objectClass,
    Domain domain,
    CameraProfile? profile,
    Tiling? tiling,
    ProgressLine line
)
{
    private readonly float[] _anchors = scorer.AnchorsOf(objectClass);

    /// <summary>Scores files.</summary>
    /// <param name="references">Gives the patches to compare a file with, from its path and content; null for none.</param>
    public List<Observed> Score(
        IReadOnlyList<string> files,
        Func<string, byte[], ReferencePatches?>? references,
        CancellationToken cancellation
    )
    {
        List<Observed> found = [];
        foreach (string file in files)
        {
            cancellation.ThrowIfCancellationRequested();
            byte[] content = File.ReadAllBytes(file);
            found.Add(Score(ImageFiles.Decode(content, file, scorer), references?.Invoke(file, content), cancellation));
            line.Show("Scoring", found.Count, files.Count);
        }

        return found;
    }

    private Observed Score(RgbImage image, ReferencePatches? references, CancellationToken cancellation)
    {
        ImageScore score = scorer.Score(image, _anchors, domain, tiling, references, cancellation);
        // Without the regions that the camera ignores
        Judgement judgement = Judgement.Of(
            score.Map,
            score.Detection,
            profile ?? CameraProfile.Default,
            scorer.Model.CalibrationFor(objectClass),
            image.Width,
            image.Height,
            tiles: score.Tiles
        );
        return new Observed(
            score.Map.Surface().Values.Min(), // enlarging makes no value smaller
            judgement.Tiles is { Count: > 0 } scores ? scores.Max(t => t.MapMax) : judgement.Score.MapMax ?? score.MapMax,
            score.Detection,
            judgement.Tiles is { Count: > 0 } all ? [.. all.Select(t => (t.MapMax, t.Detection))] : null
        );
    }
}
