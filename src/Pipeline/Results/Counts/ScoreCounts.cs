using System.Collections.Concurrent;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Reviews;
using AaClip.Pipeline.Storage;
using Azure.Data.Tables;

namespace AaClip.Pipeline.Results.Counts;

/// <summary>
/// How the scores of a camera and a model are spread, always exact: from the stored counts of hours that did not change since, and from the
/// rows of hours that did, or that lie in the span only in part.
/// </summary>
public sealed class ScoreCounts(StorageClients storage, TimeProvider? time = null)
{
    private const int Parallel = 8; // queries at a time
    private const int ParallelRows = 32; // requests for single rows at a time

    private readonly ResultIndex _index = new(storage);
    private readonly ReviewedResults _reviewed = new(new ResultIndex(storage), new ReviewStore(storage, time ?? TimeProvider.System));

    /// <summary>Counts results by raw score and by what people decided.</summary>
    /// <param name="model">"name@version".</param>
    /// <param name="from">Images stored from here on.</param>
    /// <param name="to">Images stored before.</param>
    /// <exception cref="InvalidDataException">A row is not of this program.</exception>
    public async Task<ScoreSplit> ReadAsync(
        string camera,
        string model,
        DateTimeOffset from,
        DateTimeOffset to,
        CancellationToken cancellation = default
    )
    {
        // Decided images first: what is taken away below has been counted then. They are few.
        ConcurrentBag<(ReviewVerdict Verdict, double Raw)> decided = [];
        await System.Threading.Tasks.Parallel.ForEachAsync(
            await _reviewed.InForceAsync(camera, from, to, cancellation),
            new ParallelOptions { MaxDegreeOfParallelism = ParallelRows, CancellationToken = cancellation },
            async (review, token) =>
            {
                DateTimeOffset stored = IndexKeys.TimeOf(review.Cursor)!.Value; // not null: it was checked before it was stored
                if (await _index.OneAsync(camera, stored, IndexKeys.Row(stored, review.Version, model), token) is { Raw: { } raw })
                    decided.Add((review.Verdict, raw));
            }
        );

        HourCount all = new();
        IReadOnlyDictionary<DateOnly, HourCount> days = await DaysAsync(camera, model, from, to, cancellation);
        foreach (HourCount day in days.Values)
            all.Add(day);
        ScoreBins fine = Of(ReviewVerdict.Fine),
            defect = Of(ReviewVerdict.Defect),
            unsure = Of(ReviewVerdict.Unsure);
        all.Bins.Remove(fine);
        all.Bins.Remove(defect);
        all.Bins.Remove(unsure);
        return new ScoreSplit
        {
            Model = model,
            Camera = camera,
            From = from,
            To = to,
            Days = days.Count,
            Undecided = all.Bins.Counts,
            Fine = fine.Counts,
            Defect = defect.Counts,
            Unsure = unsure.Counts,
            Failed = all.Failed,
            Anomalous = all.Anomalous,
            Mixed = all.MinThreshold < all.MaxThreshold,
        };

        ScoreBins Of(ReviewVerdict verdict)
        {
            ScoreBins bins = new();
            foreach ((ReviewVerdict other, double raw) in decided)
                if (other == verdict)
                    bins.Add(raw);
            return bins;
        }
    }

    /// <summary>The counts of each day with results, UTC, in the order of time.</summary>
    /// <param name="model">"name@version".</param>
    internal async Task<IReadOnlyDictionary<DateOnly, HourCount>> DaysAsync(
        string camera,
        string model,
        DateTimeOffset from,
        DateTimeOffset to,
        CancellationToken cancellation
    )
    {
        IReadOnlyList<DateOnly> months = await _index.MonthsAsync(cancellation);
        SortedDictionary<DateOnly, HourCount>[] days = await Task.WhenAll(
            months.Select(month => MonthAsync(camera, model, month, from, to, cancellation))
        );
        return new SortedDictionary<DateOnly, HourCount>(days.SelectMany(d => d).ToDictionary());
    }

    /// <summary>The counts of the first days with results, UTC, in the order of time.</summary>
    /// <param name="model">"name@version".</param>
    /// <param name="number">How many days; there may be fewer.</param>
    /// <param name="before">Only images stored before.</param>
    internal async Task<IReadOnlyList<HourCount>> FirstDaysAsync(
        string camera,
        string model,
        int number,
        DateTimeOffset before,
        CancellationToken cancellation
    )
    {
        List<HourCount> days = [];
        foreach (DateOnly month in await _index.MonthsAsync(cancellation))
        {
            days.AddRange((await MonthAsync(camera, model, month, DateTimeOffset.MinValue, before, cancellation)).Values);
            if (days.Count >= number)
                break;
        }

        return [.. days.Take(number)];
    }

