using System.Globalization;
using System.Net;
using System.Text;
using AaClip.Pipeline.Contracts;

namespace AaClip.Cli.Model;

/// <summary>Draws a time line as SVG: both scores over the time, the threshold, and the events as bands with their names.</summary>
internal static class TimelinePicture
{
    private const int Width = 1000,
        Height = 260,
        Left = 40,
        Top = 40,
        Bottom = 30;
    private const double PlotWidth = Width - Left - 10,
        PlotHeight = Height - Top - Bottom;

    // "1 s, 2 s, 5 s, …": the first step with at most 12 marks
    private static readonly double[] Steps = [0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400];

    public static string Svg(TimelineDocument timeline)
    {
        double seconds = timeline.P1.Count * timeline.SnippetSeconds;
        StringBuilder svg = new();
        Add($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" font-family=\"sans-serif\" font-size=\"11\">");
        Add($"<rect width=\"{Width}\" height=\"{Height}\" fill=\"white\"/>");
        Add($"<text x=\"{Left}\" y=\"14\">{WebUtility.HtmlEncode(timeline.Model)}: <tspan fill=\"#b3261e\">p1</tspan>, ");
        Add($"<tspan fill=\"#1f6feb\">p2</tspan></text>");
        foreach (TimelineEvent e in timeline.Events)
        {
            Add($"<rect x=\"{X(e.From):F1}\" y=\"{Top}\" width=\"{X(e.To) - X(e.From):F1}\" height=\"{PlotHeight}\" fill=\"#fde293\"/>");
            Add($"<text x=\"{X(e.From):F1}\" y=\"{Top - 6}\">{WebUtility.HtmlEncode(e.Label)} {e.Probability:F2}</text>");
        }

        foreach (double value in (double[])[0, 0.5, 1])
        {
            Add($"<line x1=\"{Left}\" x2=\"{Left + PlotWidth}\" y1=\"{Y(value):F1}\" y2=\"{Y(value):F1}\" stroke=\"#d0d7de\"/>");
            Add($"<text x=\"{Left - 6}\" y=\"{Y(value) + 4:F1}\" text-anchor=\"end\">{value:0.#}</text>");
        }

        double step = Steps.FirstOrDefault(s => seconds / s <= 12, Steps[^1]);
        for (int i = 0; i * step <= seconds; i++)
            Add($"<text x=\"{X(i * step):F1}\" y=\"{Height - 12}\" text-anchor=\"middle\">{TimelineCommand.Clock(i * step)}</text>");
        if (timeline.Threshold is { } t)
            Add($"<path d=\"M{Left} {Y(t):F1}H{Left + PlotWidth}\" stroke=\"#57606a\" stroke-dasharray=\"4 3\"/>");
        Curve(timeline.P2, "#1f6feb");
        Curve(timeline.P1, "#b3261e");
        Add($"</svg>");
        return svg.ToString();

        double X(double at) => Left + PlotWidth * at / seconds;

        // A snippet's score is a step as wide as the snippet.
        void Curve(IReadOnlyList<double> scores, string color)
        {
            IEnumerable<string> points = scores.SelectMany(
                (p, i) => (int[])[i, i + 1],
                (p, at) => string.Create(CultureInfo.InvariantCulture, $"{X(at * timeline.SnippetSeconds):F1},{Y(p):F1}")
            );
            Add($"<polyline fill=\"none\" stroke=\"{color}\" points=\"{string.Join(' ', points)}\"/>");
        }

        void Add(FormattableString text) => svg.Append(text.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }

    private static double Y(double value) => Top + PlotHeight * (1 - value);
}
