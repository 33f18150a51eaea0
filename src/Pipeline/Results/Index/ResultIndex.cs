using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Storage;
using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;

namespace AaClip.Pipeline.Results.Index;

/// <summary>
/// Answers questions about many results in one query, by camera, time, verdict and more. Result blobs are the truth; rows are written after
/// them and can be made again from them. See <see cref="IndexKeys"/> for the keys.
/// </summary>
/// <param name="time">For the age of marks (<see cref="StaleHours"/>); default: the system's.</param>
public sealed class ResultIndex(StorageClients storage, TimeProvider? time = null)
{
    private const int MaxKnownDays = 10_000; // then the memory begins anew
    private const int Parallel = 32; // first requests to the cameras of a day

    private static readonly string[] DayColumns = ["RowKey", "camera"];
    private static readonly string[] ScoreColumns = ["PartitionKey", "RowKey", "verdict", "raw", "threshold"];

    private readonly ConcurrentDictionary<string, bool> _days = new(StringComparer.Ordinal); // rows of days that are there
    private readonly StaleHours _stale = new(time ?? TimeProvider.System);

    /// <summary>Writes the rows of a result, in place of older ones of the same image, version and model.</summary>
    public async Task PutAsync(ResultDocument result, CancellationToken cancellation = default)
    {
        ResultRow row = ResultRow.Of(result);
        TableClient table = Table(row.ImageTime);
        try
        {
            await PutAsync();
        }
        catch (RequestFailedException e) when (e.ErrorCode == TableErrorCode.TableNotFound)
        {
            await table.CreateIfNotExistsAsync(cancellation);
            _days.Clear(); // also those of a table that was dropped meanwhile
            _stale.Forget();
            await PutAsync();
        }

        Task PutAsync() => _stale.ChangeAsync(table, row, () => WriteAsync(table, row, cancellation), cancellation);
    }

    /// <summary>Removes the rows of a result.</summary>
    public async Task RemoveAsync(ResultRow row, CancellationToken cancellation = default)
    {
        TableClient table = Table(row.ImageTime);
        try
        {
            await _stale.ChangeAsync(
                table,
                row,
                async () =>
                {
                    // 404 is no error here
                    await table.DeleteEntityAsync(IndexKeys.Hour(row.ImageTime), row.Cursor, ETag.All, cancellation);
                    await table.DeleteEntityAsync(IndexKeys.Camera(row.Camera, row.ImageTime), row.Cursor, ETag.All, cancellation);
                },
                cancellation
            );
        }
        catch (RequestFailedException e) when (e.ErrorCode == TableErrorCode.TableNotFound)
        {
            // The month was dropped, and the row with it
        }
    }

    /// <summary>Results, newest image first. Requests are sent as the rows are read.</summary>
    /// <exception cref="ArgumentException">The cursor is none.</exception>
    /// <exception cref="InvalidDataException">A row is not of this program.</exception>
    public async IAsyncEnumerable<ResultRow> QueryAsync(
        ResultQuery query,
        [EnumeratorCancellation] CancellationToken cancellation = default
    )
    {
        query.Check();
        foreach (DateOnly month in (await MonthsAsync(cancellation)).Reverse())
        {
            DateTimeOffset start = new(month.Year, month.Month, 1, 0, 0, 0, TimeSpan.Zero);
            if (start > query.Newest || start.AddMonths(1) <= query.From)
                continue;
            TableClient table = Table(start);
            IAsyncEnumerable<ResultRow> rows =
                query.Camera is { } camera ? CameraAsync(table, camera, query, cancellation)
                : query.IsOfFleetRows ? FleetAsync(table, query, cancellation)
                : CamerasAsync(table, query, cancellation);
            await foreach (ResultRow row in rows)
                yield return row;
        }
    }

