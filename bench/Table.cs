using System.Globalization;
using Spectre.Console;

namespace AaClip.Bench;

/// <summary>Prints a report: a table on a terminal, tab-separated lines into a pipe.</summary>
internal static class Table
{
    public static void Write(Report report, IReadOnlyList<Baseline> baselines)
    {
        Console.WriteLine($"{report.Machine}");
        string speed = report.GflopPerSecond > 0 ? $"; a large float32 product reaches {report.GflopPerSecond:F0} GFLOP/s" : "";
        Console.WriteLine(report.Runtime + speed);
        for (int i = 0; i < baselines.Count; i++)
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Baseline {i + 1}: {baselines[i].SecondsPerImage:F1} s per image, {baselines[i].PeakGiB:F2} GiB: "
                        + $"{baselines[i].Note}, on {baselines[i].Machine}"
                )
            );
        string[] header =
        [
            "measured",
            "median",
            "lowest - highest",
            "target",
            "reached",
            $"against baseline{(baselines.Count > 1 ? $"s 1-{baselines.Count}" : "")}",
        ];
        IEnumerable<string[]> rows = report.Rows.Select(r =>
            new[]
            {
                r.What,
                r.Value,
                r.Spread,
                r.Target,
                r.Reached is { } yes
                    ? yes
                        ? "yes"
                        : "NO"
                    : "",
                r.Ratio,
            }
        );
        if (Console.IsOutputRedirected)
        {
            foreach (string[] row in rows.Prepend(header))
                Console.WriteLine(string.Join('\t', row));
            return;
        }

        Spectre.Console.Table table = new() { Border = TableBorder.Rounded };
        foreach (string title in header)
            table.AddColumn(title);
        foreach (string[] row in rows)
            table.AddRow(row.Select(Markup.Escape).ToArray());
        AnsiConsole.Write(table);
    }
}
