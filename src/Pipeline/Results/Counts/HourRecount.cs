using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Storage;
using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AaClip.Pipeline.Results.Counts;

/// <summary>
/// Counts the results of hours that <see cref="StaleHours"/> has marked. Counts are made from the rows and replaced, never incremented, so
/// that a result that is written twice counts once. The order of steps, and why no result is missed, is told at <see cref="StaleHours"/>.
/// </summary>
public sealed partial class HourRecount
{
    private const int Parallel = 4; // hours at a time
    private const int MaxTries = 3; // of an hour that others count at the same moment

    private readonly ResultIndex _index;
    private readonly TimeProvider _time;
    private readonly TimeSpan _settled;
    private readonly ILogger _logger;

    /// <param name="time">For the limit of a run.</param>
    public HourRecount(StorageClients storage, TimeProvider? time = null, ILogger<HourRecount>? logger = null)
        : this(storage, StaleHours.Settled, time, logger) { }

    /// <param name="settled">Marks that are older are taken; tests take less.</param>
    internal HourRecount(StorageClients storage, TimeSpan settled, TimeProvider? time = null, ILogger<HourRecount>? logger = null)
    {
        _index = new ResultIndex(storage);
        _settled = settled;
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger<HourRecount>.Instance;
    }

    /// <summary>Counts marked hours of all months, newest month first.</summary>
    /// <param name="limit">No hour is begun later than this.</param>
    /// <returns>How many hours were counted. What is left is left to the next run.</returns>
    public async Task<int> RunAsync(TimeSpan limit, CancellationToken cancellation = default)
    {
        long start = _time.GetTimestamp();
        int counted = 0;
        foreach (DateOnly month in (await _index.MonthsAsync(cancellation)).Reverse())
        {
            TableClient table = _index.Table(new DateTimeOffset(month, default, TimeSpan.Zero));
            await System.Threading.Tasks.Parallel.ForEachAsync(
                SettledAsync(table, start, limit, cancellation),
                new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellation },
                async (mark, token) =>
                {
                    try
                    {
                        if (await CountAsync(table, mark, token))
                            Interlocked.Increment(ref counted);
                    }
                    catch (InvalidDataException e)
                    {
                        Log.NotCounted(_logger, mark.RowKey, e.Message); // its mark stays, and other hours go on
                    }
                }
            );
        }

        return counted;
    }

    private async IAsyncEnumerable<TableEntity> SettledAsync(
        TableClient table,
        long start,
        TimeSpan limit,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation
    )
    {
        IAsyncEnumerable<Page<TableEntity>> pages = table
            .QueryAsync<TableEntity>($"PartitionKey eq '{IndexKeys.Stale}'", cancellationToken: cancellation)
            .AsPages();
        await foreach (Page<TableEntity> page in pages)
        {
            // Both times are of storage's clock.
            DateTimeOffset now = page.GetRawResponse().Headers.Date ?? DateTimeOffset.MinValue;
            foreach (TableEntity mark in page.Values)
            {
                if (_time.GetElapsedTime(start) > limit)
                    yield break;
                if (now - mark.Timestamp > _settled)
                    yield return mark;
            }
        }
    }

    // 1. Reads the version of the counts that are there. 2. Counts the rows. 3. Replaces that version. 4. Deletes the mark that was listed.
    private async Task<bool> CountAsync(TableClient table, TableEntity mark, CancellationToken cancellation)
    {
        if ((mark.GetString("camera"), mark.GetString("model"), mark.GetDateTimeOffset("hour")) is not ({ } camera, { } model, { } hour))
            throw new InvalidDataException(
                $"Mark '{mark.RowKey}' in partition '{IndexKeys.Stale}' has no camera, model or hour: delete it."
            );
        for (int tries = 0; tries < MaxTries; tries++)
        {
            NullableResponse<TableEntity> before = await table.GetEntityIfExistsAsync<TableEntity>(
                IndexKeys.CountsOf(camera, hour),
                IndexKeys.CountOf(hour, model),
                cancellationToken: cancellation
            );
            HourCount count = new();
            await foreach (var (verdict, raw, threshold) in _index.ScoresAsync(camera, model, hour, hour.AddHours(1), cancellation))
                count.Add(verdict, raw, threshold);
            TableEntity row = count.ToEntity(camera, model, hour);
            try
            {
                if (before.HasValue)
                    await table.UpdateEntityAsync(row, before.Value!.ETag, TableUpdateMode.Replace, cancellation);
                else
                    await table.AddEntityAsync(row, cancellation);
            }
            catch (RequestFailedException e) when (e.Status is 409 or 412)
            {
                continue; // another one has counted meanwhile, or this one has and the answer was lost
            }

            await DeleteAsync(table, mark, cancellation);
            return true;
        }

        return false; // the mark stays
    }

    private static async Task DeleteAsync(TableClient table, TableEntity mark, CancellationToken cancellation)
    {
        try
        {
            await table.DeleteEntityAsync(mark.PartitionKey, mark.RowKey, mark.ETag, cancellation); // 404 is no error here
        }
        catch (RequestFailedException e) when (e.ErrorCode == TableErrorCode.UpdateConditionNotSatisfied)
        {
            // A row was written meanwhile: the mark is newer, and stays
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The results of {Hour} (camera, hour that counts down, model) cannot be counted: {Reason}")]
        public static partial void NotCounted(ILogger logger, string hour, string reason);
    }
}