    /// <summary>
    /// The results of a model for many images, by a query for each camera and month over the time in which its images were stored. Images
    /// that are few among many others of that time are asked for one by one.
    /// </summary>
    /// <param name="model">"name@version".</param>
    /// <param name="images">Versions, and when each was stored; one without a time is not found.</param>
    internal async Task<IReadOnlyList<ResultRow>> FindAsync(
        string model,
        IReadOnlyCollection<(ImageVersion Image, DateTimeOffset? StoredAt)> images,
        CancellationToken cancellation
    )
    {
        HashSet<DateOnly> months = [.. await MonthsAsync(cancellation)];
        List<ResultRow> found = [];
        foreach (
            var group in images
                .Where(i => i.StoredAt is not null)
                .Select(i => (i.Image, StoredAt: i.StoredAt!.Value.ToUniversalTime()))
                .GroupBy(i => (i.Image.Camera, Month: IndexKeys.Month(i.StoredAt)))
        )
        {
            if (!months.Contains(group.Key.Month))
                continue;
            Dictionary<string, DateTimeOffset> wanted = group
                .DistinctBy(i => i.Image)
                .ToDictionary(i => IndexKeys.Row(i.StoredAt, i.Image, model), i => i.StoredAt, StringComparer.Ordinal);
            ResultQuery between = new()
            {
                Camera = group.Key.Camera,
                Model = model,
                From = group.Min(i => i.StoredAt),
                To = group.Max(i => i.StoredAt).AddTicks(1),
            };
            int budget = 2 * wanted.Count + between.PageSize; // rows to read before single requests are cheaper
            await foreach (ResultRow row in CameraAsync(Table(between.From.Value), group.Key.Camera, between, cancellation))
            {
                if (wanted.Remove(row.Cursor))
                    found.Add(row);
                if (wanted.Count == 0 || --budget == 0)
                    break;
            }

            if (budget == 0)
                foreach ((string key, DateTimeOffset time) in wanted)
                    if (await OneAsync(group.Key.Camera, time, key, cancellation) is { } row)
                        found.Add(row);
        }

        return found;
    }

    /// <summary>The results of all models for one version of an image.</summary>
    /// <param name="cursor">Cursor of one of them.</param>
    /// <param name="query">Those that it does not choose are left out; null for all.</param>
    /// <exception cref="ArgumentException">The cursor is none.</exception>
    public async Task<IReadOnlyList<ResultRow>> VersionsAsync(
        string camera,
        string cursor,
        ResultQuery? query = null,
        CancellationToken cancellation = default
    )
    {
        if (cursor.Length < IndexKeys.ImageLength || IndexKeys.TimeOf(cursor) is not { } time)
            throw new ArgumentException($"'{cursor}' is no cursor: take one from a row that a query gave.");
        string image = cursor[..IndexKeys.ImageLength];
        try
        {
            return await RowsAsync(
                    Table(time),
                    $"PartitionKey eq '{IndexKeys.Camera(camera, time)}' and RowKey gt '{image}|' and RowKey lt '{image}}}'",
                    query ?? new(),
                    cancellation
                )
                .ToListAsync(cancellation);
        }
        catch (RequestFailedException e) when (e.ErrorCode == TableErrorCode.TableNotFound)
        {
            return []; // nothing of that month, or it was dropped
        }
    }

    /// <summary>The row of a result; null if there is none.</summary>
    /// <param name="time">When its image was stored.</param>
    /// <param name="key">Its <see cref="ResultRow.Cursor"/>.</param>
    internal async Task<ResultRow?> OneAsync(string camera, DateTimeOffset time, string key, CancellationToken cancellation)
    {
        NullableResponse<TableEntity> entity = await Table(time)
            .GetEntityIfExistsAsync<TableEntity>(IndexKeys.Camera(camera, time), key, cancellationToken: cancellation);
        return entity is { HasValue: true, Value: { } row } ? ResultRow.Of(row) : null;
    }

    /// <summary>Months that have a table, oldest first; each by its first day.</summary>
    public async Task<IReadOnlyList<DateOnly>> MonthsAsync(CancellationToken cancellation = default)
    {
        string prefix = storage.TablePrefix + IndexKeys.Tables;
        List<DateOnly> months = [];
        await foreach (
            TableItem table in storage.Tables.QueryAsync(
                $"TableName ge '{prefix}' and TableName lt '{prefix}a'", // digits follow
                cancellationToken: cancellation
            )
        )
            if (
                table.Name.Length == prefix.Length + 6
                && DateOnly.TryParseExact(
                    table.Name[prefix.Length..] + "01",
                    "yyyyMMdd",
                    CultureInfo.InvariantCulture,
                    default,
                    out var month
                )
            )
                months.Add(month);
        months.Sort();
        return months;
    }

