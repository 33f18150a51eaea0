using System.Diagnostics;
using AaClip.LocalHost.Storage;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results.Counts;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Reviews;
using AaClip.Pipeline.Storage;
using Azure.Data.Tables;
using Decision = AaClip.Pipeline.Reviews.Review;

namespace AaClip.Bench;

/// <summary>
/// A million results of a camera in 720 hours, counted but for the newest two hours: how long a what-if takes, and how fast hours are
/// counted. Of the hours that are not read as rows only the counts are stored.
/// </summary>
internal static class CountsBench
{
    private const string Camera = "line3",
        Model = "aaclip@3f2a91bc";
    private const int Results = 1_000_000,
        Hours = 720,
        PerHour = Results / Hours,
        Recounted = 10,
        Stale = 2,
        Decided = 200;
    private const int Repeats = 15;
    private const double LargestMilliseconds = 300;

    private static readonly DateTimeOffset End = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    public static async Task<IReadOnlyList<Row>> RunAsync(CancellationToken cancellation)
    {
        await using Azurite azurite = await IndexBench.StartAsync(cancellation);
        StorageClients storage = IndexBench.Clients(azurite.ConnectionString);
        Random random = new(1);

        // Hours with rows: some are counted, the newest two are not.
        await FillAsync(storage, random, Stale, Stale + Recounted, cancellation);
        long start = Stopwatch.GetTimestamp();
        int counted = await new HourRecount(storage, TimeSpan.FromSeconds(-5)).RunAsync(TimeSpan.FromMinutes(5), cancellation);
        double counting = Stopwatch.GetElapsedTime(start).TotalSeconds;
        ResultDocument[] newest = await FillAsync(storage, random, 0, Stale, cancellation);
        await FillCountsAsync(storage, random, Stale + Recounted, cancellation);

        ScoreCounts counts = new(storage);
        double[] times = await TimesAsync(counts, cancellation);
        await DecideAsync(storage, newest, cancellation);
        double[] decided = await TimesAsync(counts, cancellation);
        string what = $"{Results:N0} results in {Hours} hours, {Stale} not counted: what-if";
        return
        [
            Row.Of($"Hours of {PerHour:N0} results counted a second", $"{counted / counting:F1}"),
            RowOf(what, times),
            RowOf($"  with {Decided} decided", decided),
        ];
    }

    private static Row RowOf(string what, double[] times) =>
        Row.Of(
            what,
            $"{times[times.Length / 2]:F1} ms",
            $"{LargestMilliseconds:F0} ms",
            times[times.Length / 2] <= LargestMilliseconds,
            $"{times[0]:F1} to {times[^1]:F1}"
        );

    // Hours are told by how many lie after them.
    private static async Task<ResultDocument[]> FillAsync(
        StorageClients storage,
        Random random,
        int from,
        int to,
        CancellationToken cancellation
    )
    {
        ResultIndex index = new(storage);
        ResultDocument[] results =
        [
            .. Enumerable
                .Range(from * PerHour, (to - from) * PerHour)
                .Select(i => IndexBench.Result(Camera, i, End.AddHours(-(i + 1.0) / PerHour), Score(random))),
        ];
        await Parallel.ForEachAsync(
            results,
            new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancellation },
            async (result, token) => await index.PutAsync(result, token)
        );
        return results;
    }

    private static async Task FillCountsAsync(StorageClients storage, Random random, int from, CancellationToken cancellation)
    {
        ResultIndex index = new(storage);
        await index.Table(End.AddHours(-Hours)).CreateIfNotExistsAsync(cancellation);
        for (int i = from; i < Hours; i++)
        {
            HourCount count = new();
            for (int n = 0; n < PerHour; n++)
                count.Add(Verdict.Normal, Score(random), 0.5);
            DateTimeOffset hour = End.AddHours(-i - 1);
            await index.Table(hour).UpsertEntityAsync(count.ToEntity(Camera, Model, hour), TableUpdateMode.Replace, cancellation);
        }
    }

    private static async Task DecideAsync(StorageClients storage, ResultDocument[] results, CancellationToken cancellation)
    {
        Decision[] decisions =
        [
            .. results
                .Take(Decided)
                .Select(r => new Decision
                {
                    Id = Guid.NewGuid(),
                    Camera = Camera,
                    Image = r.Image.Name,
                    ETag = r.Image.ETag ?? "",
                    Cursor = ResultRow.Of(r).Cursor,
                    Verdict = ReviewVerdict.Fine,
                }),
        ];
        await new ReviewStore(storage, TimeProvider.System).AddAsync(decisions, "bench", cancellation);
    }

    private static async Task<double[]> TimesAsync(ScoreCounts counts, CancellationToken cancellation)
    {
        List<double> times = [];
        for (int i = -2; i < Repeats; i++)
        {
            long start = Stopwatch.GetTimestamp();
            ScoreSplit split = await counts.ReadAsync(Camera, Model, End.AddHours(-Hours), End, cancellation);
            long found = split.Undecided.Sum() + split.Fine.Sum();
            if (found != Hours * PerHour)
                throw new InvalidOperationException($"A what-if found {found} scores instead of {Hours * PerHour}.");
            if (i >= 0) // two to warm up
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return [.. times.Order()];
    }

    private static double Score(Random random) => Math.Clamp(0.3 + 0.2 * (random.NextDouble() + random.NextDouble() - 1), 0, 1);
}
