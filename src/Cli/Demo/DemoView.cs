using System.Globalization;
using AaClip.Cli.Operate;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Operations;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace AaClip.Cli.Demo;

/// <summary>A row of the view.</summary>
internal sealed class DemoRow(string camera, string image)
{
    public string Camera { get; } = camera;
    public string Image { get; } = image;
    public DateTimeOffset? DroppedAt { get; init; }
    public ResultLine? Result { get; set; }
    public string Alert { get; set; } = "";

    /// <summary>Time from storing the image to its result; null until there is a result.</summary>
    public double? Milliseconds =>
        Result is null || DroppedAt is null ? null : Math.Max(0, (Result.Time - DroppedAt.Value).TotalMilliseconds);
}

/// <summary>Shows results and alerts: on a terminal a table that is redrawn, elsewhere one line for each.</summary>
internal sealed class DemoView(bool table)
{
    private const int Least = 3,
        Most = 18,
        Around = 9; // rows shown, and lines above and below them

    private static readonly IReadOnlyList<Column> Columns =
    [
        Column.Name("camera", 5),
        Column.Name("image"),
        "score",
        Column.Name("verdict", 9),
        "ms",
        Column.Name("alert"),
    ];

    /// <summary>Writes the header, if the view is no table.</summary>
    public void Begin()
    {
        if (!table)
            Console.WriteLine("camera\timage\tscore\tverdict\tms");
    }

    /// <summary>Writes the result of an image, if the view is no table.</summary>
    public void Scored(DemoRow row)
    {
        if (!table)
            Console.WriteLine(string.Join('\t', Cells(row)[..^1]));
    }

    /// <summary>Writes the change of an alert, if the view is no table.</summary>
    public void Alert(SeenAlert alert)
    {
        if (!table)
            Console.WriteLine($"alert\t{alert.Camera}\t{alert.Change}\t{alert.Severity}\t{alert.Image}");
    }

    /// <summary>The newest rows, as many as fit on the terminal, and a summary line below.</summary>
    public static IRenderable Draw(IReadOnlyList<DemoRow> rows, int total, IReadOnlyDictionary<string, string> open, int width, int height)
    {
        DemoRow[] shown = [.. rows.TakeLast(Math.Clamp(height - Around, Least, Most))];
        IReadOnlyList<Table> tables = Tables.Build(
            Columns,
            [.. shown.Select(Cells)],
            width,
            (row, column) => column is 2 or 3 ? Color(shown[row]) : null
        );
        return new Rows([.. tables, new Text(Summary(rows, total, open))]);
    }

    /// <summary>Writes all rows, after the last redraw.</summary>
    public static void Close(IReadOnlyList<DemoRow> rows, int total, IReadOnlyDictionary<string, string> open)
    {
        Tables.Write(Columns, rows.Select(Cells));
        Console.WriteLine(Summary(rows, total, open));
    }

    internal static string Summary(IReadOnlyList<DemoRow> rows, int total, IReadOnlyDictionary<string, string> open)
    {
        int scored = rows.Count(r => r.Result is not null);
        if (scored == 0)
            return $"{rows.Count} of {total} images dropped; waiting for the first result: the worker loads the model";
        double[] times = [.. rows.Select(r => r.Milliseconds).OfType<double>().Order()];
        string alerts =
            open.Count == 0
                ? "no open alert"
                : "open alerts: " + string.Join(", ", open.OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => $"{o.Key} {o.Value}"));
        string median = times.Length == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", median {times[times.Length / 2]:F0} ms");
        return $"{scored} of {Math.Max(total, rows.Count)} scored{median}; {alerts}";
    }

    private static string Color(DemoRow row) =>
        row.Result?.Verdict switch
        {
            null => "grey",
            Verdict.Normal => "green",
            Verdict.Anomalous => "red",
            _ => "yellow",
        };

    private static string[] Cells(DemoRow row) =>
        [
            row.Camera,
            row.Image.StartsWith(row.Camera + "/", StringComparison.Ordinal) ? row.Image[(row.Camera.Length + 1)..] : row.Image,
            row.Result?.Score?.ToString("F3", CultureInfo.InvariantCulture) ?? "",
            row.Result is null ? "..."
            : row.Result.Failure is { } failure ? $"failed ({failure})"
            : Words.Of(row.Result.Verdict),
            row.Milliseconds?.ToString("F0", CultureInfo.InvariantCulture) ?? "",
            row.Alert,
        ];
}
