using System.Collections.Concurrent;
using AaClip.Pipeline.Telemetry;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace AaClip.Pipeline.Resilience;

/// <summary>
/// Runs steps so that a fault of the infrastructure spends no attempt of a message: the run waits with back-off and tries again, while the
/// host renews the message's lease. A run that has waited for minutes, or whose process ends, hands its message back: it is sent anew, with
/// all its attempts. A fault that stays while other messages of the step get through is the message's own, and is thrown. May be used from
/// many threads.
/// </summary>
public sealed partial class Infrastructure(TimeProvider time, ILogger<Infrastructure> logger) : IDisposable
{
    /// <summary>Failures of a step, one after the other and of whichever messages, from which on health says so.</summary>
    public const int UnhealthyAfter = 3;

    /// <summary>Longest wait between two tries.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    /// <summary>A run hands its message back after this time: shorter than any host's limit of a run.</summary>
    public static readonly TimeSpan LongestRun = TimeSpan.FromMinutes(4);

    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HandBackLimit = TimeSpan.FromSeconds(10);
    private const int OwnAfter = 5; // failures of one message, while as many others got through

    private readonly ConcurrentDictionary<string, Step> _steps = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _ending = new();
    private int _waiting;

    /// <summary>What health shows.</summary>
    public InfrastructureState State
    {
        get
        {
            (string Step, Fault Fault)[] bad =
            [
                .. from known in _steps
                let current = known.Value.Faults.Current
                where current?.Count >= UnhealthyAfter
                orderby current.Since
                select (known.Key, current),
            ];
            return bad is [var (step, fault), ..]
                ? new InfrastructureState(
                    false,
                    Volatile.Read(ref _waiting),
                    fault.Since,
                    $"{step} has failed {fault.Count} times in a row; its messages wait and lose no attempt. The last reason: "
                        + $"{fault.Reason}"
                )
                : new InfrastructureState(true, Volatile.Read(ref _waiting), null, null);
        }
    }

    /// <summary>
    /// Lets runs that wait, and those that are yet to begin, hand their messages back at once, for the process is about to end.
    /// </summary>
    public Task EndAsync() => _ending.CancelAsync();

    /// <summary>Runs a step of one message until it gets through the infrastructure, or its message is handed back.</summary>
    /// <param name="step">Name of the step, such as of the function.</param>
    /// <param name="run">Runs it once.</param>
    /// <param name="handBack">Sends the message anew, to be seen after the given time.</param>
    /// <exception cref="Exception">What <paramref name="run"/> throws and is no fault of the infrastructure: it counts as a failed
    /// attempt.</exception>
    public async Task RunAsync(
        string step,
        Func<Task> run,
        Func<TimeSpan, CancellationToken, Task> handBack,
        CancellationToken cancellation
    )
    {
        Step own = _steps.GetOrAdd(step, _ => new Step(time));
        Wait wait = new(time.GetTimestamp());
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _ending.Token);
        ResiliencePipeline retry = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(
                new RetryStrategyOptions
                {
                    MaxRetryAttempts = int.MaxValue,
                    BackoffType = DelayBackoffType.Exponential,
                    Delay = FirstWait,
                    MaxDelay = LongestWait,
                    UseJitter = true,
                    ShouldHandle = tried => ValueTask.FromResult(tried.Outcome.Exception is { } error && Waits(error, step, own, wait)),
                }
            )
            .Build();

        try
        {
            while (!await TryAsync())
                wait.Since = time.GetTimestamp(); // not even handed back: storage is away, and comes back
        }
        finally
        {
            if (wait.Fault is not null)
                Interlocked.Decrement(ref _waiting);
        }

        async Task<bool> TryAsync()
        {
            try
            {
                await retry.ExecuteAsync(async _ => await run(), stop.Token);
                own.Worked();
                return true;
            }
            catch (Exception e)
                when (!wait.Own
                    && (
                        _ending.IsCancellationRequested && e is OperationCanceledException
                        || wait.Fault is not null && (InfrastructureException.Is(e) || stop.IsCancellationRequested)
                    )
                )
            {
                return await HandBackAsync(step, wait.Fault ?? "The process ends.", handBack, stop.IsCancellationRequested);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _ending.Dispose();

    /// <returns>Whether to wait and try again.</returns>
    private bool Waits(Exception error, string name, Step step, Wait wait)
    {
        if (!InfrastructureException.Is(error))
            return false;
        string reason = step.Faults.Failed(Fault.Text(error)).Reason;
        Metrics.InfrastructureFault(name);
        if (wait.Fault is null)
        {
            Interlocked.Increment(ref _waiting);
            wait.OthersBefore = step.Successes;
            Log.Waits(logger, name, reason);
        }

        wait.Fault = reason;
        wait.Failures++;
        wait.Own = wait.Failures >= OwnAfter && step.Successes - wait.OthersBefore >= OwnAfter;
        return !wait.Own && time.GetElapsedTime(wait.Since) < LongestRun;
    }

    private async Task<bool> HandBackAsync(string step, string fault, Func<TimeSpan, CancellationToken, Task> handBack, bool ending)
    {
        using CancellationTokenSource limit = new(HandBackLimit, time);
        try
        {
            await handBack(LongestWait, limit.Token); // another process takes it, not this one again
            Log.HandedBack(logger, step, fault);
            return true;
        }
        catch (Exception e) when (!ending && (InfrastructureException.Is(e) || limit.IsCancellationRequested))
        {
            return false;
        }
    }

    private sealed class Wait(long since)
    {
        public long Since { get; set; } = since;
        public string? Fault { get; set; } // the last one; null while none happened
        public int Failures { get; set; }
        public long OthersBefore { get; set; }
        public bool Own { get; set; }
    }

    private sealed class Step(TimeProvider time)
    {
        private long _successes;

        public Faults Faults { get; } = new(time);

        public long Successes => Interlocked.Read(ref _successes);

        public void Worked()
        {
            Faults.Worked();
            Interlocked.Increment(ref _successes);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Step} waits and tries again: {Reason}")]
        public static partial void Waits(ILogger logger, string step, string reason);

        [LoggerMessage(2, LogLevel.Warning, "{Step} put its message back into the queue, with all attempts: {Reason}")]
        public static partial void HandedBack(ILogger logger, string step, string reason);
    }
}

/// <summary>Whether messages get through, for health.</summary>
/// <param name="Well">False from the third failure of a step in a row on.</param>
/// <param name="Waiting">Runs that wait at present.</param>
/// <param name="Since">Since when; null while all is well.</param>
/// <param name="Reason">Which step fails, and why; null while all is well.</param>
public sealed record InfrastructureState(bool Well, int Waiting, DateTimeOffset? Since, string? Reason);
