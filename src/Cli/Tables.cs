using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace AaClip.Cli;

/// <summary>How a column adapts to a narrow terminal.</summary>
internal enum Fit
{
    /// <summary>Numbers and keywords: never shortened or wrapped.</summary>
    Whole,

    /// <summary>Names: shortened in the middle, because names differ at their ends.</summary>
    Name,

    /// <summary>Sentences: wrapped.</summary>
    Text,
}

/// <summary>A column of a table.</summary>
/// <param name="Title">Wrapped between words if the column is narrower.</param>
/// <param name="Least">Minimum width of a name or a sentence, in characters.</param>
internal readonly record struct Column(string Title, Fit Fit = Fit.Whole, int Least = 8)
{
    public static implicit operator Column(string title) => new(title);

    public static Column Name(string title, int least = 8) => new(title, Fit.Name, least);

    public static Column Text(string title) => new(title, Fit.Text, 20);
}

/// <summary>Tables: fitted to the width of a terminal; tab-separated and not shortened in a pipe.</summary>
internal static class Tables
{
    private const string Cut = "…";

    public static void Write(IReadOnlyList<Column> columns, IEnumerable<string[]> rows)
    {
        List<string[]> all = [.. rows];
        if (all.Count == 0)
            return;
        if (Console.IsOutputRedirected)
        {
            Console.WriteLine(string.Join('\t', columns.Select(c => c.Title)));
            foreach (string[] row in all)
                Console.WriteLine(string.Join('\t', row));
            Console.WriteLine();
            return;
        }

        foreach (Table table in Build(columns, all, AnsiConsole.Profile.Width))
        {
            AnsiConsole.Write(table);
            if (!table.Border.Visible)
                Console.WriteLine(); // separates it from the next output, which a border does otherwise
        }
    }

    /// <summary>
    /// With borders if everything fits. Otherwise without borders, and with shortened names. If the numbers alone do not fit, as several
    /// tables below each other, each with the first column.
    /// </summary>
    /// <param name="width">Width of the terminal, in characters.</param>
    /// <param name="color">Colour of a cell by row and column; null for none.</param>
    internal static IReadOnlyList<Table> Build(
        IReadOnlyList<Column> columns,
        IReadOnlyList<string[]> rows,
        int width,
        Func<int, int, string?>? color = null
    )
    {
        int[] natural = [.. columns.Select((c, i) => rows.Select(r => Width(r[i])).Append(LongestWord(c.Title)).Max())];
        int[] all = [.. Enumerable.Range(0, columns.Count)];
        int[] roomy = [.. natural.Select((n, i) => Math.Max(n, Width(columns[i].Title)))];
        if (roomy.Sum() + 3 * columns.Count + 1 <= width)
            return [Draw(all, roomy, 0)];
        foreach (int gap in (int[])[2, 1])
            if (Shrink(columns, all, natural, width, gap) is { } widths)
                return [Draw(all, widths, gap)];
        return
        [
            .. Parts(columns, natural, width)
                .Select(part => Draw(part, Shrink(columns, part, natural, width, 2) ?? [.. part.Select(i => natural[i])], 2)),
        ];

        Table Draw(int[] part, int[] widths, int gap)
        {
            Table table = gap == 0 ? new Table().RoundedBorder() : new Table().NoBorder();
            foreach ((int at, int i) in part.Index())
            {
                TableColumn column = new(gap == 0 ? Markup.Escape(columns[i].Title) : $"[bold]{Markup.Escape(columns[i].Title)}[/]")
                {
                    Width = widths[at],
                };
                if (gap > 0)
                    column.Padding = new Padding(0, 0, at == part.Length - 1 ? 0 : gap, 0);
                table.AddColumn(column);
            }

            foreach ((int r, string[] row) in rows.Index())
                table.AddRow(
                    part.Select((i, at) => Cell(columns[i].Fit == Fit.Text ? row[i] : Shorten(row[i], widths[at]), color?.Invoke(r, i)))
                );
            return table;
        }
    }