    /// <summary>Cameras with images of the days from one on, in ordinal order.</summary>
    /// <param name="from">A moment of the first day, UTC.</param>
    public async Task<IReadOnlyList<string>> CamerasAsync(DateTimeOffset from, CancellationToken cancellation = default)
    {
        SortedSet<string> cameras = new(StringComparer.Ordinal);
        foreach (DateOnly month in await MonthsAsync(cancellation))
            if (month >= IndexKeys.Month(from))
                await foreach (
                    TableEntity entity in Table(month)
                        .QueryAsync<TableEntity>(
                            $"PartitionKey eq '{IndexKeys.Days}' and RowKey lt '{IndexKeys.Day(from)}}}'",
                            select: DayColumns,
                            cancellationToken: cancellation
                        )
                )
                    cameras.Add(entity.GetString("camera"));
        return [.. cameras];
    }

    /// <summary>All rows of a month in the order of their keys: by camera, then newest first.</summary>
    public async IAsyncEnumerable<ResultRow> ScanAsync(DateOnly month, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await foreach (
            TableEntity entity in Table(month)
                .QueryAsync<TableEntity>(
                    $"PartitionKey ge '{IndexKeys.FirstCamera}' and PartitionKey lt '{IndexKeys.AfterCameras}'",
                    cancellationToken: cancellation
                )
        )
            yield return ResultRow.Of(entity);
    }

    /// <summary>What is counted of a camera's results of a model: of images stored from a time on and before another of its day.</summary>
    /// <param name="model">"name@version".</param>
    /// <exception cref="InvalidDataException">A row is not of this program.</exception>
    internal async IAsyncEnumerable<(Verdict Verdict, double? Raw, double? Threshold)> ScoresAsync(
        string camera,
        string model,
        DateTimeOffset from,
        DateTimeOffset to,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        ResultQuery query = new()
        {
            Model = model,
            From = from,
            To = to,
        };
        await foreach (
            TableEntity entity in Table(from)
                .QueryAsync<TableEntity>(
                    $"PartitionKey eq '{IndexKeys.Camera(camera, from)}' and {query.Filter()}",
                    select: ScoreColumns,
                    cancellationToken: cancellation
                )
        )
            yield return (ResultRow.VerdictOf(entity), entity.GetDouble("raw"), entity.GetDouble("threshold"));
    }

    /// <summary>Drops the table of a month; nothing happens when it is not there.</summary>
    public Task DropAsync(DateOnly month, CancellationToken cancellation = default) => Table(month).DeleteAsync(cancellation);

    private async Task WriteAsync(TableClient table, ResultRow row, CancellationToken cancellation)
    {
        // 1. The day, before the first row of it: what has a row is found
        string day = $"{IndexKeys.Day(row.ImageTime)}|{TableKeys.Part(row.Camera)}";
        if (!_days.ContainsKey(table.Name + day))
        {
            await table.UpsertEntityAsync(
                new TableEntity(IndexKeys.Days, day) { ["camera"] = row.Camera },
                TableUpdateMode.Replace,
                cancellation
            );
            if (_days.Count > MaxKnownDays)
                _days.Clear();
            _days[table.Name + day] = true;
        }

        // 2. The row
        TableEntity own = row.ToEntity(IndexKeys.Camera(row.Camera, row.ImageTime));
        bool isNew = true;
        try
        {
            await table.AddEntityAsync(own, cancellation);
        }
        catch (RequestFailedException e) when (e.ErrorCode == TableErrorCode.EntityAlreadyExists)
        {
            isNew = false;
            await table.UpsertEntityAsync(own, TableUpdateMode.Replace, cancellation);
        }

        // 3. The row among those of all cameras
        string hour = IndexKeys.Hour(row.ImageTime);
        if (row.Verdict is Verdict.Anomalous or Verdict.Failed)
            await table.UpsertEntityAsync(row.ToEntity(hour), TableUpdateMode.Replace, cancellation);
        else if (!isNew)
            await table.DeleteEntityAsync(hour, row.Cursor, ETag.All, cancellation); // it was anomalous or failed before, maybe
    }

    private static IAsyncEnumerable<ResultRow> CameraAsync(
        TableClient table,
        string camera,
        ResultQuery query,
        CancellationToken cancellation
    )
    {
        string part = TableKeys.Part(camera) + "|";
        return PartitionsAsync(table, part, time => part + IndexKeys.Day(time), query, cancellation);
    }

