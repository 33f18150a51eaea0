using Spectre.Console;

namespace AaClip.Cli.Tests;

/// <summary>Tables on a terminal.</summary>
public sealed class TablesTests
{
    [Theory]
    [InlineData(80)]
    [InlineData(200)]
    public void Long_paths_never_push_the_numbers_out(int width)
    {
        string[] header = ["image", "raw", "detection", "map max", "hottest at", "regions", "verdict"];
        string[] row = ["/srv/photos/of/a/line/that/is/far/away/and/has/a/long/name/bottle[1]/000.png", "0.1234", "0.5678", "12.34", "1024,768", "17", "anomalous"];

        string text = Render(Tables.Build(header, [row, row]), width);

        Assert.All(header.Concat(row[1..]), word => Assert.Contains(word, text, StringComparison.Ordinal));
        Assert.All(text.Split('\n'), line => Assert.InRange(line.TrimEnd().Length, 0, width));
        Assert.Equal(row[0], string.Concat(text.Split('\n').Where(l => l.StartsWith('│')).Skip(1).Select(l => l.Split('│')[1].Trim()))[..row[0].Length]);
    }

    private static string Render(Table table, int width)
    {
        StringWriter writer = new();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(writer) });
        console.Profile.Width = width;
        console.Profile.Capabilities.Unicode = true;
        console.Write(table);
        return writer.ToString();
    }
}
