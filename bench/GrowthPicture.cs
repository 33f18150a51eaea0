using System.Globalization;
using System.Security;
using System.Text;

namespace AaClip.Bench;

/// <summary>Draws costs against sizes, a panel for each, as SVG. Sizes are logarithmic; costs begin at zero.</summary>
internal static class GrowthPicture
{
    private const int Width = 460,
        Height = 250,
        Left = 60,
        Right = 20,
        Top = 48,
        Bottom = 46,
        LabelWidth = 44,
        InRow = 2;

    public static string Draw(IReadOnlyList<Growth> series, string machine)
    {
        int rows = (series.Count + InRow - 1) / InRow;
        StringBuilder svg = new();
        Add(
            svg,
            $"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {InRow * Width} {rows * Height
                + 24}" font-family="sans-serif" font-size="12">
            <rect width="100%" height="100%" fill="white"/>

            """
        );
        for (int i = 0; i < series.Count; i++)
            Panel(svg, series[i], i % InRow * Width, i / InRow * Height);
        Add(svg, $"""<text x="{Left}" y="{rows * Height + 10}" fill="#666">{SecurityElement.Escape(machine)}</text>""");
        return svg.Append("\n</svg>\n").ToString();
    }

    private static void Panel(StringBuilder svg, Growth growth, int x0, int y0)
    {
        (double least, double most) = (growth.Points.Min(p => p.Size), growth.Points.Max(p => p.Size));
        double top = Round(1.15 * growth.Points.Max(p => p.Cost));
        int right = x0 + Width - Right,
            bottom = y0 + Height - Bottom;
        double X(double size) => x0 + Left + (right - x0 - Left) * Math.Log(size / least) / Math.Log(Math.Max(most / least, 1.0001));
        double Y(double cost) => bottom - (bottom - y0 - Top) * cost / top;

        Add(svg, $"""<text x="{x0 + Left}" y="{y0 + 22}" font-weight="bold">{SecurityElement.Escape(growth.Cost)}</text>""");
        string wish = growth.InProportion ? "should be in proportion" : "should be flat";
        Add(svg, $"""<text x="{x0 + Left}" y="{y0 + 38}" fill="#666">{wish}</text>""");
        foreach (double share in (ReadOnlySpan<double>)[0, 0.5, 1])
        {
            double y = Y(share * top);
            Add(svg, $"""<path d="M{x0 + Left} {y:F1}H{right}" stroke="#ddd"/>""");
            Add(svg, $"""<text x="{x0 + Left - 6}" y="{y + 4:F1}" text-anchor="end">{share * top:G3}</text>""");
        }

        double free = double.NegativeInfinity; // right of the last label
        foreach ((double size, _) in growth.Points)
        {
            if (X(size) < free)
                continue;
            free = X(size) + LabelWidth;
            Add(svg, $"""<text x="{X(size):F1}" y="{bottom + 16}" text-anchor="middle">{Number(size)}</text>""");
        }

        Add(
            svg,
            $"""<text x="{(x0 + Left + right) / 2}" y="{bottom + 34}" text-anchor="middle">{SecurityElement.Escape(growth.Size)}</text>"""
        );
        string line = string.Join(' ', growth.Points.Select(p => Invariant($"{X(p.Size):F1},{Y(p.Cost):F1}")));
        Add(svg, $"""<polyline points="{line}" fill="none" stroke="#1f6feb" stroke-width="2"/>""");
        foreach ((double size, double cost) in growth.Points)
            Add(svg, $"""<circle cx="{X(size):F1}" cy="{Y(cost):F1}" r="3.5" fill="#1f6feb"/>""");
    }

    // The next of 1, 2, 5, 10, 20, ... that is not smaller.
    private static double Round(double value)
    {
        double unit = Math.Pow(10, Math.Floor(Math.Log10(value)));
        return new[] { 1.0, 1.5, 2, 3, 5, 7.5, 10 }.First(step => step * unit >= value) * unit;
    }

    private static string Number(double size) => size >= 1000 ? Invariant($"{size:N0}") : Invariant($"{size:G3}");

    private static void Add(StringBuilder svg, FormattableString text) => svg.AppendLine(Invariant(text));

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