    private static IAsyncEnumerable<ResultRow> FleetAsync(TableClient table, ResultQuery query, CancellationToken cancellation) =>
        PartitionsAsync(table, IndexKeys.Fleet, IndexKeys.Hour, query, cancellation);

    // Partitions whose keys begin alike, newest first. Two requests where the scan begins inside of one: a range over partitions would read
    // that one from its start.
    private static async IAsyncEnumerable<ResultRow> PartitionsAsync(
        TableClient table,
        string prefix,
        Func<DateTimeOffset, string> keyOf,
        ResultQuery query,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        string begin = prefix,
            end = query.From is { } from ? keyOf(from) : prefix + "}"; // "}" is after every digit
        if (query.Newest is { } newest)
        {
            begin = keyOf(newest);
            await foreach (ResultRow row in RowsAsync(table, $"PartitionKey eq '{begin}'", query, cancellation))
                yield return row;
        }

        await foreach (ResultRow row in RowsAsync(table, $"PartitionKey gt '{begin}' and PartitionKey le '{end}'", query, cancellation))
            yield return row;
    }

    // Day by day, the rows of all cameras of the day merged.
    private static async IAsyncEnumerable<ResultRow> CamerasAsync(
        TableClient table,
        ResultQuery query,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        List<string> cameras = [];
        string? day = null;
        string begin = query.Newest is { } newest ? IndexKeys.Day(newest) : "0",
            end = query.From is { } from ? IndexKeys.Day(from) : "99999999";
        await foreach (
            TableEntity entity in table.QueryAsync<TableEntity>(
                $"PartitionKey eq '{IndexKeys.Days}' and RowKey ge '{begin}|' and RowKey lt '{end}}}'",
                select: DayColumns,
                cancellationToken: cancellation
            )
        )
        {
            string next = entity.RowKey[..8];
            if (day is not null && next != day)
            {
                await foreach (ResultRow row in DayAsync(table, cameras, day, query, cancellation))
                    yield return row;
                cameras.Clear();
            }

            day = next;
            cameras.Add(TableKeys.Part(entity.GetString("camera")));
        }

        if (day is not null)
            await foreach (ResultRow row in DayAsync(table, cameras, day, query, cancellation))
                yield return row;
    }

    private static async IAsyncEnumerable<ResultRow> DayAsync(
        TableClient table,
        IReadOnlyList<string> cameras,
        string day,
        ResultQuery query,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        IAsyncEnumerator<ResultRow>[] sources =
        [
            .. cameras.Select(c => RowsAsync(table, $"PartitionKey eq '{c}|{day}'", query, cancellation).GetAsyncEnumerator(cancellation)),
        ];
        try
        {
            bool[] any = new bool[sources.Length];
            await System.Threading.Tasks.Parallel.ForAsync(
                0,
                sources.Length,
                new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellation },
                async (i, _) => any[i] = await sources[i].MoveNextAsync()
            );
            PriorityQueue<IAsyncEnumerator<ResultRow>, string> next = new(StringComparer.Ordinal);
            for (int i = 0; i < sources.Length; i++)
                if (any[i])
                    next.Enqueue(sources[i], sources[i].Current.Cursor);
            while (next.TryDequeue(out IAsyncEnumerator<ResultRow>? source, out _))
            {
                yield return source.Current;
                if (await source.MoveNextAsync())
                    next.Enqueue(source, source.Current.Cursor);
            }
        }
        finally
        {
            foreach (IAsyncEnumerator<ResultRow> source in sources)
                await source.DisposeAsync();
        }
    }

    private static async IAsyncEnumerable<ResultRow> RowsAsync(
        TableClient table,
        string partition,
        ResultQuery query,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        await foreach (
            TableEntity entity in table.QueryAsync<TableEntity>(
                $"{partition} and {query.Filter()}",
                query.PageSize,
                cancellationToken: cancellation
            )
        )
            yield return ResultRow.Of(entity);
    }

    /// <summary>The table of a month; it may not be there.</summary>
    internal TableClient Table(DateOnly month) => Table(new DateTimeOffset(month, default, TimeSpan.Zero));

    /// <summary>The table of the month of a time; it may not be there.</summary>
    internal TableClient Table(DateTimeOffset time) => storage.Tables.GetTableClient(storage.TablePrefix + IndexKeys.Table(time));
}
