using System.Collections.Concurrent;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Routing;
using AaClip.Scoring.Events;
using Microsoft.Extensions.Logging;

namespace AaClip.Pipeline.Timelines;

/// <summary>Scores the frames of a camera with a temporal model. Thread-safe.</summary>
public sealed partial class TimelineMaker(EventModelHost models, FeatureStore features, ILogger<TimelineMaker> logger)
{
    private readonly ConcurrentDictionary<(string Camera, string Reason), bool> _misfits = []; // logged once each

    /// <summary>
    /// The time line of a set of frames (<see cref="FrameSequence.Of"/>): the same set gives the same, whatever the order. Frames without a
    /// feature are left out.
    /// </summary>
    /// <param name="rule">Model, sampling and rule for events.</param>
    /// <param name="start">Begin of the first snippet, to which the times of the document are relative.</param>
    /// <param name="every">Ticks of a snippet; 0 takes every frame.</param>
    /// <returns>Null if no frame has a feature.</returns>
    /// <exception cref="InvalidDataException">The model or a feature is damaged, or the model is not there or not trusted.</exception>
    /// <exception cref="Exception">Storage or ONNX Runtime failed.</exception>
    public async Task<TimelineDocument?> MakeAsync(
        string camera,
        CameraEvents rule,
        DateTimeOffset start,
        long every,
        IEnumerable<Frame> frames,
        CancellationToken cancellation = default
    )
    {
        TemporalManifest model = await models.DescribeAsync(rule.Model, cancellation);
        List<ScoredSequence> scored = [];
        foreach (IReadOnlyList<Frame> sequence in FrameSequence.Of(frames, start, every, rule.GapSeconds))
            if (await ScoreAsync(rule.Model, model, sequence, cancellation) is { } scores)
                scored.Add(scores);
        return scored.Count == 0 ? null : TimelineDocument.Of(model, scored, RuleOf(camera, rule, model), rule.EverySeconds, camera, start);
    }

    /// <summary>
    /// The strongest event that the newest frame belongs to, from the frames at hand: provisional, for a window is scored as a whole when
    /// it is complete.
    /// </summary>
    /// <returns>The event, null if there is none; and the threshold.</returns>
    /// <inheritdoc cref="MakeAsync" path="/param|/exception"/>
    public async Task<(TimelineEvent? Event, double? Threshold)> NewestAsync(
        string camera,
        CameraEvents rule,
        DateTimeOffset start,
        IEnumerable<Frame> frames,
        CancellationToken cancellation = default
    )
    {
        TemporalManifest model = await models.DescribeAsync(rule.Model, cancellation);
        IReadOnlyList<Frame> sequence = FrameSequence.Of(frames, start, rule.EveryTicks, rule.GapSeconds)[^1];
        if (await ScoreAsync(rule.Model, model, sequence, cancellation) is not { } scored)
            return (null, null);
        int count = scored.Scores.Count;
        TimelineDocument timeline = TimelineDocument.Of(model, [scored], RuleOf(camera, rule, model), rule.EverySeconds, camera, start);
        return (timeline.Events.Where(e => e.EndSnippet == count).MaxBy(e => e.Score), timeline.Threshold);
    }

    private async Task<ScoredSequence?> ScoreAsync(
        string id,
        TemporalManifest model,
        IReadOnlyList<Frame> sequence,
        CancellationToken cancellation
    )
    {
        float[]?[] read = await features.ReadAsync(id, sequence, model.Head.Width, cancellation);
        (Frame Frame, float[] Feature)[] there =
        [
            .. sequence.Zip(read).Where(f => f.Second is not null).Select(f => (f.First, f.Second!)), // not null: see the condition
        ];
        if (there.Length == 0)
            return null;
        float[] all = [.. there.SelectMany(f => f.Feature)];
        return new ScoredSequence(await models.ScoreAsync(id, all, cancellation), [.. there.Select(f => f.Frame)]);
    }

    private EventRule RuleOf(string camera, CameraEvents rule, TemporalManifest model)
    {
        try
        {
            EventRule found = rule.RuleFor(model);
            if (found.Threshold is null)
                Note($"{rule.Model} is not calibrated, and the camera's profile has no events.threshold");
            return found;
        }
        catch (InvalidDataException e)
        {
            Note(e.Message);
            return new EventRule(rule.Score ?? model.Score, null, rule.MinSeconds ?? EventRule.DefaultSeconds);
        }

        void Note(string reason)
        {
            if (_misfits.Count < 1000 && _misfits.TryAdd((camera, reason), true))
                Log.NoThreshold(logger, camera, reason);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Time lines of camera {Camera} have scores, but no events: {Reason}")]
        public static partial void NoThreshold(ILogger logger, string camera, string reason);
    }
}
