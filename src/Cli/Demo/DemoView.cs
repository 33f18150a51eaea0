using System.Globalization;
using AaClip.Cli.Pipeline;
using AaClip.Pipeline.Messages;
using Spectre.Console;

namespace AaClip.Cli.Demo;

/// <summary>A row of the view.</summary>
internal sealed class DemoRow(string camera, string image)
{
    public string Camera { get; } = camera;
    public string Image { get; } = image;
    public DateTimeOffset? DroppedAt { get; init; }
    public ResultLine? Result { get; set; }
    public string Alert { get; set; } = "";

    /// <summary>From the moment the image was stored to its result; null while there is none.</summary>
    public double? Milliseconds => Result is null || DroppedAt is null ? null : Math.Max(0, (Result.Time - DroppedAt.Value).TotalMilliseconds);
}

/// <summary>Shows what happens: a table that is drawn again on a terminal, elsewhere a line for each thing.</summary>
internal sealed class DemoView(bool table)
{
    private const int Shown = 18;

    /// <summary>Begins a plain view with its titles.</summary>
    public void Begin()
    {
        if (!table)
            Console.WriteLine("camera\timage\tscore\tverdict\tms");
    }

    /// <summary>An image has a result.</summary>
    public void Scored(DemoRow row)
    {
        if (!table)
            Console.WriteLine(string.Join('\t', Cells(row)[..^1]));
    }

    /// <summary>An alert has changed.</summary>
    public void Alert(AlertLine alert)
    {
        if (!table)
            Console.WriteLine($"alert\t{alert.Camera}\t{alert.Change}\t{alert.Severity}\t{alert.Image}");
    }

    /// <summary>The table as it is now.</summary>
    public static Table Draw(IReadOnlyList<DemoRow> rows, int total, IReadOnlyDictionary<string, string> open)
    {
        Table drawn = new() { Border = TableBorder.Rounded };
        foreach (string title in (string[])["camera", "image", "score", "verdict", "ms", "alert"])
            drawn.AddColumn(new TableColumn(title) { NoWrap = true });
        foreach (DemoRow row in rows.TakeLast(Shown))
        {
            string color = row.Result?.Verdict switch { null => "grey", Verdict.Normal => "green", Verdict.Anomalous => "red", _ => "yellow" };
            drawn.AddRow([.. Cells(row).Select((c, i) => i is 2 or 3 ? $"[{color}]{Markup.Escape(c)}[/]" : Markup.Escape(c))]);
        }

        double[] times = [.. rows.Select(r => r.Milliseconds).OfType<double>().Order()];
        string alerts = open.Count == 0 ? "no open alert" : "open alerts: " + string.Join(", ", open.OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => $"{o.Key} {o.Value}"));
        string median = times.Length == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", median {times[times.Length / 2]:F0} ms");
        drawn.Caption = new TableTitle(Markup.Escape($"{rows.Count(r => r.Result is not null)} of {Math.Max(total, rows.Count)} scored{median}; {alerts}"));
        return drawn;
    }

    private static string[] Cells(DemoRow row) =>
    [
        row.Camera,
        row.Image.StartsWith(row.Camera + "/", StringComparison.Ordinal) ? row.Image[(row.Camera.Length + 1)..] : row.Image,
        row.Result?.Score?.ToString("F3", CultureInfo.InvariantCulture) ?? "",
        row.Result is null ? "..." : row.Result.Failure is { } failure ? $"failed ({failure})" : Words.Of(row.Result.Verdict),
        row.Milliseconds?.ToString("F0", CultureInfo.InvariantCulture) ?? "",
        row.Alert,
    ];
}
