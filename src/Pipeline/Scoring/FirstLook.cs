using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Resilience;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Telemetry;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;

namespace AaClip.Pipeline.Scoring;

/// <summary>What the first model of a cascade makes of an image, which it sees whole.</summary>
internal sealed class FirstLook
{
    private FirstLook(FirstPart part) => Part = part;

    /// <summary>For the result.</summary>
    public FirstPart Part { get; }

    /// <summary>Its score of the image; null unless it settled it.</summary>
    public ImageScore? Score { get; private init; }

    /// <summary>The judgement on a settled image, on the camera's scale; null unless it settled it.</summary>
    public Judgement? Judgement { get; private init; }

    /// <summary>
    /// Asks the first model. Whatever goes wrong with it, the image is not settled, so that the live model scores it: nothing is missed.
    /// </summary>
    /// <param name="profile">With a first model.</param>
    /// <param name="live">The model that scores images that are not settled.</param>
    public static async Task<FirstLook> AskAsync(
        RgbImage image,
        string objectClass,
        CameraProfile profile,
        LoadedModel live,
        ModelHost models,
        bool urgent,
        CancellationToken cancellation
    )
    {
        FirstModel first = profile.First!; // not null: see above
        FirstLook look;
        try
        {
            look = Cascade.Stale(first, live.Id) is { } stale
                ? Failed(first, stale)
                : await ScoreAsync(image, objectClass, profile, first, live, models, urgent, cancellation);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            look = Failed(first, Fault.Text(e));
        }

        return Counted(look);
    }

    /// <summary>A look that was not taken: the live model scores the image.</summary>
    /// <param name="why">For the result.</param>
    public static FirstLook NotAsked(FirstModel first, string why) => Counted(Failed(first, why));

    private static FirstLook Failed(FirstModel first, string why) => new(new FirstPart(first.Model, first.Settles, false, Failure: why));

    private static FirstLook Counted(FirstLook look)
    {
        Metrics.First(
            look.Part.Settled ? "settled"
                : look.Part.Failure is null ? "unclear"
                : "unavailable",
            look.Part.Model
        );
        return look;
    }

    private static async Task<FirstLook> ScoreAsync(
        RgbImage image,
        string objectClass,
        CameraProfile profile,
        FirstModel first,
        LoadedModel live,
        ModelHost models,
        bool urgent,
        CancellationToken cancellation
    )
    {
        using ModelLease? lease = models.TryGet(first.Model);
        if (lease is null)
            return Failed(first, "It is being loaded.");
        LoadedModel model = lease.Model;
        ImageScore score = await model.ScoreAsync(image, model.AnchorsOf(objectClass), profile.Domain, urgent, cancellation);
        Judgement judgement = Judge(score, objectClass, profile, first, model.Manifest, image.Width, image.Height);
        Calibration calibration = live.Manifest.CalibrationFor(objectClass);
        double threshold = Judgement.Threshold(profile, calibration)!.Value; // a neutral calibration has one, too
        double raw = judgement.Score.Raw!.Value; // a judgement has one
        ScorePart? settled = Cascade.Settled(raw, first.Settles, judgement.Score, threshold, calibration.IsNeutral);
        FirstPart part = new(first.Model, first.Settles, settled is not null, raw);
        return settled is null ? new(part) : new(part) { Score = score, Judgement = judgement with { Score = settled } };
    }

    // On the first model's own scale. The camera's thresholds are those of the live model.
    private static Judgement Judge(
        ImageScore score,
        string objectClass,
        CameraProfile profile,
        FirstModel first,
        ModelManifest model,
        int width,
        int height
    ) =>
        Judgement.Of(
            score.Map,
            score.Detection,
            profile with
            {
                Threshold = first.Settles,
                MapThreshold = null,
            },
            model.CalibrationFor(objectClass),
            width,
            height
        );
}
