namespace AaClip.Scoring.Maps;

/// <summary>What each step of the scale adds to a pixel: the result is (photo * Keep + Add) / 256 per channel.</summary>
internal sealed class HeatPalette
{
    /// <summary>Steps of the scale: 0 is Low, Middle the threshold, the last one High.</summary>
    public const int Count = HeatColors.Count;

    /// <summary>The threshold's step.</summary>
    public const int Middle = Count / 2;

    /// <summary>Prepares a scale.</summary>
    /// <param name="opacity">How much the strongest colour covers, 0 to 1.</param>
    /// <param name="opaque">Covers the photo everywhere instead.</param>
    public HeatPalette(double opacity, bool opaque)
    {
        for (int i = 0; i < Count; i++)
        {
            double cover = 256 * (opaque ? 1 : opacity * Cover(i));
            Keep[i] = 256 - (int)Math.Round(cover);
            for (int c = 0; c < 3; c++)
                Add[3 * i + c] = (int)Math.Round((256 - Keep[i]) * (double)HeatColors.Table[3 * i + c]) + 128; // + half for rounding
        }
    }

    /// <summary>[Count]: share of the photo that stays, of 256.</summary>
    public int[] Keep { get; } = new int[Count];

    /// <summary>[Count, 3]: the colour times its share, plus a half.</summary>
    public int[] Add { get; } = new int[3 * Count];

    // Next to nothing on ordinary scores, a hint just below the threshold, a clear step at it, then rising to all of the opacity.
    private static double Cover(int step)
    {
        double below = Math.Min((double)step / Middle, 1);
        double above = Math.Max((double)(step - Middle) / (Count - 1 - Middle), 0);
        return step < Middle ? 0.35 * below * below * below : 0.8 + 0.2 * above;
    }
}
