using System.Runtime.ExceptionServices;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Resilience;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Alerts;

/// <summary>
/// Turns a scored image into alert events. A redelivered message gives the same events with the same ids.
/// 1. Decide, and store state, changes (the outbox) and the claim to deliver them in one conditional write.
/// 2. For a receiver that does not detect duplicates, add hidden placeholder messages for events not yet delivered, and store their
/// receipts.
/// 3. Deliver the events that each receiver does not have yet, into their placeholders if there are any.
/// 4. Store which receivers have which changes.
/// After a crash the changes are still in the outbox: the redelivered message delivers them with the same ids into the same placeholders.
/// </summary>
public sealed partial class AlertRaiser : IDisposable
{
    /// <summary>Time from a claim to its expiry.</summary>
    public static readonly TimeSpan ClaimTime = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Time from a claim to the end of sending. Longer than the 10 s that the Service Bus client always waits if a namespace is busy.
    /// Shorter than the claim, so that two workers never deliver at the same time, as long as their clocks differ by less than the
    /// difference.
    /// </summary>
    public static readonly TimeSpan SendTime = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(200);

    private readonly AlertStore _store;
    private readonly IAlertSink[] _sinks;
    private readonly AlertOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly string _worker = Guid.NewGuid().ToString("N");

    // One image of a camera at a time within a process; otherwise its own calls would cause write conflicts and retries. Cameras share
    // gates.
    private readonly SemaphoreSlim[] _gates = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(1, 1))];

    internal AlertRaiser(
        AlertStore store,
        IEnumerable<IAlertSink> sinks,
        IOptions<AlertOptions> options,
        TimeProvider time,
        ILogger<AlertRaiser> logger
    )
    {
        _store = store;
        _sinks = [.. sinks];
        _options = options.Value;
        _time = time;
        _logger = logger;
    }

    /// <summary>
    /// Applies a scored image. Returns when every change that it caused, now or at an earlier delivery of the message, is delivered to
    /// every receiver.
    /// </summary>
    /// <returns>The changes that this call decided.</returns>
    /// <exception cref="Exception">Storage or a receiver failed; the message must be redelivered.</exception>
    public async Task<IReadOnlyList<AlertChange>> RaiseAsync(Scored scored, AlertRule rule, CancellationToken cancellation = default)
    {
        AlertDecision? decision = null;
        while (true)
        {
            SemaphoreSlim gate = GateOf(scored.Camera);
            await gate.WaitAsync(cancellation);
            try
            {
                // 1. Decide and claim
                AlertDecision? known = decision;
                AlertState state = await _store.ChangeAsync(
                    scored.Camera,
                    before =>
                    {
                        AlertDecision now = known is null ? AlertMachine.Apply(before, rule, scored) : known with { State = before };
                        decision = now;
                        return Claim(known is null ? now.State : before);
                    },
                    cancellation
                );
                if (known is null)
                {
                    if (decision!.Outcome == AlertOutcome.TooLate) // not null: set by the call above
                        Log.TooLate(_logger, scored.Image, scored.Camera);
                    Report(scored.Image, decision);
                }

                if (state.Outbox.Count == 0)
                    return decision!.Changes;

                // 2. Add placeholders, 3. Deliver, 4. Store which receivers have what
                bool own = decision!.Changes.Count > 0 || decision.Outcome == AlertOutcome.Duplicate;
                if (state.Claim?.Worker == _worker)
                {
                    Exception? failure = await DeliverAsync(scored.Camera, state, [], cancellation);
                    if (failure is not null && own)
                        ExceptionDispatchInfo.Throw(failure);
                    if (failure is not null)
                        Log.NotDelivered(_logger, failure, scored.Camera, state.Outbox.Count);
                }

                // The changes of another image are delivered by that image's own message.
                if (!own)
                    return decision.Changes;
            }
            finally
            {
                gate.Release();
            }

            AlertState left = await _store.GetAsync(scored.Camera, cancellation);
            if (left.Outbox.Count == 0)
                return decision.Changes;
            if (left.Claim is not null)
                await Task.Delay(LookAgain, _time, cancellation);
        }
    }

    /// <summary>
    /// Applies a person's decision. Returns when the receivers have been asked to take what it changed; what they lack stays in the outbox.
    /// </summary>
    internal async Task DecideAsync(string camera, Func<AlertState, AlertDecision> decide, CancellationToken cancellation)
    {
        SemaphoreSlim gate = GateOf(camera);
        await gate.WaitAsync(cancellation);
        try
        {
            AlertDecision? decision = null;
            AlertState state = await _store.ChangeAsync(camera, before => Claim((decision = decide(before)).State), cancellation);
            Report("none", decision!); // not null: set by the call above
            if (
                state.Outbox.Count > 0
                && state.Claim?.Worker == _worker
                && await DeliverAsync(camera, state, [], cancellation) is { } failure
            )
                Log.NotDelivered(_logger, failure, camera, state.Outbox.Count);
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>
    /// Stores a decision about a camera itself, and what is to be told. <see cref="SweepAsync"/> tells it: many cameras may become silent
    /// at the same moment, and a receiver that hangs must not delay the decisions on the others.
    /// </summary>
    internal async Task RecordAsync(string camera, Func<AlertState, AlertDecision> decide, CancellationToken cancellation)
    {
        AlertDecision? decision = null;
        await _store.ChangeAsync(
            camera,
            before => (decision = decide(before)).Changes.Count == 0 ? decision.State : Address(decision.State, _time.GetUtcNow()),
            cancellation
        );
        Report("none", decision!); // not null: set by the call above
    }

    /// <summary>
    /// Delivers the changes that are still in the cameras' outboxes, for example after an outage of a receiver while a camera has no new
    /// images. Skips changes that another worker has claimed.
    /// </summary>
    /// <returns>The changes that are still undelivered; null if every receiver has everything.</returns>
    public async Task<OutboxState?> SweepAsync(CancellationToken cancellation = default)
    {
        bool any = false;
        HashSet<string> hung = []; // receivers that did not answer in time are left out for the rest, or it would take hours
        await foreach (Undelivered camera in _store.UndeliveredAsync(cancellation))
        {
            any = true;
            SemaphoreSlim gate = GateOf(camera.Camera);
            await gate.WaitAsync(cancellation);
            try
            {
                AlertState state = await _store.ChangeAsync(camera.Camera, Claim, cancellation);
                if (
                    state.Outbox.Count > 0
                    && state.Claim?.Worker == _worker
                    && await DeliverAsync(camera.Camera, state, hung, cancellation) is { } failure
                )
                    Log.NotDelivered(_logger, failure, camera.Camera, state.Outbox.Count);
            }
            catch (InvalidDataException e) // the state of this camera is damaged: continue with the others
            {
                Log.NotDelivered(_logger, e, camera.Camera, camera.Changes);
            }
            finally
            {
                gate.Release();
            }
        }

        return any ? await OutboxState.OfAsync(_store, cancellation) : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SemaphoreSlim gate in _gates)
            gate.Dispose();
    }

    private SemaphoreSlim GateOf(string camera) => _gates[(uint)string.GetHashCode(camera, StringComparison.Ordinal) % _gates.Length];

    // Names the receivers of what is new in the outbox. Without receivers, as on the review page, a worker will.
    private AlertState Address(AlertState state, DateTimeOffset now)
    {
        if (state.Outbox.Any(p => p.IsUnaddressed) && _sinks.Length > 0)
            state = state with
            {
                Outbox = [.. state.Outbox.Select(p => p.IsUnaddressed ? p with { Receivers = [.. _sinks.Select(s => s.Name)] } : p)],
            };
        if (state.Outbox.Any(p => p.Since is null))
            state = state with { Outbox = [.. state.Outbox.Select(p => p.Since is null ? p with { Since = now } : p)] };
        return state;
    }

    // Takes the claim to deliver the outbox, if it is not empty and no other worker has it.
    private AlertState Claim(AlertState state)
    {
        DateTimeOffset now = _time.GetUtcNow();
        state = Address(state, now);
        bool free = state.Claim is not { } claim || claim.Worker == _worker || claim.Until <= now;
        return state.Outbox.Count > 0 && free && _sinks.Length > 0
            ? state with
            {
                Claim = new DeliveryClaim(_worker, now + ClaimTime),
            }
            : state;
    }

    private void Report(string image, AlertDecision decision)
    {
        foreach (AlertChange change in decision.Changes)
        {
            Metrics.Alert(change.Kind.NameOf(), change.TypeName, change.Severity);
            Log.Changed(_logger, change.AlertId, change.Kind.NameOf(), change.TypeName, change.Severity ?? "none", change.Camera, image);
        }
    }

    private async Task<Exception?> DeliverAsync(string camera, AlertState state, HashSet<string> hung, CancellationToken cancellation)
    {
        TimeSpan left = state.Claim!.Until - ClaimTime + SendTime - _time.GetUtcNow(); // not null: this worker holds the claim
        using CancellationTokenSource limit = new(left > TimeSpan.Zero ? left : TimeSpan.Zero, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);

        // The first receiver, the storage queue, gets the events before the others. Those get them at the same time, so that one that hangs
        // takes no time from another.
        Delivery first = await ToAsync(_sinks[0]);
        Delivery[] all = [first, .. await Task.WhenAll(_sinks.Skip(1).Select(ToAsync))];

        // No cancellation here: successful deliveries must be recorded.
        await _store.ChangeAsync(camera, now => Mark(now, all), CancellationToken.None);
        cancellation.ThrowIfCancellationRequested();
        Exception[] failures = [.. all.Select(d => d.Failure).OfType<Exception>()];
        hung.UnionWith(all.Where(d => d.Failure is TimeoutException).Select(d => d.Receiver));
        return failures.Length switch
        {
            0 => null,
            1 => failures[0],
            _ => new AggregateException(failures),
        };

        async Task<Delivery> ToAsync(IAlertSink sink)
        {
            List<string> accepted = [];
            if (hung.Contains(sink.Name))
                return new Delivery(sink.Name, accepted, Late(sink, camera, new TimeoutException("It hung for another camera just now.")));
            try
            {
                await DeliverToAsync(sink, camera, state, accepted, either.Token);
                return new Delivery(sink.Name, accepted, null);
            }
            catch (Exception e)
            {
                return new Delivery(sink.Name, accepted, limit.IsCancellationRequested ? Late(sink, camera, e) : e);
            }
        }
    }

    private async Task DeliverToAsync(
        IAlertSink sink,
        string camera,
        AlertState state,
        List<string> accepted,
        CancellationToken cancellation
    )
    {
        HashSet<string> lacking = [.. state.Outbox.Where(p => p.IsDue(sink.Name)).Select(p => p.Change.Id)];
        if (lacking.Count == 0)
            return;
        state = await ReserveAsync(camera, state, sink, cancellation);
        // Changes added meanwhile have no placeholder yet.
        PendingChange[] due = [.. state.Outbox.Where(p => lacking.Contains(p.Change.Id))];
        Reservation[] places = [.. due.Select(p => p.Places.GetValueOrDefault(sink.Name)).OfType<Reservation>()];
        await sink.SendAsync([.. due.Select(p => AlertEvent.Of(p.Change, _options))], places, accepted, cancellation);
    }

    // A cancelled client throws either a cancellation or the error of its last attempt.
    private static TimeoutException Late(IAlertSink sink, string camera, Exception failure)
    {
        string reason = failure is OperationCanceledException ? "" : $" Last error: {Fault.Text(failure)}";
        return new TimeoutException(
            $"The receiver '{sink.Name}' did not accept the alerts of camera '{camera}' within {SendTime.TotalSeconds} s: they will be "
                + $"delivered again with the same ids.{reason}",
            failure
        );
    }

    // If two workers make placeholders for one change, the first that is stored is used; the other is never filled.
    private async Task<AlertState> ReserveAsync(string camera, AlertState state, IAlertSink sink, CancellationToken cancellation)
    {
        DateTimeOffset now = _time.GetUtcNow();
        string[] without = [.. state.Outbox.Where(Lacks).Select(p => p.Change.Id)];
        IReadOnlyList<Reservation> made = without.Length == 0 ? [] : await sink.ReserveAsync(without.Length, cancellation);
        if (made.Count == 0)
            return state;
        Dictionary<string, Reservation> places = without.Zip(made).ToDictionary();
        return await _store.ChangeAsync(
            camera,
            stored =>
                stored with
                {
                    Outbox =
                    [
                        .. stored.Outbox.Select(p =>
                            Lacks(p) && places.TryGetValue(p.Change.Id, out Reservation? place)
                                ? p with
                                {
                                    Places = new Dictionary<string, Reservation>(p.Places) { [sink.Name] = place },
                                }
                                : p
                        ),
                    ],
                },
            cancellation
        );

        bool Lacks(PendingChange p) =>
            p.IsDue(sink.Name) && !(p.Places.TryGetValue(sink.Name, out Reservation? place) && place.Until > now);
    }

    private AlertState Mark(AlertState state, Delivery[] deliveries)
    {
        List<PendingChange> left = [];
        foreach (PendingChange pending in state.Outbox)
        {
            IEnumerable<string> now = deliveries.Where(d => d.Accepted.Contains(pending.Change.Id)).Select(d => d.Receiver);
            PendingChange marked = pending with { DeliveredTo = [.. pending.DeliveredTo.Union(now)] };
            // What a page decided meanwhile is not addressed yet
            if (marked.IsUnaddressed || Array.Exists(_sinks, sink => marked.IsDue(sink.Name)))
                left.Add(marked);
        }

        return state with
        {
            Outbox = left,
            Claim = state.Claim?.Worker == _worker ? null : state.Claim,
        };
    }

    /// <summary>What became of the attempt to deliver to a receiver.</summary>
    /// <param name="Accepted">Ids of the events that the receiver has now.</param>
    /// <param name="Failure">Why others are missing; null if it has all.</param>
    private sealed record Delivery(string Receiver, IReadOnlyList<string> Accepted, Exception? Failure);

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Alert {AlertId} ({Kind}) {Change}: {Severity}, camera {Camera}, image {Image}.")]
        public static partial void Changed(
            ILogger logger,
            string alertId,
            string kind,
            string change,
            string severity,
            string camera,
            string image
        );

        [LoggerMessage(
            2,
            LogLevel.Warning,
            "Image {Image} does not count for alerts: it is older than the stored history of camera {Camera}."
        )]
        public static partial void TooLate(ILogger logger, string image, string camera);

        [LoggerMessage(
            3,
            LogLevel.Warning,
            "{Count} alert changes of camera {Camera} are not delivered yet; they stay in its outbox and will be retried."
        )]
        public static partial void NotDelivered(ILogger logger, Exception failure, string camera, int count);
    }
}
