using System.Collections.Concurrent;
using AaClip.Pipeline.Telemetry;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace AaClip.Pipeline.Resilience;

/// <summary>
/// Runs steps so that an infrastructure fault uses no delivery attempt of a message: the run retries with back-off, while the host renews
/// the message's lease. After 4 minutes of waiting, or when the process ends, a run hands its message back: it sends a copy with a new
/// delivery count, and completes the message. If one message keeps failing while other messages of the step succeed, the message is the
/// cause, and its error is thrown. Thread-safe.
/// </summary>
public sealed partial class Infrastructure(TimeProvider time, ILogger<Infrastructure> logger) : IDisposable
{
    /// <summary>Number of consecutive failures of a step, of any messages, after which health reports the step.</summary>
    public const int UnhealthyAfter = 3;

    /// <summary>Maximum wait between two retries.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    /// <summary>A run hands its message back after this time; it is shorter than every host's limit for a run.</summary>
    public static readonly TimeSpan LongestRun = TimeSpan.FromMinutes(4);

    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HandBackLimit = TimeSpan.FromSeconds(10);
    private const int OwnAfter = 5; // failures of one message, while as many other messages succeeded

    private readonly ConcurrentDictionary<string, Step> _steps = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _ending = new();
    private int _waiting;

    /// <summary>State for the health report.</summary>
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
                    $"{step} has failed {fault.Count} times in a row; its messages wait and use no delivery attempt. Last error: "
                        + $"{fault.Reason}"
                )
                : new InfrastructureState(true, Volatile.Read(ref _waiting), null, null);
        }
    }

    /// <summary>
    /// Makes waiting runs, and runs that start later, hand their messages back at once. Call it when the process is about to end.
    /// </summary>
    public Task EndAsync() => _ending.CancelAsync();

    /// <summary>
    /// Runs a step of one message until it succeeds, fails with an error that is not an infrastructure fault, or hands its message back.
    /// </summary>
    /// <param name="step">Name of the step, such as the function's.</param>
    /// <param name="run">Runs the step once.</param>
    /// <param name="handBack">Sends a copy of the message, with the given visibility timeout.</param>
    /// <exception cref="Exception">
    /// <paramref name="run"/> threw an error that is not an infrastructure fault; it counts as a failed delivery.
    /// </exception>
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
                wait.Since = time.GetTimestamp(); // the message could not be handed back, because storage is down: keep retrying
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

    /// <returns>Whether to wait and retry.</returns>
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
            await handBack(LongestWait, limit.Token); // hidden at first, so that another process takes it
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
        public string? Fault { get; set; } // the last fault; null if there was none
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
        [LoggerMessage(1, LogLevel.Warning, "{Step} waits and will retry: {Reason}")]
        public static partial void Waits(ILogger logger, string step, string reason);

        [LoggerMessage(2, LogLevel.Warning, "{Step} put its message back into the queue, with a new delivery count: {Reason}")]
        public static partial void HandedBack(ILogger logger, string step, string reason);
    }
}

/// <summary>State of the infrastructure, for the health report.</summary>
/// <param name="Well">False after three consecutive failures of a step.</param>
/// <param name="Waiting">Number of runs that wait now.</param>
/// <param name="Since">Time of the first of these failures; null if there are none.</param>
/// <param name="Reason">Which step fails, and why; null if none does.</param>
public sealed record InfrastructureState(bool Well, int Waiting, DateTimeOffset? Since, string? Reason);
