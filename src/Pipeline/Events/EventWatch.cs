using System.Diagnostics;
using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Resilience;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Pipeline.Telemetry;
using AaClip.Pipeline.Timelines;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Logging;

namespace AaClip.Pipeline.Events;

/// <summary>
/// Looks for events in the sequences of cameras:
/// 1. Put the frame into its window, and seal the windows that it ends (<see cref="EventMachine"/>), in one conditional write.
/// 2. Close sealed windows: score all frames, store the time line, decide on the alert, remove the window. Each of these steps gives the
/// same when it is repeated, so a worker may stop between any two of them; the next frame, the redelivered message or the timer goes on.
/// 3. If the frame is the newest of its window, decide provisionally: score the frames at hand.
/// A time line is a function of the window's set of frames alone.
/// </summary>
public sealed partial class EventWatch
{
    private static readonly TimeSpan Busy = TimeSpan.FromHours(1); // how long windows wait for queues that never are empty
    private static readonly TimeSpan GiveUp = TimeSpan.FromDays(1); // after its end, a window that cannot be scored is dropped
    private static readonly AlertRule Off = new(Enabled: false);
    private static readonly string[] Before = [QueueNames.Uploads, QueueNames.Score, QueueNames.Events]; // where frames may wait

    private readonly StorageClients _storage;
    private readonly CameraProfiles _cameras;
    private readonly EventStore _states;
    private readonly TimelineMaker _maker;
    private readonly TimelineStore _timelines;
    private readonly AlertRaiser _alerts;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    /// <summary>Reads nothing yet.</summary>
    public EventWatch(
        StorageClients storage,
        CameraProfiles cameras,
        TimelineMaker maker,
        TimelineStore timelines,
        AlertRaiser alerts,
        TimeProvider time,
        ILogger<EventWatch> logger
    )
    {
        _storage = storage;
        _cameras = cameras;
        _states = new EventStore(storage, time);
        _maker = maker;
        _timelines = timelines;
        _alerts = alerts;
        _time = time;
        _logger = logger;
    }

