using System.Text.Json.Nodes;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Storage;
using AaClip.Tests;

namespace AaClip.Cli.Tests.Operate;

/// <summary><c>aaclip results</c> on real storage.</summary>
public sealed class ResultsTests(AzuriteFixture azurite)
{
    private static readonly DateTimeOffset Noon = new(
        DateTimeOffset.UtcNow.Ticks / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond,
        TimeSpan.Zero
    );

    [Fact]
    public async Task Rows_are_the_cameras_results_newest_first()
    {
        TestAccount account = await FilledAsync();

        Aaclip.Result result = account.Run("results", "--camera", "line1");

        Assert.Equal((0, ""), (result.Code, result.Error));
        Assert.Equal("time\tcamera\timage\tverdict\tscore\tmodel", result.Lines[0]);
        Assert.Equal(
            [
                ["line1", "c.png", "failed (damaged)", "", "tiny@1"],
                ["line1", "day/b.png", "anomalous", "0.750", "new@2"],
                ["line1", "a.png", "normal", "0.250", "tiny@1"],
            ],
            result.Rows.Select(r => r[1..])
        );
    }

    [Theory]
    [InlineData("line1/c.png", "--camera", "line1", "--top", "1")]
    [InlineData("line1/day/b.png", "--model", "new@2")]
    [InlineData("line1/c.png line2/d.png", "--since", "90s")]
    [InlineData("line2/d.png", "--camera", "line2")]
    [InlineData("line1/day/b.png", "--verdict", "anomalous")]
    [InlineData("line1/c.png line1/day/b.png", "--verdict", "failed", "--verdict", "anomalous")]
    [InlineData("line1/a.png line1/day/b.png", "--until", "90s", "--class", "bottle")]
    [InlineData("line1/day/b.png", "--part", "part of line1/day/b.png")]
    [InlineData("line1/day/b.png", "--min-score", "0.5")]
    [InlineData("line1/a.png line2/d.png", "--max-score", "0.5")]
    public async Task Json_lines_can_be_filtered(string expected, params string[] arguments)
    {
        TestAccount account = await FilledAsync();

        Aaclip.Result result = account.Run(["results", "--json", .. arguments]);

        Assert.Equal((0, ""), (result.Code, result.Error));
        JsonNode[] lines = [.. result.Lines.Select(l => JsonNode.Parse(l)!)]; // no line is "null"
        Assert.Equal(expected.Split(' '), lines.Select(l => (string)l["image"]!).Order());
        Assert.All(lines, l => Assert.Contains((string)l["verdict"]!, (string[])["normal", "anomalous", "failed"]));
    }

    [Fact]
    public async Task An_account_without_results_says_so()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);

        Aaclip.Result result = account.Run("results", "--camera", "line1");

        Assert.Equal((0, "", "No results.\n"), (result.Code, result.Output, result.Error));
    }

    [Fact]
    public async Task Results_without_an_index_are_told_how_to_get_one()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        await account.WriteAsync(ContainerNames.Results, "tiny@1/line1/a.png/0x1.json");

        Aaclip.Result result = account.Run("results");

        Assert.Equal((0, ""), (result.Code, result.Output));
        Assert.Contains("'aaclip verify --repair-index' makes it", result.Error, StringComparison.Ordinal);
    }

    private async Task<TestAccount> FilledAsync()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        await account.ResultAsync("line1/a.png", "0x1", time: Noon.AddSeconds(-300));
        await account.ResultAsync("line1/day/b.png", "0x2", Verdict.Anomalous, 0.75, "new@2", Noon.AddSeconds(-200));
        await account.ResultAsync("line1/c.png", "0x3", Verdict.Failed, time: Noon.AddSeconds(-10));
        await account.ResultAsync("line2/d.png", "0x4", time: Noon.AddSeconds(-5));
        return account;
    }
}
