using System.Text.RegularExpressions;
using AaClip.Cli.Demo;
using AaClip.Cli.Operate;
using AaClip.Pipeline.Contracts;
using AaClip.Tests;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace AaClip.Cli.Tests;

/// <summary>Tables on terminals of 60, 80 and 120 columns: names are shortened, numbers never.</summary>
public sealed class TablesTests : IDisposable
{
    private static readonly Column[] Score = [Column.Name("image"), "raw", "detection", "map max", "hottest at", "regions", "verdict"];
    private static readonly string[] ScoreRow =
    [
        "photos/of/a/line/that/is/far/away/bottle[1]/000.png",
        "0.1234",
        "0.5678",
        "-112.34",
        "1024,768",
        "17",
        "anomalous",
    ];
    private static readonly Column[] Evaluate =
    [
        Column.Name("class"),
        "normal",
        "anomalous",
        "pixel AUROC",
        "pixel AP",
        "pixel F1-max",
        "AUPRO",
        "image AUROC",
        "image AP",
        "image F1-max",
        "alone: AUROC",
        "alone: AP",
        "alone: F1-max",
    ];
    private static readonly string[] EvaluateRow =
    [
        "a printed circuit board with a very long name",
        "123",
        "45",
        "88.67",
        "99.99",
        "34.02",
        "61.29",
        "100.00",
        "97.53",
        "95.31",
        "92.46",
        "not defined",
        "86.42",
    ];
    private static readonly Column[] Jobs =
    [
        "job",
        "status",
        "mode",
        Column.Name("model"),
        Column.Name("against"),
        "images",
        "done",
        "changed",
        "left",
    ];
    private static readonly string[] JobsRow =
    [
        "20260131-081500-3f2a",
        "running",
        "threshold",
        "aaclip-of-some-customer@3f2a91bc",
        "demo@95582247",
        "123456+",
        "12345",
        "678",
        "1.02:03:04",
    ];
    private static readonly string[] ResultsRow =
    [
        "01-31 08:15:00",
        "line-with-a-name",
        "day/photo-0001.png",
        "anomalous",
        "0.750",
        "aaclip-of-some-customer@3f2a91bc",
    ];

    private readonly PhotoFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, int> Cases =>
        new(
            from table in (string[])["score", "evaluate", "jobs", "results"]
            from width in (int[])[60, 80, 100, 120, 200]
            select (table, width)
        );

    [Theory]
    [MemberData(nameof(Cases))]
    public void Numbers_are_whole_and_names_keep_both_ends(string name, int width)
    {
        (IReadOnlyList<Column> columns, string[] row) = name switch
        {
            "score" => (Score, ScoreRow),
            "evaluate" => (Evaluate, EvaluateRow),
            "jobs" => (Jobs, JobsRow),
            _ => (ResultLine.Columns, ResultsRow),
        };

        string[] lines = [.. Tables.Build(columns, [row, row], width).SelectMany(t => Render(t, width))];

        Assert.All(lines, line => Assert.InRange(line.Length, 0, width));
        foreach ((int i, Column column) in columns.Index())
        {
            string[] forms =
                column.Fit == Fit.Whole ? [row[i]] : [row[i], .. Enumerable.Range(column.Least, 60).Select(w => Tables.Shorten(row[i], w))];
            int found = lines.Count(line => forms.Any(form => Has(line, form)));
            // Once for each row; the first column is in each part
            Assert.True(i == 0 ? found >= 2 && found % 2 == 0 : found == 2, $"'{row[i]}' is {found} times in\n{string.Join('\n', lines)}");
        }

        if (width == 200)
            Assert.All(row, cell => Assert.Contains(lines, l => Has(l, cell)));
    }

