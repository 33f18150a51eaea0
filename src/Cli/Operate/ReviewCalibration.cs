using AaClip.Evaluation;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Reviews;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Maps;

namespace AaClip.Cli.Operate;

/// <summary>
/// Proposes a camera's threshold from what people decided on its images, and the raw scores that the results hold. No image is scored.
/// </summary>
internal sealed class ReviewCalibration(StorageClients storage, TimeProvider time)
{
    /// <summary>Fewest images that people must have called fine.</summary>
    public const int MinFine = 20;

    private static readonly IReadOnlySet<ReviewVerdict> Sure = new HashSet<ReviewVerdict> { ReviewVerdict.Fine, ReviewVerdict.Defect };

    private readonly ResultIndex _index = new(storage);
    private readonly ProfileEditor _profiles = new(storage, time);

    /// <summary>Makes the proposal; changes nothing.</summary>
    /// <param name="model">"name@version"; null for the live one.</param>
    /// <param name="since">Images stored from then on.</param>
    /// <param name="falseAlarms">
    /// Share of new fine images that may be called anomalous; null for 1 % without defects, and for the largest F1 with them.
    /// </param>
    /// <exception cref="InvalidDataException">Too few decisions, or the threshold would be out of its range.</exception>
    public async Task<ThresholdProposal> ProposeAsync(
        string camera,
        string? model,
        DateTimeOffset since,
        double? falseAlarms,
        CancellationToken cancellation
    )
    {
        // 1. The profile in force, the model, and the scores of images with a decision
        CameraSet set = await _profiles.ReadAsync(cancellation);
        CameraProfile profile = set.Find(camera) ?? CameraProfile.Default;
        model ??= await LiveAsync(camera, cancellation);
        ResultQuery query = new()
        {
            Camera = camera,
            Model = model,
            From = since,
        };
        List<ReviewedRow> rows = await new ReviewedResults(_index, new ReviewStore(storage, time))
            .QueryAsync(query, Sure, cancellation)
            .Where(r => r.Row.Raw is not null)
            .ToListAsync(cancellation);
        int others = rows.RemoveAll(r => r.Row.Class != profile.Class); // their scores have another scale
        double[] fine = Scores(ReviewVerdict.Fine),
            defects = Scores(ReviewVerdict.Defect);
        if (fine.Length < MinFine)
            throw new InvalidDataException(
                FormattableString.Invariant(
                    $"Of camera '{camera}' since {since:yyyy-MM-dd}, {fine.Length} fine and {defects.Length} defective images "
                )
                    + $"have a score of {model} as '{profile.Class}'{(others > 0 ? $", and {others} as another class" : "")}: "
                    + $"at least {MinFine} fine ones are needed. Decide on more on the review page, or take a longer time with --since."
            );

        // 2. The threshold
        double rate = falseAlarms ?? 0.01;
        bool byRate = falseAlarms is not null || defects.Length == 0;
        (double proposed, double? bound) = byRate
            ? Calibrator.OfNormals(fine, rate)
            : ((double, double?))(Calibrator.OfDefects(fine, defects), null);
        double? now =
            profile.Threshold
            ?? (
                await _index
                    .QueryAsync(query with { From = null, Verdicts = [Verdict.Normal, Verdict.Anomalous], PageSize = 1 }, cancellation)
                    .FirstOrDefaultAsync(cancellation)
            )?.Threshold;
        return new ThresholdProposal(
            camera,
            model,
            profile.Class,
            since,
            fine,
            defects,
            now,
            Rounded(proposed, [.. fine, .. defects]),
            byRate ? rate : null,
            bound,
            byRate ? Calibrator.Needed(rate, Domain.Industrial, scaled: true) : 0,
            set.KeyOf(camera),
            set.ETag
        );

        double[] Scores(ReviewVerdict verdict) => [.. rows.Where(r => r.Decision == verdict).Select(r => Score(r.Row))];

        // What a first model settled is normal at every threshold
        static double Score(ResultRow row) => row.First is null ? row.Raw!.Value : 0;
    }

    /// <summary>Writes the threshold into the camera's profile.</summary>
    /// <returns>What changed.</returns>
    public async Task<IReadOnlyList<ProfileChange>> ApplyAsync(ThresholdProposal proposal, CancellationToken cancellation) =>
        (await _profiles.ThresholdAsync(proposal.Camera, proposal.Proposed, proposal.ETag, Environment.UserName, cancellation)).Changes;

    // Up to four digits, which people can read, if that changes no verdict. A bound on false alarms holds for higher thresholds, too.
    private static double Rounded(double threshold, double[] scores)
    {
        double rounded = Math.Ceiling(threshold * 10_000) / 10_000;
        return rounded < 1 && scores.All(s => s >= threshold == s >= rounded) ? rounded : threshold;
    }

    // The promoted model. If none was promoted, only the workers know theirs: that of the newest result that no job and no shadow made.
    private async Task<string> LiveAsync(string camera, CancellationToken cancellation)
    {
        ModelRoles roles = await new JobServices(storage).Choice.GetAsync(cancellation);
        return roles.Live
            ?? (
                await _index
                    .QueryAsync(new ResultQuery { Camera = camera, PageSize = 100 }, cancellation)
                    .FirstOrDefaultAsync(r => roles.TellsLive(r.Model, r.Job) && r.Verdict != Verdict.Failed, cancellation)
            )?.Model
            ?? throw new InvalidDataException(
                $"Camera '{camera}' has no results: check its name, or name the model with --model NAME@VERSION."
            );
    }
}