    /// <summary>Handles a frame that has a feature.</summary>
    /// <exception cref="Exception">Storage failed; the message must be redelivered.</exception>
    public async Task SeeAsync(FrameSeen seen, CancellationToken cancellation)
    {
        using Activity? span = Tracing.Start("WatchEvents", seen.Traceparent);
        span?.SetTag("camera", seen.Camera).SetTag("image", seen.Image);
        Metrics.QueueAge(QueueNames.Events, seen.EnqueuedAt, _time.GetUtcNow());
        try
        {
            CameraProfile? profile = (await _cameras.GetAsync(cancellation)).Find(seen.Camera);
            if (profile?.Events is not { } rule || rule.Model != seen.Model)
            {
                Log.NotWatched(_logger, seen.Image, seen.Camera, seen.Model); // the timer closes its windows
                return;
            }

            // 1. Put and seal
            FrameOutcome outcome = default;
            EventState state = await _states.ChangeAsync(
                seen.Camera,
                before => EventMachine.Add(before, rule, seen.Length, seen.Frame, out outcome),
                cancellation
            );
            if (outcome == FrameOutcome.TooLate)
            {
                Metrics.Frame("late", seen.Model);
                Log.TooLate(_logger, seen.Image, seen.Camera);
            }

            string? traceparent = Tracing.Stamp(seen.Traceparent);
            try
            {
                // 2. Close
                foreach (EventWindow window in state.Windows.Where(w => w.Sealed))
                    await CloseAsync(seen.Camera, window, profile.Alert, traceparent, cancellation);

                // 3. Decide provisionally
                if (state.Windows.FirstOrDefault(w => !w.Sealed && w.Frames[^1] == seen.Frame) is { } open)
                    await DecideAsync(seen.Camera, open, profile.Alert, traceparent, cancellation);
            }
            catch (Exception e) when (IsOfModel(e)) // the frame is in its window, and the timer closes that
            {
                Log.NotScored(_logger, seen.Camera, Fault.Text(e));
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            span.Fail(e);
            throw;
        }
    }

    /// <summary>
    /// Closes the windows of all cameras that get no more frames: the time of their lateness has passed, and no queue holds a frame that
    /// may belong to one; and those that a worker left sealed.
    /// </summary>
    public async Task SweepAsync(CancellationToken cancellation = default)
    {
        DateTimeOffset now = _time.GetUtcNow(); // before the queues are read
        CameraSet profiles = await _cameras.GetAsync(cancellation);
        DateTimeOffset passed = await IsIdleAsync(cancellation) ? now : now - Busy;
        await foreach (string camera in _states.EndingAsync(now, cancellation))
        {
            try
            {
                CameraProfile? profile = profiles.Find(camera);
                EventState state = await _states.ChangeAsync(
                    camera,
                    before => EventMachine.Seal(before, w => w.End.AddSeconds(w.Rule.LatenessSeconds) <= passed),
                    cancellation
                );
                foreach (EventWindow window in state.Windows.Where(w => w.Sealed))
                    await CloseAsync(camera, window, profile?.Alert ?? Off, null, cancellation);
            }
            catch (Exception e) when (e is IOException || IsOfModel(e)) // continue with the other cameras
            {
                Log.NotClosed(_logger, camera, Fault.Text(e));
            }
        }
    }

    private async Task CloseAsync(string camera, EventWindow window, AlertRule rule, string? traceparent, CancellationToken cancellation)
    {
        string name = TimelineStore.NameOf(window.Rule.Model, camera, window.Start);
        TimelineDocument? timeline;
        try
        {
            timeline = await _maker.MakeAsync(camera, window.Rule, window.Start, window.Rule.EveryTicks, window.Frames, cancellation);
        }
        catch (Exception e) when (e is InvalidDataException && window.End + GiveUp < _time.GetUtcNow())
        {
            Log.GivenUp(_logger, camera, name, Fault.Text(e));
            timeline = null;
        }

        if (timeline is not null)
        {
            timeline = await _timelines.AddAsync(name, timeline, cancellation);
            Log.Closed(_logger, camera, name, timeline.P1.Count, timeline.Events.Count);
        }

        AlertEventFacts? found = timeline?.Events.MaxBy(e => e.Score) is { } strongest
            ? Facts(window, strongest, timeline.Threshold ?? 0, provisional: false, name) // not null: there is an event
            : null;
        EventLook look = new(window.Rule.Model, window.Start, window.End, Final: true, found, timeline is null ? null : name, traceparent);
        await _alerts.DecideAsync(camera, state => EventAlerts.Apply(state, camera, rule, look), cancellation);
        await _states.ChangeAsync(camera, state => EventMachine.Close(state, window), cancellation);
    }

    private async Task DecideAsync(string camera, EventWindow window, AlertRule rule, string? traceparent, CancellationToken cancellation)
    {
        if (!rule.Enabled)
            return;
        (TimelineEvent? newest, double? threshold) = await _maker.NewestAsync(
            camera,
            window.Rule,
            window.Start,
            window.Frames,
            cancellation
        );
        if (newest is null)
            return;
        AlertEventFacts found = Facts(window, newest, threshold ?? 0, provisional: true, null); // not null: there is an event
        EventLook look = new(window.Rule.Model, window.Start, window.End, Final: false, found, null, traceparent);
        await _alerts.DecideAsync(camera, state => EventAlerts.Apply(state, camera, rule, look), cancellation);
    }

    private static AlertEventFacts Facts(EventWindow window, TimelineEvent found, double threshold, bool provisional, string? timeline) =>
        new(
            window.Rule.Model,
            found.Label,
            found.Probability,
            found.Score,
            threshold,
            window.Start.AddSeconds(found.From),
            window.Start.AddSeconds(found.To),
            window.Start,
            window.End,
            provisional,
            found.Image!, // a camera's events have an image
            found.ETag!,
            timeline
        );

    // It is not there, damaged, not trusted, still being loaded, or rests after a failure
    private static bool IsOfModel(Exception e) => e is InvalidDataException or TimeoutException or InvalidOperationException;

    private async Task<bool> IsIdleAsync(CancellationToken cancellation)
    {
        foreach (string queue in Before)
            if ((await _storage.Queue(queue).GetPropertiesAsync(cancellation)).Value is QueueProperties { ApproximateMessagesCount: > 0 })
                return false;
        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(
            1,
            LogLevel.Information,
            "Frame {Image} is not used: camera {Camera} has no events, or of another model than {Model}."
        )]
        public static partial void NotWatched(ILogger logger, string image, string camera, string model);

        [LoggerMessage(
            2,
            LogLevel.Warning,
            "Frame {Image} is not part of a time line: it came after the window of its time in camera {Camera} was closed."
        )]
        public static partial void TooLate(ILogger logger, string image, string camera);

        [LoggerMessage(3, LogLevel.Information, "Camera {Camera}: {Timeline} has {Snippets} snippets and {Events} events.")]
        public static partial void Closed(ILogger logger, string camera, string timeline, int snippets, int events);

        [LoggerMessage(4, LogLevel.Warning, "Windows of camera {Camera} cannot be closed yet; this is tried again: {Reason}")]
        public static partial void NotClosed(ILogger logger, string camera, string reason);

        [LoggerMessage(6, LogLevel.Warning, "The windows of camera {Camera} cannot be scored now; the timer tries again: {Reason}")]
        public static partial void NotScored(ILogger logger, string camera, string reason);

        [LoggerMessage(5, LogLevel.Error, "Camera {Camera}: {Timeline} is given up, a day after the end of its window: {Reason}")]
        public static partial void GivenUp(ILogger logger, string camera, string timeline, string reason);
    }
}
