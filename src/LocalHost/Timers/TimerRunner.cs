using AaClip.LocalHost.Functions;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.LocalHost.Timers;

/// <summary>Runs one function on its schedule. A run that takes longer than the schedule's gap delays the next: two never overlap.</summary>
internal sealed class TimerRunner(FunctionMethod function, TimerTriggerAttribute trigger, string schedule, FunctionRunner runner, TimeProvider time)
{
    private static readonly Dictionary<string, object?> NoData = [];

    private readonly NCrontab _schedule = NCrontab.Parse(schedule);
    private DateTimeOffset _last;

    public async Task RunAsync(CancellationToken listening, CancellationToken running)
    {
        DateTimeOffset next = _schedule.Next(time.GetUtcNow());
        if (trigger.RunOnStartup)
            await RunOnceAsync(next, running).ConfigureAwait(false);
        try
        {
            while (true)
            {
                TimeSpan wait = next - time.GetUtcNow();
                while (wait > TimeSpan.Zero)
                {
                    // Delays end at about 49 days, and a clock that is set back calls for another one.
                    await Task.Delay(wait < TimeSpan.FromDays(30) ? wait : TimeSpan.FromDays(30), time, listening).ConfigureAwait(false);
                    wait = next - time.GetUtcNow();
                }

                listening.ThrowIfCancellationRequested();
                next = _schedule.Next(time.GetUtcNow());
                await RunOnceAsync(next, running).ConfigureAwait(false);
                next = _schedule.Next(time.GetUtcNow());
            }
        }
        catch (OperationCanceledException) when (listening.IsCancellationRequested)
        {
        }
    }

    private async Task RunOnceAsync(DateTimeOffset next, CancellationToken running)
    {
        DateTimeOffset now = time.GetUtcNow();
        TimerInfo info = new() { ScheduleStatus = new ScheduleStatus { Last = _last.UtcDateTime, Next = next.UtcDateTime, LastUpdated = now.UtcDateTime } };
        _last = now;
        try
        {
            await runner.RunAsync(function, () => info, NoData, running).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The runner has logged it; the schedule goes on.
        }
    }
}
