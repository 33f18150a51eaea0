using System.Diagnostics;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Scoring;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;

namespace AaClip.Cli.Model;

/// <summary>What both models of a cascade say of an image.</summary>
/// <param name="First">Score of the first model; its raw score is compared with the limit.</param>
/// <param name="Full">Score of the full model, with the verdict of the camera.</param>
/// <param name="FirstSeconds">Time of the first model for the decoded image.</param>
/// <param name="FullSeconds">Time of the full model for the decoded image.</param>
internal sealed record CascadeScores(ScorePart First, ScorePart Full, double FirstSeconds, double FullSeconds)
{
    /// <summary>Raw score of the first model.</summary>
    public double FirstRaw => First.Raw!.Value; // a judgement has one

    /// <summary>Whether the full model calls the image anomalous.</summary>
    public bool Anomalous => Full.Verdict == Verdict.Anomalous;
}

/// <summary>Both models of a cascade, which score as the functions do: the first model sees the image whole.</summary>
internal sealed class CascadeScorers : IDisposable
{
    private readonly AnomalyScorer _first;
    private readonly AnomalyScorer _full;

    /// <summary>Loads both packages.</summary>
    public CascadeScorers(string first, string full, ScorerOptions options)
    {
        _first = AnomalyScorer.Load(first, options);
        _full = AnomalyScorer.Load(full, options);
    }

    /// <summary>"name@version" of the first model.</summary>
    public string FirstId => _first.Model.Id;

    /// <summary>"name@version" of the full model.</summary>
    public string FullId => _full.Model.Id;

    /// <summary>
    /// The largest limit for a class: what the first model itself calls anomalous is not clearly normal. Without a calibration of the
    /// class, the end of the scale.
    /// </summary>
    public double MostSettled(string objectClass) =>
        _first.Model.CalibrationFor(objectClass) is { IsNeutral: false } calibration ? calibration.Threshold : Math.BitDecrement(1);

    /// <summary>Reads and decodes an image.</summary>
    /// <exception cref="ImageRejectedException">It cannot be scored.</exception>
    public RgbImage Decode(ReadOnlyMemory<byte> bytes, string file) => ImageFiles.Decode(bytes, file, _full);

    /// <summary>Scores an image with both.</summary>
    public CascadeScores Both(RgbImage image, CameraProfile profile, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        ScorePart first = First(image, profile, cancellation);
        double firstSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        start = Stopwatch.GetTimestamp();
        ScorePart full = Full(image, profile, cancellation);
        return new CascadeScores(first, full, firstSeconds, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    /// <summary>The score of the first model.</summary>
    public ScorePart First(RgbImage image, CameraProfile profile, CancellationToken cancellation) =>
        Score(_first, image, profile with { Threshold = null, Tiles = null }, cancellation);

    /// <summary>The score of the full model.</summary>
    public ScorePart Full(RgbImage image, CameraProfile profile, CancellationToken cancellation) =>
        Score(_full, image, profile, cancellation);

    /// <summary>The score of the cascade, as the functions store it.</summary>
    public ScorePart Cascaded(RgbImage image, CameraProfile profile, double settles, CancellationToken cancellation) =>
        Settled(First(image, profile, cancellation), profile, settles) ?? Full(image, profile, cancellation);

    /// <summary>The score of an image that the first model settles.</summary>
    /// <returns>Null if it does not.</returns>
    public ScorePart? Settled(ScorePart first, CameraProfile profile, double settles)
    {
        Calibration calibration = _full.Model.CalibrationFor(profile.Class);
        double threshold = Judgement.Threshold(profile, calibration)!.Value; // a neutral calibration has one, too
        return Cascade.Settled(first.Raw!.Value, settles, first, threshold, calibration.IsNeutral); // a judgement has a raw score
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _first.Dispose();
        _full.Dispose();
    }

    private static ScorePart Score(AnomalyScorer scorer, RgbImage image, CameraProfile profile, CancellationToken cancellation)
    {
        float[] anchors = scorer.AnchorsOf(profile.Class);
        ImageScore score = scorer.Score(image, anchors, profile.Domain, profile.TilePlan, null, cancellation);
        return Judgement
            .Of(
                score.Map,
                score.Detection,
                profile,
                scorer.Model.CalibrationFor(profile.Class),
                image.Width,
                image.Height,
                tiles: score.Tiles
            )
            .Score;
    }
}
