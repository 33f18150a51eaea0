using AaClip.Cli.Operate;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results;
using AaClip.Tests;
using Parquet.Serialization;

namespace AaClip.Cli.Tests.Operate;

/// <summary><c>aaclip export</c> on real storage.</summary>
public sealed class ExportTests(AzuriteFixture azurite)
{
    private static readonly DateTimeOffset March = new(2026, 3, 31, 23, 59, 59, TimeSpan.Zero);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_month_is_a_file_that_holds_what_the_results_say()
    {
        using ScratchFolder folder = new();
        TestAccount account = await FilledAsync();

        Aaclip.Result result = account.Run("export", "--parquet", folder.Path);
        Aaclip.Result again = account.Run("export", "--parquet", folder.Path);

        Assert.Equal((0, "", 0), (result.Code, result.Error, again.Code));
        string march = Path.Combine(folder.Path, "results-2026-03.parquet"),
            april = Path.Combine(folder.Path, "results-2026-04.parquet");
        Assert.Equal([$"{march}: 1 rows", $"{april}: 2 rows"], result.Lines);
        Assert.Equal([march, april], Directory.GetFiles(folder.Path).Order(StringComparer.Ordinal)); // nothing half written
        ParquetResults.Row[] rows = [.. await RowsAsync(march), .. await RowsAsync(april)];
        Assert.Equal(["line1/a.png", "líne2/c.png", "line1/b.png"], rows.Select(r => r.Image));
        Assert.Equal(["normal", "failed", "anomalous"], rows.Select(r => r.Verdict));
        Assert.Equal([0.25, null, 0.75], rows.Select(r => r.Score));
        Assert.Equal([null, "damaged", null], rows.Select(r => r.Failure));
        Assert.Equal(March.UtcDateTime, rows[0].ImageTime);
    }

    [Fact]
    public async Task What_the_check_for_generated_pictures_says_is_in_the_file()
    {
        using ScratchFolder folder = new();
        TestAccount account = await FilledAsync();
        foreach ((string image, PictureOrigin origin) in new[] { ("a", PictureOrigin.Camera), ("z", PictureOrigin.Generated) })
        {
            double probability = origin == PictureOrigin.Generated ? 0.97 : 0.03;
            ResultDocument result = TestResult.Document($"line3/{image}.png", "0x1", Verdict.Normal, 0.1, TestAccount.Model, March);
            await new ResultStore(account.Storage).WriteAsync(
                result with
                {
                    Image = result.Image with { StoredAt = March },
                    Generated = new GeneratedPart("c2p@1", probability, null, origin, 0.9),
                },
                Cancellation
            );
        }

        Aaclip.Result export = account.Run("export", "--parquet", folder.Path);

        Assert.Equal((0, ""), (export.Code, export.Error));
        IList<ParquetResults.Row> rows = await RowsAsync(Path.Combine(folder.Path, "results-2026-03.parquet"));
        Assert.Equal(
            [("line1/a.png", null, null), ("line3/a.png", 0.03, false), ("line3/z.png", 0.97, true)],
            rows.Select(r => (r.Image, r.GeneratedProbability, r.GeneratedFlagged)).OrderBy(r => r.Image, StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task A_file_of_an_older_program_without_the_newest_columns_can_be_read()
    {
        using ScratchFolder folder = new();
        string file = Path.Combine(folder.Path, "results-2025-01.parquet");
        await ParquetSerializer.SerializeAsync(
            [
                new OldRow
                {
                    ImageTime = March.UtcDateTime,
                    Image = "line1/a.png",
                    Score = 0.25,
                },
            ],
            file,
            cancellationToken: Cancellation
        );

        ParquetResults.Row row = Assert.Single(await RowsAsync(file));

        Assert.Equal(("line1/a.png", 0.25, null, null), (row.Image, row.Score, row.GeneratedProbability, row.GeneratedFlagged));
    }

    [Fact]
    public async Task Camera_and_time_narrow_what_is_written()
    {
        using ScratchFolder folder = new();
        TestAccount account = await FilledAsync();

        Aaclip.Result camera = account.Run("export", "--parquet", folder.Path, "--camera", "line1", "--from", "2026-04-01");
        Aaclip.Result nothing = account.Run("export", "--parquet", folder.Path, "--to", "2026-01-01");

        Assert.Equal(["line1/b.png"], (await RowsAsync(Assert.Single(Directory.GetFiles(folder.Path)))).Select(r => r.Image));
        Assert.Equal((0, 0, "No results.\n"), (camera.Code, nothing.Code, nothing.Error));
    }

    [Fact]
    public async Task A_folder_that_cannot_be_made_is_named()
    {
        using ScratchFolder folder = new();
        string file = Path.Combine(folder.Path, "file");
        await File.WriteAllTextAsync(file, "", Cancellation);
        TestAccount account = await FilledAsync();

        Aaclip.Result result = account.Run("export", "--parquet", file);

        Assert.Equal(1, result.Code);
        Assert.Contains(file, result.Error, StringComparison.Ordinal);
    }

    private async Task<TestAccount> FilledAsync()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        await AddAsync("line1/a.png", Verdict.Normal, 0.25, March);
        await AddAsync("line1/b.png", Verdict.Anomalous, 0.75, March.AddSeconds(1));
        await AddAsync("líne2/c.png", Verdict.Failed, 0, March.AddDays(3));
        return account;

        async Task AddAsync(string image, Verdict verdict, double score, DateTimeOffset stored)
        {
            ResultDocument result = TestResult.Document(image, "0x1", verdict, score, TestAccount.Model, stored.AddHours(1));
            await new ResultStore(account.Storage).WriteAsync(
                result with
                {
                    Image = result.Image with { StoredAt = stored },
                },
                Cancellation
            );
        }
    }

    private static async Task<IList<ParquetResults.Row>> RowsAsync(string file) =>
        (await ParquetSerializer.DeserializeAsync<ParquetResults.Row>(file, cancellationToken: Cancellation)).Data;

    private sealed class OldRow
    {
        public DateTime ImageTime { get; set; }

        public string Image { get; set; } = "";

        public double? Score { get; set; }
    }
}
