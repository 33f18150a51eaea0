using Spectre.Console;

namespace AaClip.Cli;

/// <summary>Tables for people: with lines on a terminal, tab-separated in a pipe.</summary>
internal static class Tables
{
    public static void Write(IReadOnlyList<string> header, IEnumerable<string[]> rows)
    {
        List<string[]> all = [.. rows];
        if (all.Count == 0)
            return;
        if (Console.IsOutputRedirected)
        {
            Console.WriteLine(string.Join('\t', header));
            foreach (string[] row in all)
                Console.WriteLine(string.Join('\t', row));
            Console.WriteLine();
            return;
        }

        AnsiConsole.Write(Build(header, all));
    }

    /// <summary>The first column gives way where the terminal is narrow: it holds names, the others what is looked for.</summary>
    internal static Table Build(IReadOnlyList<string> header, IEnumerable<string[]> rows)
    {
        Table table = new() { Border = TableBorder.Rounded };
        for (int i = 0; i < header.Count; i++)
            table.AddColumn(new TableColumn(Markup.Escape(header[i])) { NoWrap = i > 0 && header.Count > 2 });
        foreach (string[] row in rows)
            table.AddRow(row.Select(Markup.Escape).ToArray());
        return table;
    }
}
