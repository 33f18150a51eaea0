namespace AaClip.Scoring.Images;

/// <summary>
/// The weights of torch's <c>interpolate</c> without antialiasing and with half-pixel centres (align_corners = false). Beyond the borders
/// the outermost input is repeated.
/// </summary>
internal static class Interpolation
{
    private const double A = -0.75; // torch's bicubic

    /// <summary>Bilinear: output i reads at max((i + ½)·in/out − ½, 0).</summary>
    public static AxisWeights Bilinear(int inSize, int outSize) =>
        Of(
            inSize,
            outSize,
            2,
            i =>
            {
                double at = Math.Max((i + 0.5) * inSize / outSize - 0.5, 0);
                int low = (int)at;
                return (low, [1 - (at - low), at - low]);
            }
        );

    /// <summary>Bicubic with a = -0.75: output i reads at (i + ½)·scale − ½.</summary>
    public static AxisWeights Cubic(int inSize, int outSize, double scale) =>
        Of(
            inSize,
            outSize,
            4,
            i =>
            {
                double at = (i + 0.5) * scale - 0.5;
                int low = (int)Math.Floor(at);
                double part = at - low;
                return (low - 1, [Far(part + 1), Near(part), Near(1 - part), Far(2 - part)]);
            }
        );

    private static double Near(double x) => ((A + 2) * x - (A + 3)) * x * x + 1;

    private static double Far(double x) => ((A * x - 5 * A) * x + 8 * A) * x - 4 * A;

    private static AxisWeights Of(int inSize, int outSize, int taps, Func<int, (int First, double[] Weights)> at)
    {
        int[] first = new int[outSize],
            count = new int[outSize];
        double[] values = new double[outSize * taps];
        for (int i = 0; i < outSize; i++)
        {
            (int low, double[] weights) = at(i);
            int begin = first[i] = Math.Clamp(low, 0, inSize - 1);
            count[i] = Math.Clamp(low + taps - 1, 0, inSize - 1) - begin + 1;
            for (int k = 0; k < taps; k++)
                values[i * taps + Math.Clamp(low + k, 0, inSize - 1) - begin] += weights[k];
        }

        return new AxisWeights(taps, first, count, values);
    }
}