    /// <summary>A row of a list that grows: columns of fixed widths, names shortened so that the row stays on one line.</summary>
    /// <param name="widths">Widths of the columns on a terminal that is wide enough.</param>
    internal static string Line(IReadOnlyList<Column> columns, IReadOnlyList<int> widths, string[] cells, int width)
    {
        int[] natural = [.. cells.Select((cell, i) => columns[i].Fit == Fit.Whole ? Math.Max(Width(cell), widths[i]) : widths[i])];
        int[] fitted = Shrink(columns, [.. Enumerable.Range(0, columns.Count)], natural, width, 2) ?? natural;
        return string.Join("  ", cells.Select((cell, i) => Pad(Shorten(cell, fitted[i]), fitted[i]))).TrimEnd();
    }

    /// <summary>Shortens a text that is too wide, in its middle: "a-long-name-0001.png" becomes "a-lo…01.png".</summary>
    internal static string Shorten(string text, int width)
    {
        if (Width(text) <= width)
            return text;
        string[] letters = [.. Letters(text)];
        string begin = "",
            end = "";
        int first = 0,
            last = letters.Length - 1,
            room = width - 1;
        while (first <= last)
        {
            bool atEnd = Width(end) <= Width(begin);
            string next = letters[atEnd ? last : first];
            if (Width(begin) + Width(end) + Width(next) > room)
                break;
            (begin, end) = atEnd ? (begin, next + end) : (begin + next, end);
            (first, last) = atEnd ? (first, last - 1) : (first + 1, last);
        }

        return begin + Cut + end;
    }

    private static Markup Cell(string text, string? color) =>
        new(color is null ? Markup.Escape(text) : $"[{color}]{Markup.Escape(text)}[/]") { Overflow = Overflow.Fold };

    // Narrows the widest name or sentence until all columns fit; null if they cannot fit.
    private static int[]? Shrink(IReadOnlyList<Column> columns, int[] part, int[] natural, int width, int gap)
    {
        int[] widths = [.. part.Select(i => natural[i])];
        int over = widths.Sum() + gap * (part.Length - 1) - width;
        while (over > 0)
        {
            int at = -1;
            for (int i = 0; i < part.Length; i++)
                if (columns[part[i]].Fit != Fit.Whole && widths[i] > columns[part[i]].Least && (at < 0 || widths[i] > widths[at]))
                    at = i;
            if (at < 0)
                return null;
            widths[at]--;
            over--;
        }

        return widths;
    }

    // As few parts as possible, with about the same number of columns each; every part begins with the first column.
    private static List<int[]> Parts(IReadOnlyList<Column> columns, int[] natural, int width)
    {
        List<int[]> parts = Fill(int.MaxValue);
        return Fill((columns.Count - 2) / parts.Count + 1);

        List<int[]> Fill(int most)
        {
            List<int[]> filled = [];
            List<int> part = [0];
            for (int i = 1; i < columns.Count; i++)
            {
                if (part.Count > 1 && (part.Count > most || Shrink(columns, [.. part, i], natural, width, 2) is null))
                {
                    filled.Add([.. part]);
                    part = [0];
                }

                part.Add(i);
            }

            filled.Add([.. part]);
            return filled;
        }
    }

    private static int LongestWord(string title) => title.Split(' ').Max(Width);

    private static string Pad(string text, int width) => text + new string(' ', Math.Max(0, width - Width(text)));

    // Counts cells of a terminal: a Chinese character takes two.
    private static int Width(string text) => new Segment(text.ReplaceLineEndings(" ")).CellCount();

    private static IEnumerable<string> Letters(string text)
    {
        TextElementEnumerator letters = StringInfo.GetTextElementEnumerator(text);
        while (letters.MoveNext())
            yield return letters.GetTextElement();
    }
}