    [Theory]
    [InlineData("a-long-name-0001.png", 10, "a-lo…1.png")]
    [InlineData("short.png", 10, "short.png")]
    [InlineData("日本語の長い名前.png", 11, "日本…前.png")]
    [InlineData("👩‍🔬👩‍🔬👩‍🔬👩‍🔬👩‍🔬", 5, "👩‍🔬…👩‍🔬")]
    public void A_name_is_shortened_in_its_middle_between_letters(string name, int width, string expected) =>
        Assert.Equal(expected, Tables.Shorten(name, width));

    [Theory]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(120)]
    public void A_growing_list_stays_one_line_for_each_row(int width)
    {
        string line = Tables.Line(ResultLine.Columns, [14, 12, 32, 18, 5, 24], ResultsRow, width);

        Assert.InRange(line.Length, 40, width);
        Assert.All((string[])[ResultsRow[0], "anomalous", "0.750"], whole => Assert.Contains(whole, line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(60, 24)]
    [InlineData(80, 24)]
    [InlineData(120, 50)]
    public void The_view_of_a_run_fits_the_terminal(int width, int height)
    {
        DemoRow[] rows =
        [
            .. Enumerable
                .Range(0, 40)
                .Select(i => new DemoRow("a-camera-with-a-name", $"a-camera-with-a-name/photo-of-a-part-{i:D4}.png")
                {
                    DroppedAt = DateTimeOffset.UnixEpoch,
                    Result = new ResultLine(
                        DateTimeOffset.UnixEpoch.AddMilliseconds(12345),
                        "a-camera-with-a-name",
                        "",
                        Verdict.Anomalous,
                        0.75,
                        "m@1",
                        null,
                        "",
                        DateTimeOffset.UnixEpoch,
                        null
                    ),
                    Alert = "updated critical",
                }),
        ];

        string[] lines = Render(DemoView.Draw(rows, 40, new Dictionary<string, string>(), width, height), width);

        Assert.InRange(lines.Length, 10, height - 1);
        Assert.All(lines, line => Assert.InRange(line.Length, 0, width));
        Assert.Equal(Math.Clamp(height - 9, 3, 18), lines.Count(l => Has(l, "anomalous") && Has(l, "12345") && Has(l, "0.750")));
        Assert.Contains(lines, l => l.Contains("9.png ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(120)]
    public void The_program_uses_the_width_of_the_terminal(int width)
    {
        _folder.Photo("a-photo-with-a-name-that-is-longer-than-a-narrow-terminal-can-show-whole-0001.png", 1);
        _folder.Photo("a-photo-with-a-name-that-is-longer-than-a-narrow-terminal-can-show-whole-0002.png", 2);

        Aaclip.Result result = Aaclip.OnTerminal(
            width,
            "score",
            "--model",
            TinyPackage.Random(),
            "--class",
            "bottle",
            "--threshold",
            "0.000001",
            _folder.Path
        );

        Assert.Equal(0, result.Code);
        string[] rows = [.. result.Lines.Where(l => l.Contains("anomalous", StringComparison.Ordinal))];
        Assert.Equal(2, rows.Length);
        Assert.All(rows, row => Assert.InRange(row.Length, 40, width));
        Assert.Contains("1.png", rows[0], StringComparison.Ordinal);
        Assert.Contains("2.png", rows[1], StringComparison.Ordinal);
    }

    // As a separate word, not as a part of another number.
    private static bool Has(string line, string cell) => Regex.IsMatch(line, $@"(?<![\w.…-]){Regex.Escape(cell)}(?![\w.…])");

    private static string[] Render(IRenderable content, int width)
    {
        StringWriter writer = new();
        IAnsiConsole console = AnsiConsole.Create(
            new AnsiConsoleSettings
            {
                Ansi = AnsiSupport.No,
                ColorSystem = ColorSystemSupport.NoColors,
                Out = new AnsiConsoleOutput(writer),
            }
        );
        console.Profile.Width = width;
        console.Profile.Capabilities.Unicode = true;
        console.Write(content);
        return [.. writer.ToString().Split('\n').Select(l => l.TrimEnd()).Where(l => l.Length > 0)];
    }
}
