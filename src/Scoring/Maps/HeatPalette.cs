namespace AaClip.Scoring.Maps;

/// <summary>How each step of the scale changes a pixel: the result is (image * Keep + Add) / 256 per channel.</summary>
internal sealed class HeatPalette
{
    /// <summary>Number of steps of the scale: step 0 is Low, step Middle the threshold, the last step High.</summary>
    public const int Count = HeatColors.Count;

    /// <summary>The step of the threshold.</summary>
    public const int Middle = Count / 2;

    /// <summary>Computes the palette.</summary>
    /// <param name="opacity">How much the strongest colour covers the image, 0 to 1.</param>
    /// <param name="opaque">True: every colour covers the image completely.</param>
    public HeatPalette(double opacity, bool opaque)
    {
        for (int i = 0; i < Count; i++)
        {
            double cover = 256 * (opaque ? 1 : opacity * Cover(i));
            Keep[i] = 256 - (int)Math.Round(cover);
            for (int c = 0; c < 3; c++)
                // + 128 = one half, for rounding
                Add[3 * i + c] = (int)Math.Round((256 - Keep[i]) * (double)HeatColors.Table[3 * i + c]) + 128;
        }
    }

    /// <summary>[Count]: weight of the image's pixel, 0 to 256.</summary>
    public int[] Keep { get; } = new int[Count];

    /// <summary>[Count, 3]: the colour times its weight, plus one half for rounding.</summary>
    public int[] Add { get; } = new int[3 * Count];

    /// <summary>
    /// How much of the image a step covers at the full opacity, 0 to 1: nearly 0 for normal scores, low just below the threshold, a clear
    /// step at it, then rising.
    /// </summary>
    public static double Cover(int step)
    {
        double below = Math.Min((double)step / Middle, 1);
        double above = Math.Max((double)(step - Middle) / (Count - 1 - Middle), 0);
        return step < Middle ? 0.35 * below * below * below : 0.8 + 0.2 * above;
    }
}
