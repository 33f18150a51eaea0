using Polly;
using Polly.Retry;

namespace AaClip.Pipeline.Alerts;

/// <summary>
/// Repeats the sending of an event after a transient failure, at about 0.5, 1.5, 3.5, 6.5 and 9.5 s: a receiver that restarts is reached
/// within <see cref="AlertRaiser.SendTime"/>; if it stays down, its own error is thrown before that time ends.
/// </summary>
internal sealed class SendRetry
{
    /// <summary>Retries after the first attempt.</summary>
    public const int Retries = 5;

    /// <summary>Wait before the first retry; each later one is twice as long, up to <see cref="LongestWait"/>.</summary>
    public static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(0.5);

    /// <summary>The longest wait that is not asked for by the receiver.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(3);

    /// <summary>Time to connect, and for an answer of receivers that answer at once.</summary>
    public static readonly TimeSpan TryTime = TimeSpan.FromSeconds(4);

    private readonly ResiliencePipeline<SendAttempt> _pipeline;

    public SendRetry(TimeProvider time)
    {
        _pipeline = new ResiliencePipelineBuilder<SendAttempt> { TimeProvider = time }
            .AddRetry(
                new RetryStrategyOptions<SendAttempt>
                {
                    MaxRetryAttempts = Retries,
                    BackoffType = DelayBackoffType.Exponential,
                    Delay = FirstWait,
                    MaxDelay = LongestWait,
                    ShouldHandle = tried => ValueTask.FromResult(tried.Outcome.Result is { Transient: true }),
                    DelayGenerator = tried => ValueTask.FromResult(tried.Outcome.Result?.RetryAfter), // null: the back-off
                }
            )
            .Build();
    }

    /// <summary>Runs attempts until one succeeds, fails for good, or no retry is left.</summary>
    /// <exception cref="Exception">The failure of the last attempt, also if the time was over during a wait or another attempt.</exception>
    /// <exception cref="OperationCanceledException">The time was over during the first attempt.</exception>
    public async Task RunAsync(Func<CancellationToken, Task<SendAttempt>> attempt, CancellationToken cancellation)
    {
        SendAttempt? last = null;
        try
        {
            await _pipeline.ExecuteAsync(async token => last = await attempt(token), cancellation);
        }
        catch (OperationCanceledException) when (last is not null)
        {
            // The last failure says more than that the time is over.
        }

        if (last?.Failure is { } failure)
            throw failure;
    }
}

/// <summary>What became of one attempt to send.</summary>
/// <param name="Failure">Null if the receiver has the event.</param>
/// <param name="Transient">Whether a retry may succeed.</param>
/// <param name="RetryAfter">How long the receiver asks to wait; null if it does not.</param>
internal sealed record SendAttempt(Exception? Failure, bool Transient = false, TimeSpan? RetryAfter = null);
