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

        Table table = new() { Border = TableBorder.Rounded };
        foreach (string title in header)
            table.AddColumn(new TableColumn(Markup.Escape(title)) { NoWrap = title == header[0] });
        foreach (string[] row in all)
            table.AddRow(row.Select(Markup.Escape).ToArray());
        AnsiConsole.Write(table);
    }
}
