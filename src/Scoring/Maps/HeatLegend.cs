using System.Globalization;

namespace AaClip.Scoring.Maps;

/// <summary>The scale along the right edge of a heatmap: the colours from low (bottom) to high (top), with four numbers.</summary>
internal static class HeatLegend
{
    private const int GlyphWidth = 5,
        GlyphHeight = 7;
    private const string Glyphs = "0123456789.-+e";

    // Glyphs as bitmaps: one byte per row, 5 bits wide, the highest bit on the left.
    private static ReadOnlySpan<byte> Rows =>
        [
            14,
            17,
            17,
            17,
            17,
            17,
            14, // 0
            4,
            12,
            4,
            4,
            4,
            4,
            14, // 1
            14,
            17,
            1,
            6,
            8,
            16,
            31, // 2
            30,
            1,
            1,
            14,
            1,
            1,
            30, // 3
            2,
            6,
            10,
            18,
            31,
            2,
            2, // 4
            31,
            16,
            30,
            1,
            1,
            17,
            14, // 5
            14,
            16,
            16,
            30,
            17,
            17,
            14, // 6
            31,
            1,
            2,
            4,
            4,
            8,
            8, // 7
            14,
            17,
            17,
            14,
            17,
            17,
            14, // 8
            14,
            17,
            17,
            15,
            1,
            1,
            14, // 9
            0,
            0,
            0,
            0,
            0,
            6,
            6, // .
            0,
            0,
            0,
            14,
            0,
            0,
            0, // -
            0,
            4,
            4,
            31,
            4,
            4,
            0, // +
            0,
            0,
            14,
            17,
            31,
            16,
            14, // e
        ];

    /// <summary>
    /// Draws the scale over a finished image. Does nothing if the scale would cover more than a third of the image's width or does not fit
    /// its height.
    /// </summary>
    /// <param name="pixels">[height, width, 3].</param>
    /// <param name="width">Pixels along a row.</param>
    /// <param name="height">Rows.</param>
    /// <param name="options">The scores at the ends and the middle of the scale.</param>
    public static void Draw(Span<byte> pixels, int width, int height, HeatmapOptions options)
    {
        int unit = Math.Max(1, Math.Min(width, height) / 250); // pixels per glyph dot
        (string Text, int Step)[] ticks =
        [
            (Format(options.High), HeatPalette.Count - 1),
            // Square-root scale
            (Format(options.Threshold + (options.High - options.Threshold) / 4), (HeatPalette.Count + HeatPalette.Middle) / 2),
            (Format(options.Threshold), HeatPalette.Middle),
            (Format(options.Low), 0),
        ];
        int letters = ticks.Max(t => t.Text.Length);
        int bar = 8 * unit,
            margin = 4 * unit;
        int panel = margin + bar + 3 * unit + letters * (GlyphWidth + 1) * unit + margin;
        int top = margin + GlyphHeight * unit,
            bottom = height - top; // the numbers are centred on the ends of the bar
        if (3 * panel > width || bottom - top < 6 * GlyphHeight * unit)
            return;

        int left = width - panel;
        for (int y = 0; y < height; y++)
            foreach (ref byte value in pixels.Slice(3 * (y * width + left), 3 * panel))
                value = (byte)(value / 4); // dark, but the image stays visible
        int last = bottom - top - 1;
        for (int y = top; y < bottom; y++)
        for (int x = left + margin; x < left + margin + bar; x++)
            HeatColors
                .Table.AsSpan(3 * (int)((long)(bottom - 1 - y) * (HeatPalette.Count - 1) / last), 3)
                .CopyTo(pixels[(3 * (y * width + x))..]);
        foreach ((string text, int step) in ticks)
        {
            int y = bottom - 1 - (int)((long)step * last / (HeatPalette.Count - 1));
            Fill(pixels, width, left + margin, Math.Max(y - unit / 2, top), bar + 2 * unit, unit);
            Write(pixels, width, left + margin + bar + 3 * unit, y - GlyphHeight * unit / 2, unit, text);
        }
    }

    private static string Format(float value) =>
        value.ToString(Math.Abs(value) is >= 1e-3f and < 1e5f or 0 ? "0.###" : "0.#e+0", CultureInfo.InvariantCulture);

    private static void Write(Span<byte> pixels, int width, int x, int y, int unit, string text)
    {
        foreach (char letter in text)
        {
            ReadOnlySpan<byte> rows = Rows.Slice(Glyphs.IndexOf(letter, StringComparison.Ordinal) * GlyphHeight, GlyphHeight);
            for (int row = 0; row < GlyphHeight; row++)
            for (int column = 0; column < GlyphWidth; column++)
                if ((rows[row] >> (GlyphWidth - 1 - column) & 1) != 0)
                    Fill(pixels, width, x + column * unit, y + row * unit, unit, unit);
            x += (GlyphWidth + 1) * unit;
        }
    }

    private static void Fill(Span<byte> pixels, int stride, int x, int y, int width, int height)
    {
        for (int row = y; row < y + height; row++)
            pixels.Slice(3 * (row * stride + x), 3 * width).Fill(255);
    }
}
