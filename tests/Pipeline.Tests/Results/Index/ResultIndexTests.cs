using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Storage;
using AaClip.Tests;

namespace AaClip.Pipeline.Tests.Results.Index;

public class ResultIndexTests(AzuriteFixture azurite)
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);
    private static readonly string[] Cameras = ["line1", "line2", "!x", "líne/3"];
    private static readonly string[] Models = ["tiny@1", "tiny@2"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_query_gives_what_a_filter_over_all_results_gives()
    {
        ResultIndex index = new(await azurite.NewAsync());
        Random random = new(7);
        ResultDocument[] all = [.. Enumerable.Range(0, 240).Select(i => Any(random, i))];
        await Parallel.ForEachAsync(all, Cancellation, async (result, token) => await index.PutAsync(result, token));
        ResultRow[] rows = [.. all.Select(ResultRow.Of).OrderBy(r => r.Cursor, StringComparer.Ordinal)];

        foreach (ResultQuery query in Queries(random, rows))
        {
            string[] wanted = [.. rows.Where(r => Wants(query, r)).Select(r => r.Blob)];
            string[] found = await index.QueryAsync(query, Cancellation).Select(r => r.Blob).ToArrayAsync(Cancellation);
            Assert.True(wanted.SequenceEqual(found), $"{query}: {wanted.Length} wanted, {found.Length} found");
        }
    }

    [Fact]
    public async Task A_row_holds_what_the_result_says()
    {
        ResultIndex index = new(await azurite.NewAsync());
        ResultDocument result = Result("line1", "a b/ü#?.jpg", Noon, "tiny@1", Verdict.Anomalous) with { Job = "j1" };
        await index.PutAsync(result, Cancellation);

        ResultRow row = Assert.Single(await index.QueryAsync(new ResultQuery(), Cancellation).ToListAsync(Cancellation));

        Assert.Equal(ResultRow.Of(result), row);
        Assert.Equal(("line1/a b/ü#?.jpg", "0x1", "j1", 0.75, Noon), (row.Image, row.ETag, row.Job, row.Score, row.ImageTime));
    }

    [Fact]
    public async Task A_message_that_comes_twice_leaves_one_row_and_one_of_the_fleet()
    {
        StorageClients storage = await azurite.NewAsync();
        ResultDocument result = Result("line1", "a.jpg", Noon, "tiny@1", Verdict.Anomalous);

        await new ResultIndex(storage).PutAsync(result, Cancellation);
        await new ResultIndex(storage).PutAsync(result with { ScoredAt = Noon.AddHours(3) }, Cancellation);

        ResultIndex index = new(storage);
        Assert.Equal(Noon.AddHours(3), (await OnlyAsync(index, new ResultQuery { Camera = "line1" })).Time);
        Assert.Equal(Noon.AddHours(3), (await OnlyAsync(index, new ResultQuery { Verdicts = [Verdict.Anomalous] })).Time);
    }

    [Fact]
    public async Task What_is_judged_normal_later_leaves_the_anomalies_of_the_fleet()
    {
        ResultIndex index = new(await azurite.NewAsync());
        await index.PutAsync(Result("line1", "a.jpg", Noon, "tiny@1", Verdict.Anomalous), Cancellation);

        await index.PutAsync(Result("line1", "a.jpg", Noon, "tiny@1", Verdict.Normal), Cancellation);

        Assert.Empty(await index.QueryAsync(new ResultQuery { Verdicts = [Verdict.Anomalous] }, Cancellation).ToListAsync(Cancellation));
        Assert.Equal(Verdict.Normal, (await OnlyAsync(index, new ResultQuery())).Verdict);
    }

    [Fact]
    public async Task A_removed_row_is_in_no_query()
    {
        ResultIndex index = new(await azurite.NewAsync());
        ResultDocument result = Result("line1", "a.jpg", Noon, "tiny@1", Verdict.Failed);
        await index.PutAsync(result, Cancellation);

        await index.RemoveAsync(ResultRow.Of(result), Cancellation);
        await index.RemoveAsync(ResultRow.Of(result), Cancellation); // a second time is no error

        Assert.Empty(await index.QueryAsync(new ResultQuery(), Cancellation).ToListAsync(Cancellation));
        Assert.Empty(await index.QueryAsync(new ResultQuery { Verdicts = [Verdict.Failed] }, Cancellation).ToListAsync(Cancellation));
    }

    [Fact]
    public async Task A_month_is_dropped_with_all_its_rows_and_may_come_back()
    {
        ResultIndex index = new(await azurite.NewAsync());
        await index.PutAsync(Result("line1", "old.jpg", Noon.AddMonths(-2), "tiny@1", Verdict.Anomalous), Cancellation);
        await index.PutAsync(Result("line1", "new.jpg", Noon, "tiny@1", Verdict.Anomalous), Cancellation);

        await index.DropAsync(new DateOnly(2026, 9, 1), Cancellation);
        await index.DropAsync(new DateOnly(2026, 9, 1), Cancellation);

        Assert.Equal("line1/new.jpg", (await OnlyAsync(index, new ResultQuery())).Image);
        Assert.Equal([new DateOnly(2026, 11, 1)], await index.MonthsAsync(Cancellation));
        await index.PutAsync(Result("line1", "old.jpg", Noon.AddMonths(-2), "tiny@1", Verdict.Normal), Cancellation);
        Assert.Equal(2, await index.QueryAsync(new ResultQuery(), Cancellation).CountAsync(Cancellation));
    }

    [Fact]
    public async Task Two_stores_on_one_account_do_not_see_each_other()
    {
        ResultIndex one = new(await azurite.NewAsync()),
            other = new(await azurite.NewAsync());

        await one.PutAsync(Result("line1", "a.jpg", Noon, "tiny@1", Verdict.Normal), Cancellation);

        Assert.Empty(await other.QueryAsync(new ResultQuery(), Cancellation).ToListAsync(Cancellation));
    }

    [Theory]
    [InlineData("2516823456789012345|x|y", true)]
    [InlineData("9999999999999999999|x|y", false)]
    [InlineData("a.jpg", false)]
    [InlineData("' or 1 eq 1", false)]
    public async Task Only_a_cursor_is_taken_for_one(string text, bool good)
    {
        ResultIndex index = new(await azurite.NewAsync());

        Task<List<ResultRow>> Ask() => index.QueryAsync(new ResultQuery { After = text }, Cancellation).ToListAsync(Cancellation).AsTask();

        if (good)
            Assert.Empty(await Ask());
        else
            Assert.Contains("is no cursor", (await Assert.ThrowsAsync<ArgumentException>(Ask)).Message, StringComparison.Ordinal);
    }

    private static async Task<ResultRow> OnlyAsync(ResultIndex index, ResultQuery query) =>
        Assert.Single(await index.QueryAsync(query, Cancellation).ToListAsync(Cancellation));

    private static IEnumerable<ResultQuery> Queries(Random random, ResultRow[] rows)
    {
        yield return new ResultQuery();
        yield return new ResultQuery { PageSize = 7 };
        for (int i = 0; i < 120; i++)
        {
            DateTimeOffset from = Time(random),
                to = Time(random);
            yield return new ResultQuery
            {
                Camera = random.Next(2) == 0 ? Cameras[random.Next(Cameras.Length)] : null,
                Model = random.Next(3) == 0 ? Models[random.Next(2)] : null,
                Verdicts = random.Next(4) switch
                {
                    0 => [Verdict.Anomalous],
                    1 => [Verdict.Failed, Verdict.Anomalous],
                    2 => [Verdict.Normal, Verdict.Anomalous],
                    _ => null,
                },
                Class = random.Next(6) == 0 ? "bottle's" : null,
                Job = random.Next(8) == 0 ? "j1" : null,
                MinScore = random.Next(4) == 0 ? 0.3 : null,
                MaxScore = random.Next(4) == 0 ? 0.8 : null,
                Part = random.Next(4) == 0 ? "SN'1" : null,
                From = random.Next(3) == 0 ? from : null,
                To = random.Next(3) == 0 ? to : null,
                After = random.Next(3) == 0 ? rows[random.Next(rows.Length)].Cursor : null,
                PageSize = random.Next(1, 40),
            };
        }
    }

    private static bool Wants(ResultQuery query, ResultRow row) =>
        (query.Camera is null || row.Camera == query.Camera)
        && (query.Model is null || row.Model == query.Model)
        && query.Verdicts?.Contains(row.Verdict) != false
        && (query.Class is null || row.Class == query.Class)
        && (query.Part is null || row.Part == query.Part)
        && (query.Job is null || row.Job == query.Job)
        && (query.MinScore is null || row.Score >= query.MinScore)
        && (query.MaxScore is null || row.Score < query.MaxScore)
        && !(row.ImageTime < query.From)
        && !(row.ImageTime >= query.To)
        && string.CompareOrdinal(row.Cursor, query.After) > 0;

    // Few different moments, so that many results share one, and bounds meet them exactly.
    private static DateTimeOffset Time(Random random) =>
        new DateTimeOffset(2026, 9 + random.Next(3), 1 + random.Next(30), 0, 0, 0, TimeSpan.Zero)
            .AddHours(random.Next(3) * 11.5)
            .AddTicks(random.Next(3) == 0 ? -1 : 0);

    private static ResultDocument Any(Random random, int number) =>
        Result(
            Cameras[random.Next(Cameras.Length)],
            $"{number}.jpg",
            Time(random),
            Models[random.Next(2)],
            (Verdict)random.Next(3),
            random.Next(20) / 20.0
        ) with
        {
            Job = random.Next(3) == 0 ? "j1" : null,
        };

    private static ResultDocument Result(
        string camera,
        string file,
        DateTimeOffset stored,
        string model,
        Verdict verdict,
        double score = 0.75
    ) =>
        new()
        {
            Image = new ImagePart
            {
                Name = $"{camera.Split('/')[0]}/{file}",
                ETag = "0x1",
                Bytes = 10,
                Width = 4,
                Height = 3,
                Camera = camera,
                ObjectClass = file.Length % 2 == 0 ? "bottle's" : "screw",
                StoredAt = stored,
                Part = file.Length % 3 == 0 ? "SN'1" : null,
            },
            Model = new ModelPart(model.Split('@')[0], model.Split('@')[1], null, null, null),
            Score = verdict == Verdict.Failed ? new ScorePart(verdict) : new ScorePart(verdict, 0.5f, 3.25f, score - 0.1, score, 0.5),
            Failure = verdict == Verdict.Failed ? new FailurePart("damaged", "It is damaged.") : null,
            Timings = new TimingsPart(1, 2.5, 3, null, 5),
            ScoredAt = stored.AddSeconds(2),
        };
}
