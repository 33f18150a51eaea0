using AaClip.Pipeline.Results.Index;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;

namespace AaClip.Functions;

/// <summary>Every night: months of the results index that are older than Results__KeepMonths are dropped.</summary>
public sealed class DropOldResults(IndexRetention retention, IOptions<ResultsOptions> options, TimeProvider time)
{
    /// <summary>Drops what is old.</summary>
    [Function(nameof(DropOldResults))]
    public Task Run([TimerTrigger("0 17 3 * * *", UseMonitor = false)] TimerInfo timer, CancellationToken cancellation) =>
        retention.DropAsync(options.Value.KeepMonths, time.GetUtcNow(), cancellation);
}
