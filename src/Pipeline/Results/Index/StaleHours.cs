using System.Collections.Concurrent;
using Azure.Data.Tables;

namespace AaClip.Pipeline.Results.Index;

/// <summary>
/// Marks hours of a camera and model whose counts (Results.Counts) may differ from their rows: whoever changes a row marks its hour before,
/// unless this process has marked it within the last minute. So marks cost about one request a minute and camera.
/// </summary>
/// <remarks>
/// No change of a row is missed by the counts:
/// <list type="number">
/// <item>
/// A change ends less than <see cref="Late"/> after its process has sent the last mark, or the process marks the hour again after it. A
/// process that dies in between gets its message again, and marks and writes again.
/// </item>
/// <item>
/// A recount takes only marks that are older than <see cref="Settled"/>, by the clock of storage alone: the mark's time and the time of the
/// answer that lists it. A later mark replaces an earlier one. So each change ends before the recount reads the rows, or a mark is written
/// after the recount has listed them. 30 seconds are left for clocks of storage that differ, and for threads that are late.
/// </item>
/// <item>
/// A recount reads the ETag of the stored counts first, then the rows, and writes the counts under that ETag: an older reading never
/// replaces a newer one. Last, it deletes the mark under the mark's ETag: a mark that was written meanwhile stays.
/// </item>
/// </list>
/// So an hour without a mark has counts that are those of its rows, and an hour without both has no rows. A reader must ask for marks
/// before counts: a mark may be deleted between the two, and then the counts are new.
/// </remarks>
internal sealed class StaleHours(TimeProvider time)
{
    /// <summary>A process marks an hour again after this time.</summary>
    public static readonly TimeSpan Renewed = TimeSpan.FromSeconds(60);

    /// <summary>A change that ends later than this after its mark is followed by another mark.</summary>
    public static readonly TimeSpan Late = TimeSpan.FromSeconds(90);

    /// <summary>A recount takes marks that are older.</summary>
    public static readonly TimeSpan Settled = TimeSpan.FromSeconds(120);

    private const int MaxKnown = 10_000; // then the memory begins anew

    private readonly ConcurrentDictionary<string, long> _marked = new(StringComparer.Ordinal); // when each mark was sent

    /// <summary>Changes a row of an hour.</summary>
    public async Task ChangeAsync(TableClient table, ResultRow row, Func<Task> change, CancellationToken cancellation)
    {
        string hour = IndexKeys.StaleOf(row.Camera, row.ImageTime, row.Model);
        if (!_marked.TryGetValue(table.Name + hour, out long marked) || time.GetElapsedTime(marked) >= Renewed)
            marked = await MarkAsync(table, hour, row, cancellation);
        await change();
        if (time.GetElapsedTime(marked) >= Late)
            await MarkAsync(table, hour, row, cancellation);
    }

    /// <summary>Forgets all marks, as after the drop of a table.</summary>
    public void Forget() => _marked.Clear();

    private async Task<long> MarkAsync(TableClient table, string hour, ResultRow row, CancellationToken cancellation)
    {
        long sent = time.GetTimestamp(); // before the request: the mark in storage is not older
        await table.UpsertEntityAsync(
            new TableEntity(IndexKeys.Stale, hour)
            {
                ["camera"] = row.Camera,
                ["hour"] = IndexKeys.HourOf(row.ImageTime),
                ["model"] = row.Model,
            },
            TableUpdateMode.Replace,
            cancellation
        );
        if (_marked.Count > MaxKnown)
            _marked.Clear();
        _marked[table.Name + hour] = sent;
        return sent;
    }
}
