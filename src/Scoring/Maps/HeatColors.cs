namespace AaClip.Scoring.Maps;

/// <summary>
/// The colours of heatmaps: indigo, magenta, red, orange, yellow. They follow a path through OKLab (B. Ottosson, 2020) with rising
/// lightness and steps of equal length. So equal steps of the score look equally large, also in grey and to colour-blind people.
/// </summary>
internal static class HeatColors
{
    /// <summary>Number of colours.</summary>
    public const int Count = 1024;

    private const int Fine = 16 * Count;

    // Lightness 0 to 1, chroma, hue in degrees, at equal steps of a parameter; linear in between.
    private static readonly (double Lightness, double Chroma, double Hue)[] Knots =
    [
        (0.22, 0.10, 285),
        (0.36, 0.17, 305),
        (0.49, 0.21, 345),
        (0.60, 0.22, 388),
        (0.70, 0.19, 408),
        (0.80, 0.17, 436),
        (0.91, 0.18, 463),
    ];

    /// <summary>[Count, 3]: sRGB bytes.</summary>
    public static byte[] Table { get; } = Build();

    private static byte[] Build()
    {
        double[] length = new double[Fine + 1]; // length of the path from its start
        (double L, double A, double B)[] path = new (double, double, double)[Fine + 1];
        for (int i = 0; i <= Fine; i++)
        {
            path[i] = At((double)i / Fine);
            if (i > 0)
                length[i] = length[i - 1] + Distance(path[i - 1], path[i]);
        }

        byte[] table = new byte[3 * Count];
        int at = 0;
        for (int i = 0; i < Count; i++)
        {
            double wanted = length[Fine] * i / (Count - 1);
            while (at < Fine && length[at] < wanted)
                at++;
            (double red, double green, double blue) = Linear(path[at]);
            (table[3 * i], table[3 * i + 1], table[3 * i + 2]) = (Encode(red), Encode(green), Encode(blue));
        }

        return table;
    }

    private static (double L, double A, double B) At(double t)
    {
        double place = t * (Knots.Length - 1);
        int k = Math.Min((int)place, Knots.Length - 2);
        double part = place - k;
        double lightness = double.Lerp(Knots[k].Lightness, Knots[k + 1].Lightness, part);
        double chroma = double.Lerp(Knots[k].Chroma, Knots[k + 1].Chroma, part);
        double hue = double.DegreesToRadians(double.Lerp(Knots[k].Hue, Knots[k + 1].Hue, part));
        (double L, double A, double B) colour;
        while (!Shown(colour = (lightness, chroma * Math.Cos(hue), chroma * Math.Sin(hue))))
            chroma *= 0.995; // outside sRGB: reduce the chroma at the same lightness and hue
        return colour;
    }

    private static bool Shown((double L, double A, double B) colour)
    {
        (double red, double green, double blue) = Linear(colour);
        return Math.Min(red, Math.Min(green, blue)) >= 0 && Math.Max(red, Math.Max(green, blue)) <= 1;
    }

    private static double Distance((double L, double A, double B) p, (double L, double A, double B) q) =>
        Math.Sqrt((p.L - q.L) * (p.L - q.L) + (p.A - q.A) * (p.A - q.A) + (p.B - q.B) * (p.B - q.B));

    // OKLab to linear sRGB; the numbers are from the definition of OKLab.
    private static (double Red, double Green, double Blue) Linear((double L, double A, double B) lab)
    {
        double l = Math.Pow(lab.L + 0.3963377774 * lab.A + 0.2158037573 * lab.B, 3);
        double m = Math.Pow(lab.L - 0.1055613458 * lab.A - 0.0638541728 * lab.B, 3);
        double s = Math.Pow(lab.L - 0.0894841775 * lab.A - 1.2914855480 * lab.B, 3);
        return (
            4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
            -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
            -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s
        );
    }

    // Linear sRGB to an sRGB byte (IEC 61966-2-1).
    private static byte Encode(double value) =>
        (byte)Math.Round(255 * Math.Clamp(value <= 0.0031308 ? 12.92 * value : 1.055 * Math.Pow(value, 1 / 2.4) - 0.055, 0, 1));
}
