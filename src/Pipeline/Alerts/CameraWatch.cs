using System.Collections.Concurrent;
using AaClip.Pipeline.Cameras;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Logging;

namespace AaClip.Pipeline.Alerts;

/// <summary>
/// Looks at all cameras for silence and drift, and decides on the alerts about them (<see cref="ConditionMachine"/>). A run:
/// 1. List the cameras: all at the first run, then those with images of the last days; and those with such an alert.
/// 2. Read those that are due. A camera that sends cannot be silent before <see cref="Silence.Least"/> has passed, so it is not read
/// before; scores are read every quarter of an hour.
/// 3. Tell how far images have been handled: a pipeline that stands still must not make cameras silent.
/// 4. Decide, and store what is to be told. SweepAlerts delivers it.
/// Keep one: it remembers when each camera is due. Several of them, in one or more processes, decide the same and tell it once.
/// </summary>
public sealed partial class CameraWatch
{
    /// <summary>Queues of images that have no result yet; their lengths are read.</summary>
    internal static readonly string[] Waiting = [QueueNames.Uploads, QueueNames.Score];

    /// <summary>How often the scores of a camera are looked at.</summary>
    public static readonly TimeSpan ScoresEvery = TimeSpan.FromMinutes(15);

    private const int Parallel = 8; // cameras at a time

    private static readonly TimeSpan Late = TimeSpan.FromDays(1); // results of older images are written late
    private static readonly AlertRule Off = new(Enabled: false);

    private readonly StorageClients _storage;
    private readonly CameraStates _states;
    private readonly CameraProfiles _profiles;
    private readonly ModelRolesStore _roles;
    private readonly AlertStore _store;
    private readonly AlertRaiser _alerts;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ResultIndex _index;
    private readonly ConcurrentDictionary<string, Known> _cameras = new(StringComparer.Ordinal);
    private DateTimeOffset? _listed;

    internal CameraWatch(
        StorageClients storage,
        CameraStates states,
        CameraProfiles profiles,
        ModelRolesStore roles,
        AlertStore store,
        AlertRaiser alerts,
        TimeProvider time,
        ILogger<CameraWatch> logger
    )
    {
        _storage = storage;
        _states = states;
        _profiles = profiles;
        _roles = roles;
        _store = store;
        _alerts = alerts;
        _time = time;
        _logger = logger;
        _index = new ResultIndex(storage);
    }

    /// <summary>Looks at all cameras that are due.</summary>
    /// <param name="limit">For reading: no camera is read later than this; the next run goes on.</param>
    /// <exception cref="Exception">Storage does not respond, or no valid profiles were read yet; a later run does what is left.</exception>
    public async Task RunAsync(TimeSpan limit, CancellationToken cancellation = default)
    {
        long start = _time.GetTimestamp();
        DateTimeOffset now = _time.GetUtcNow();
        CameraSet profiles = await _profiles.GetAsync(cancellation);
        bool isIdle = await IsIdleAsync(cancellation); // before the results are read

        // 1. List
        HashSet<string> alerted = await _store.WithConditionAsync(cancellation).ToHashSetAsync(StringComparer.Ordinal, cancellation);
        foreach (string camera in (await _index.CamerasAsync(_listed - Late ?? now - CameraStates.Known, cancellation)).Concat(alerted))
            _cameras.TryAdd(camera, new Known());
        _listed = now;

        // 2. Read
        (string Camera, Known Known)[] due =
        [
            .. _cameras
                .Where(c => RuleOf(c.Key).Enabled ? c.Value.DueAt <= now : alerted.Contains(c.Key))
                .OrderBy(c => c.Value.DueAt)
                .Select(c => (c.Key, c.Value)),
        ];
        string? model = due.Any(c => c.Known.ScoresAt <= now)
            ? await LiveModel.FindAsync(await _roles.GetAsync(cancellation), _index, cancellation)
            : null;
        ConcurrentQueue<(string Camera, CameraState? State, string? Model)> seen = [];
        await EachAsync(
            due.TakeWhile(_ => _time.GetElapsedTime(start) <= limit),
            async (camera, token) =>
            {
                string? scored = camera.Known.ScoresAt <= now ? model : null;
                seen.Enqueue((camera.Camera, await _states.ReadAsync(camera.Camera, scored, now, token), scored));
            }
        );

        // 3. How far
        DateTimeOffset handled = now;
        if (!isIdle)
            handled = seen.Select(c => c.State?.Silence.Last).Concat(_cameras.Values.Select(k => k.Last)).Max() ?? DateTimeOffset.MinValue;

        // 4. Decide
        await EachAsync(
            seen,
            async (camera, token) =>
            {
                CameraLook look = new(camera.State, camera.Model, handled, now);
                await _alerts.RecordAsync(
                    camera.Camera,
                    state => ConditionMachine.Apply(state, camera.Camera, RuleOf(camera.Camera), look),
                    token
                );
                if (camera.State is null)
                    _cameras.TryRemove(camera.Camera, out _);
                else
                    _cameras[camera.Camera] = Next(_cameras[camera.Camera], camera.State.Silence, now);
            }
        );

        AlertRule RuleOf(string camera) => profiles.Find(camera)?.Alert ?? Off;

        Task EachAsync<T>(IEnumerable<T> cameras, Func<T, CancellationToken, Task> look) =>
            System.Threading.Tasks.Parallel.ForEachAsync(
                cameras,
                new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellation },
                async (camera, token) =>
                {
                    try
                    {
                        await look(camera, token);
                    }
                    catch (Exception e) when (e is InvalidDataException or IOException) // a damaged state, or a contended one
                    {
                        Log.NotSeen(_logger, e.Message); // the others go on
                    }
                }
            );
    }

    // A silent camera is looked at in each run, so that its return is told soon; after a day, as often as the others.
    private static Known Next(Known known, Silence silence, DateTimeOffset now)
    {
        DateTimeOffset later = now + Silence.Least,
            limit = silence.Last + silence.Limit ?? later;
        return new Known
        {
            Last = silence.Last,
            LookAt = limit > later || limit < now - Late ? later : limit,
            ScoresAt = known.ScoresAt <= now ? now + ScoresEvery : known.ScoresAt,
        };
    }

    private async Task<bool> IsIdleAsync(CancellationToken cancellation)
    {
        foreach (string queue in Waiting)
            if ((await _storage.Queue(queue).GetPropertiesAsync(cancellation)).Value is QueueProperties { ApproximateMessagesCount: > 0 })
                return false;
        return true;
    }

    /// <summary>What is remembered of a camera; nothing at first, so that it is due.</summary>
    private sealed record Known
    {
        public DateTimeOffset? Last { get; init; }
        public DateTimeOffset LookAt { get; init; }
        public DateTimeOffset ScoresAt { get; init; }

        public DateTimeOffset DueAt => LookAt < ScoresAt ? LookAt : ScoresAt;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "A camera cannot be watched for silence and drift: {Reason}")]
        public static partial void NotSeen(ILogger logger, string reason);
    }
}
