using AaClip.Pipeline.Results.Counts;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.Functions;

/// <summary>Counts the scores of hours whose results have changed, every minute. The logic is in <see cref="HourRecount"/>.</summary>
public sealed class CountResults(HourRecount recount)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(40); // the next run goes on

    /// <summary>Counts what is to be counted, for less than a minute.</summary>
    [Function(nameof(CountResults))]
    public Task Run([TimerTrigger("30 * * * * *", UseMonitor = false)] TimerInfo timer, CancellationToken cancellation) =>
        recount.RunAsync(Limit, cancellation);
}
