using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results.Counts;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Storage;
using AaClip.Tests;
using Microsoft.Extensions.Time.Testing;

namespace AaClip.Pipeline.Tests.Results.Counts;

/// <summary>Counts are those of the rows, whoever dies or is late.</summary>
public class HourRecountTests(AzuriteFixture azurite)
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_mark_younger_than_two_minutes_is_left()
    {
        StorageClients storage = await azurite.NewAsync();
        await new ResultIndex(storage).PutAsync(Result("a.png"), Cancellation);

        Assert.Equal(0, await new HourRecount(storage).RunAsync(Long, Cancellation));
        Assert.Equal(1, await CountedResults.Recount(storage).RunAsync(Long, Cancellation));
        Assert.Equal(0, await CountedResults.Recount(storage).RunAsync(Long, Cancellation)); // the mark is gone
    }

    [Fact]
    public async Task Many_results_of_an_hour_cost_one_mark_a_minute()
    {
        StorageClients storage = await azurite.NewAsync();
        FakeTimeProvider time = new(Noon);
        int marks = 0;
        ResultIndex index = new(
            azurite.Through(storage, new HookedTransport(r => Count(CountedResults.Writes(r, IndexKeys.Stale), ref marks))),
            time
        );
        await index.PutAsync(Result("first.png"), Cancellation); // it makes the table
        marks = 0;

        for (int i = 0; i < 130; i++, time.Advance(TimeSpan.FromSeconds(1)))
            await index.PutAsync(Result($"{i}.png"), Cancellation);

        Assert.Equal(2, marks);
        await index.PutAsync(Result("other.png") with { Model = new ModelPart("other", "1", null, null, null) }, Cancellation);
        Assert.Equal(3, marks);
    }

    [Fact]
    public async Task A_row_that_is_written_late_is_marked_again_after_it()
    {
        StorageClients storage = await azurite.NewAsync();
        FakeTimeProvider time = new(Noon);
        List<string> order = [];
        bool late = false;
        ResultIndex index = new(
            azurite.Through(
                storage,
                new HookedTransport(request =>
                {
                    if (CountedResults.Writes(request, IndexKeys.Stale))
                        order.Add("mark");
                    if (CountedResults.Writes(request, "line1|"))
                    {
                        order.Add("row");
                        time.Advance(late ? StaleHours.Late : TimeSpan.FromSeconds(1));
                    }

                    return Task.CompletedTask;
                })
            ),
            time
        );
        await index.PutAsync(Result("a.png"), Cancellation);
        order.Clear();

        late = true;
        await index.PutAsync(Result("b.png"), Cancellation);
        late = false;
        await index.PutAsync(Result("c.png"), Cancellation);

        Assert.Equal(["row", "mark", "row"], order);
    }

    [Fact]
    public async Task A_row_that_is_written_during_a_recount_keeps_its_mark_and_is_counted_next()
    {
        StorageClients storage = await azurite.NewAsync();
        await new ResultIndex(storage).PutAsync(Result("a.png"), Cancellation);
        int times = 0;
        StorageClients hooked = azurite.Through(
            storage,
            new HookedTransport(async request =>
            {
                // After the rows were read, before their counts are written
                if (CountedResults.Writes(request, IndexKeys.Counts) && times++ == 0)
                    await new ResultIndex(storage).PutAsync(Result("b.png"), Cancellation);
            })
        );

        await CountedResults.Recount(hooked).RunAsync(Long, Cancellation);

        Assert.Equal(2, await TotalAsync(storage)); // it reads the rows, for the mark is there
        Assert.Equal(1, await CountedResults.Recount(storage).RunAsync(Long, Cancellation));
        Assert.Equal(2, await TotalAsync(storage));
        Assert.Single(await CountedResults.StoredAsync(storage, Cancellation));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // the hour has counts before
    public async Task A_recount_that_is_late_does_not_replace_a_newer_one(bool counted)
    {
        StorageClients storage = await azurite.NewAsync();
        await new ResultIndex(storage).PutAsync(Result("a.png"), Cancellation);
        if (counted)
        {
            await CountedResults.Recount(storage).RunAsync(Long, Cancellation);
            await new ResultIndex(storage).PutAsync(Result("a2.png"), Cancellation);
        }

        int times = 0;
        StorageClients hooked = azurite.Through(
            storage,
            new HookedTransport(async request =>
            {
                if (!CountedResults.Writes(request, IndexKeys.Counts) || times++ > 0)
                    return;
                await new ResultIndex(storage).PutAsync(Result("b.png"), Cancellation);
                await CountedResults.Recount(storage).RunAsync(Long, Cancellation);
            })
        );

        await CountedResults.Recount(hooked).RunAsync(Long, Cancellation);

        Assert.Equal(counted ? 3 : 2, await TotalAsync(storage));
        string stored = Assert.Single(await CountedResults.StoredAsync(storage, Cancellation)); // no mark: the stored counts are read
        Assert.DoesNotContain("mark", stored, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_result_that_comes_twice_or_is_judged_again_or_removed_is_counted_as_it_is()
    {
        StorageClients storage = await azurite.NewAsync();
        await new ResultIndex(storage).PutAsync(Result("a.png", 0.25), Cancellation);
        await new ResultIndex(storage).PutAsync(Result("b.png", 0.75), Cancellation);
        await CountedResults.Recount(storage).RunAsync(Long, Cancellation);

        await new ResultIndex(storage).PutAsync(Result("a.png", 0.25), Cancellation);
        await new ResultIndex(storage).PutAsync(Result("b.png", 0.75, threshold: 0.8), Cancellation);
        await CountedResults.Recount(storage).RunAsync(Long, Cancellation);
        ScoreSplit again = await SplitAsync(storage);
        await new ResultIndex(storage).RemoveAsync(ResultRow.Of(Result("a.png")), Cancellation);
        await CountedResults.Recount(storage).RunAsync(Long, Cancellation);
        ScoreSplit removed = await SplitAsync(storage);

        Assert.Equal((1, 1, 0, true), (again.Undecided[64], again.Undecided[192], again.Anomalous, again.Mixed));
        Assert.Equal((0, 1, 0, false), (removed.Undecided[64], removed.Undecided[192], removed.Anomalous, removed.Mixed));
    }

    [Fact]
    public async Task A_process_that_dies_between_any_two_writes_leaves_the_same_counts_after_its_message_comes_again()
    {
        int requests = 0;
        for (int life = 0; ; life++)
        {
            StorageClients storage = await azurite.NewAsync();
            await new ResultIndex(storage).PutAsync(Result("before.png"), Cancellation);
            await CountedResults.Recount(storage).RunAsync(Long, Cancellation);

            // The process sends as many requests as its life is long; the other one goes on.
            int left = life;
            FaultyTransport dying = new(_ => Interlocked.Decrement(ref left) < 0 ? StorageFault.LostRequest : null);
            StorageClients mortal = azurite.Through(storage, dying);
            Exception? death = await Record.ExceptionAsync(() => WorkAsync(mortal));
            await CountedResults.Recount(storage).RunAsync(Long, Cancellation);
            Assert.Equal(death is null, dying.Faults == 0);
            await WorkAsync(storage);

            ScoreSplit split = await SplitAsync(storage);
            string stored = Assert.Single(await CountedResults.StoredAsync(storage, Cancellation));
            Assert.DoesNotContain("mark", stored, StringComparison.Ordinal);
            Assert.Equal((3, 1, 1), ((int)split.Undecided.Sum(), split.Failed, split.Anomalous));
            if (death is null)
                break;
            requests++;
        }

        Assert.InRange(requests, 12, 40); // it has died at each of its requests

        async Task WorkAsync(StorageClients storage)
        {
            ResultIndex index = new(storage);
            await index.PutAsync(Result("a.png"), Cancellation);
            await index.PutAsync(Result("b.png", 0.75), Cancellation);
            await index.PutAsync(Result("failed.png", null), Cancellation);
            await index.PutAsync(Result("removed.png"), Cancellation);
            await index.RemoveAsync(ResultRow.Of(Result("removed.png")), Cancellation);
            await CountedResults.Recount(storage).RunAsync(Long, Cancellation);
        }
    }

    [Fact]
    public async Task A_mark_of_another_program_does_not_stop_the_others()
    {
        StorageClients storage = await azurite.NewAsync();
        ResultIndex index = new(storage);
        await index.PutAsync(Result("a.png"), Cancellation);
        await index.Table(Noon).UpsertEntityAsync(new Azure.Data.Tables.TableEntity(IndexKeys.Stale, "a"), cancellationToken: Cancellation);

        Assert.Equal(1, await CountedResults.Recount(storage).RunAsync(Long, Cancellation));
    }

    [Fact]
    public async Task A_run_ends_at_its_limit_and_the_next_goes_on()
    {
        StorageClients storage = await azurite.NewAsync();
        for (int hour = 0; hour < 12; hour++)
            await new ResultIndex(storage).PutAsync(CountedResults.Result("line1", "a.png", Noon.AddHours(hour)), Cancellation);
        FakeTimeProvider time = new(Noon);
        StorageClients slow = azurite.Through(
            storage,
            new HookedTransport(r =>
            {
                if (CountedResults.Writes(r, IndexKeys.Counts))
                    time.Advance(TimeSpan.FromSeconds(15));
                return Task.CompletedTask;
            })
        );

        int first = await new HourRecount(slow, CountedResults.AnyAge, time).RunAsync(TimeSpan.FromSeconds(40), Cancellation);
        int second = await CountedResults.Recount(storage).RunAsync(Long, Cancellation);

        Assert.InRange(first, 3, 8);
        Assert.Equal(12, first + second);
    }

    private static ResultDocument Result(string file, double? raw = 0.25, double threshold = 0.5) =>
        CountedResults.Result("line1", file, Noon, raw: raw, threshold: threshold);

    private static Task<ScoreSplit> SplitAsync(StorageClients storage) =>
        new ScoreCounts(storage).ReadAsync("line1", "tiny@1", Noon.AddHours(-12), Noon.AddHours(12), Cancellation);

    private static async Task<int> TotalAsync(StorageClients storage) => (int)(await SplitAsync(storage)).Undecided.Sum();

    private static Task Count(bool counts, ref int counter)
    {
        if (counts)
            counter++;
        return Task.CompletedTask;
    }
}
