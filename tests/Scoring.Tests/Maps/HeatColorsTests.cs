using AaClip.Scoring.Maps;

namespace AaClip.Scoring.Tests.Maps;

public sealed class HeatColorsTests
{
    [Fact]
    public void Lightness_only_rises()
    {
        double[] lightness = [.. Enumerable.Range(0, HeatColors.Count).Select(i => Lab(i).L)];

        for (int i = 16; i < lightness.Length; i++)
            Assert.True(lightness[i] > lightness[i - 16], $"step {i}"); // 16 steps: single ones drown in the rounding to bytes
    }

    [Fact]
    public void Equal_steps_look_equally_large()
    {
        double[] steps =
        [
            .. Enumerable
                .Range(0, 16)
                .Select(i => Distance(Lab(i * (HeatColors.Count - 1) / 16), Lab((i + 1) * (HeatColors.Count - 1) / 16))),
        ];

        Assert.InRange(steps.Max() / steps.Min(), 1, 1.15); // a chord is a little shorter where the path bends
    }

    // sRGB to OKLab, the definition's way forward; the product goes the other way.
    private static (double L, double A, double B) Lab(int step)
    {
        double red = Linear(HeatColors.Table[3 * step]),
            green = Linear(HeatColors.Table[3 * step + 1]),
            blue = Linear(HeatColors.Table[3 * step + 2]);
        double l = Math.Cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
        double m = Math.Cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
        double s = Math.Cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
        return (
            0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
            1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
            0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s
        );
    }

    private static double Linear(byte value) =>
        value / 255.0 <= 0.04045 ? value / 255.0 / 12.92 : Math.Pow((value / 255.0 + 0.055) / 1.055, 2.4);

    private static double Distance((double L, double A, double B) p, (double L, double A, double B) q) =>
        Math.Sqrt(Math.Pow(p.L - q.L, 2) + Math.Pow(p.A - q.A, 2) + Math.Pow(p.B - q.B, 2));
}
