using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results.Counts;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Reviews;
using AaClip.Pipeline.Storage;
using AaClip.Tests;

namespace AaClip.Pipeline.Tests.Results.Counts;

public class ScoreCountsTests(AzuriteFixture azurite)
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly string[] Cameras = ["line1", "line10", "~7973", "*x", "$"];
    private static readonly string[] Models = ["tiny@1", "tiny@2"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Any_span_gives_what_counting_all_results_gives_whatever_was_counted_before()
    {
        StorageClients storage = await azurite.NewAsync();
        Random random = new(11);
        ResultDocument[] all = [.. Enumerable.Range(0, 400).Select(i => Any(random, i))];
        Dictionary<string, ReviewVerdict> decided = [];

        await PutAsync(all[..200]);
        await CheckAsync(all[..200], 10); // nothing is counted yet
        Assert.True(await CountedResults.Recount(storage).RunAsync(TimeSpan.FromMinutes(5), Cancellation) > 0);
        await CheckAsync(all[..200], 20); // all is
        await PutAsync(all[200..]);
        decided = await DecideAsync(random, storage, all);
        await CheckAsync(all, 20); // some is
        await CountedResults.Recount(storage).RunAsync(TimeSpan.FromMinutes(5), Cancellation);
        await CheckAsync(all, 20);
        Assert.DoesNotContain(
            await CountedResults.StoredAsync(storage, Cancellation),
            row => row.Contains(" mark", StringComparison.Ordinal)
        );

        // Another process each time: one that has marked an hour a second ago does not expect that it was counted since.
        async Task PutAsync(ResultDocument[] results)
        {
            ResultIndex index = new(storage);
            await Parallel.ForEachAsync(results, Cancellation, async (result, token) => await index.PutAsync(result, token));
        }

        async Task CheckAsync(ResultDocument[] results, int spans)
        {
            ScoreCounts counts = new(storage);
            for (int i = 0; i < spans; i++)
            {
                string camera = Cameras[random.Next(Cameras.Length)],
                    model = Models[random.Next(2)];
                (DateTimeOffset from, DateTimeOffset to) =
                    i == 0 ? (DateTimeOffset.MinValue, DateTimeOffset.MaxValue) : (Time(random), Time(random));
                string wanted = CountedResults.Wanted(results, decided, camera, model, from, to);
                ScoreSplit found = await counts.ReadAsync(camera, model, from, to, Cancellation);
                Assert.True(
                    wanted == CountedResults.Text(found),
                    $"{camera} {model} {from:O} {to:O}:\n{wanted}\n{CountedResults.Text(found)}"
                );
            }
        }
    }

    [Fact]
    public async Task Scans_of_rows_and_cameras_see_neither_counts_nor_marks()
    {
        StorageClients storage = await azurite.NewAsync();
        ResultIndex index = new(storage);
        foreach (string camera in Cameras)
            await index.PutAsync(CountedResults.Result(camera, "a.png", Noon), Cancellation);
        await CountedResults.Recount(storage).RunAsync(TimeSpan.FromMinutes(5), Cancellation);
        foreach (string camera in Cameras)
            await index.PutAsync(CountedResults.Result(camera, "b.png", Noon.AddHours(1)), Cancellation); // marks, too

        Assert.Equal(10, (await CountedResults.StoredAsync(storage, Cancellation)).Count);
        Assert.Equal(10, await index.ScanAsync(new DateOnly(2026, 11, 1), Cancellation).CountAsync(Cancellation));
        Assert.Equal(10, await index.QueryAsync(new ResultQuery(), Cancellation).CountAsync(Cancellation));
        Assert.Equal(Cameras.Order(StringComparer.Ordinal), await index.CamerasAsync(Noon, Cancellation));
        Assert.Empty(await index.CamerasAsync(Noon.AddDays(1), Cancellation));
        Assert.All(Cameras, camera => Assert.True(string.CompareOrdinal(IndexKeys.CountsOf(camera, Noon), IndexKeys.FirstCamera) < 0));
    }

    [Fact]
    public async Task Counted_hours_are_read_without_their_rows()
    {
        StorageClients storage = await azurite.NewAsync();
        for (int hour = 0; hour < 30; hour++)
            await new ResultIndex(storage).PutAsync(CountedResults.Result("line1", $"{hour}.png", Noon.AddHours(hour)), Cancellation);
        await CountedResults.Recount(storage).RunAsync(TimeSpan.FromMinutes(5), Cancellation);
        int requests = 0;
        StorageClients watched = azurite.Through(
            storage,
            new HookedTransport(_ =>
            {
                Interlocked.Increment(ref requests);
                return Task.CompletedTask;
            })
        );

        ScoreSplit split = await new ScoreCounts(watched).ReadAsync("line1", "tiny@1", Noon, Noon.AddHours(30), Cancellation);

        Assert.Equal((30, 2), ((int)split.Undecided.Sum(), split.Days));
        Assert.InRange(requests, 1, 6); // months twice, decisions, marks, counts
    }

    private static async Task<Dictionary<string, ReviewVerdict>> DecideAsync(Random random, StorageClients storage, ResultDocument[] all)
    {
        ReviewStore reviews = new(storage, TimeProvider.System);
        Dictionary<string, ReviewVerdict> decided = [];
        for (int round = 0; round < 2; round++) // later ones replace earlier ones
        {
            ResultDocument[] some = [.. all.Where(_ => random.Next(8) == 0)];
            Review[] decisions =
            [
                .. some.Select(r => new Review
                {
                    Id = Guid.NewGuid(),
                    Camera = r.Image.RequiredCamera,
                    Image = r.Image.Name,
                    ETag = r.Image.RequiredETag,
                    Cursor = ResultRow.Of(r).Cursor,
                    Verdict = (ReviewVerdict)random.Next(4),
                }),
            ];
            foreach (Review decision in await reviews.AddAsync(decisions, "kim", Cancellation))
                decided[decision.Image] = decision.Verdict;
        }

        return decided;
    }

    private static ResultDocument Any(Random random, int number) =>
        CountedResults.Result(
            Cameras[random.Next(3) == 0 ? random.Next(Cameras.Length) : 0],
            $"{number}.png",
            Time(random),
            Models[random.Next(2)],
            random.Next(6) == 0 ? null : random.NextDouble(),
            random.Next(20) == 0 ? 0.4 : 0.5
        );

    // Around the ends of hours, days and months, so that bounds meet results exactly.
    private static DateTimeOffset Time(Random random) =>
        new DateTimeOffset(2026, 10 + random.Next(2), random.Next(2) == 0 ? 1 : 30 - random.Next(2), 0, 0, 0, TimeSpan.Zero)
            .AddHours(random.Next(24))
            .AddMinutes(random.Next(3) * 30)
            .AddTicks(random.Next(3) == 0 ? -1 : 0);
}