    private async Task<SortedDictionary<DateOnly, HourCount>> MonthAsync(
        string camera,
        string model,
        DateOnly month,
        DateTimeOffset from,
        DateTimeOffset to,
        CancellationToken cancellation
    )
    {
        SortedDictionary<DateOnly, HourCount> days = [];
        DateTimeOffset start = new(month, default, TimeSpan.Zero),
            end = start.AddMonths(1);
        from = from < start ? start : from.ToUniversalTime();
        to = to > end ? end : to.ToUniversalTime();
        if (from >= to)
            return days;

        // 1. Marks before counts: see StaleHours
        TableClient table = _index.Table(start);
        HashSet<DateTimeOffset> stale = await StaleAsync(table, camera, model, from, to, cancellation);

        // 2. Counts of whole hours
        HashSet<DateTimeOffset> read = [.. stale];
        DateTimeOffset last = to.AddTicks(-1);
        await foreach (
            TableEntity entity in table.QueryAsync<TableEntity>(
                $"PartitionKey ge '{IndexKeys.CountsOf(camera, last)}' and PartitionKey le '{IndexKeys.CountsOf(camera, from)}' and "
                    + TableClient.CreateQueryFilter($"model eq {model}"),
                cancellationToken: cancellation
            )
        )
        {
            (DateTimeOffset hour, HourCount count) = HourCount.Of(entity);
            if (hour >= from && hour.AddHours(1) <= to && !stale.Contains(hour))
                Add(hour, count);
            else if (hour.AddHours(1) > from && hour < to)
                read.Add(hour); // in part
        }

        // 3. Rows of the others
        await System.Threading.Tasks.Parallel.ForEachAsync(
            Spans(read, from, to),
            new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellation },
            async (span, token) =>
            {
                HourCount count = new();
                await foreach (var (verdict, raw, threshold) in _index.ScoresAsync(camera, model, span.From, span.To, token))
                    count.Add(verdict, raw, threshold);
                lock (days)
                    Add(span.From, count);
            }
        );
        return days;

        void Add(DateTimeOffset at, HourCount count)
        {
            if (count.IsEmpty)
                return;
            DateOnly day = DateOnly.FromDateTime(at.UtcDateTime);
            if (days.TryGetValue(day, out HourCount? sum))
                sum.Add(count);
            else
                days[day] = count;
        }
    }

    private static async Task<HashSet<DateTimeOffset>> StaleAsync(
        TableClient table,
        string camera,
        string model,
        DateTimeOffset from,
        DateTimeOffset to,
        CancellationToken cancellation
    )
    {
        HashSet<DateTimeOffset> hours = [];
        await foreach (
            TableEntity mark in table.QueryAsync<TableEntity>(
                $"PartitionKey eq '{IndexKeys.Stale}' and RowKey ge '{IndexKeys.StaleOf(camera, to.AddTicks(-1))}' and RowKey lt "
                    + $"'{IndexKeys.StaleOf(camera, from)}}}' and " // "}" is after "|"
                    + TableClient.CreateQueryFilter($"model eq {model}"),
                cancellationToken: cancellation
            )
        )
            if (mark.GetDateTimeOffset("hour") is { } hour)
                hours.Add(hour);
        return hours;
    }

    // Hours as spans to read, clipped; those that follow each other within a day are one.
    private static List<(DateTimeOffset From, DateTimeOffset To)> Spans(
        IEnumerable<DateTimeOffset> hours,
        DateTimeOffset from,
        DateTimeOffset to
    )
    {
        List<(DateTimeOffset From, DateTimeOffset To)> spans = [];
        foreach (DateTimeOffset hour in hours.Order())
        {
            DateTimeOffset begin = hour < from ? from : hour,
                end = hour.AddHours(1) > to ? to : hour.AddHours(1);
            if (spans.Count > 0 && spans[^1].To == begin && spans[^1].From.Date == begin.Date)
                spans[^1] = (spans[^1].From, end);
            else
                spans.Add((begin, end));
        }

        return spans;
    }
}
