namespace AaClip.Scoring.Maps;

/// <summary>The colours of heatmaps, for programs that draw them themselves, such as the review page.</summary>
public static class HeatScale
{
    /// <summary>Number of steps: step 0 is <see cref="HeatmapOptions.Low"/>, the last one <see cref="HeatmapOptions.High"/>.</summary>
    public const int Count = HeatPalette.Count;

    /// <summary>The step of the threshold.</summary>
    public const int Middle = HeatPalette.Middle;

    /// <summary>[Count, 3]: sRGB bytes.</summary>
    public static ReadOnlySpan<byte> Colors => HeatColors.Table;

    /// <summary>[Count]: how much of the image each step covers at opacity 1, 0 to 1.</summary>
    public static float[] Cover() => [.. Enumerable.Range(0, Count).Select(step => (float)HeatPalette.Cover(step))];
}
