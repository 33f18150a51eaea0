using System.Numerics;
using AaClip.Scoring.Images;

namespace AaClip.Scoring.Maps;

/// <summary>
/// Pictures of anomaly maps on an absolute scale. Unlike the reference, which stretches the map of each class to the whole range and
/// so paints good parts red, a score has the same colour in every picture.
/// </summary>
public static class Heatmap
{
    private const int SmallestForContour = 64; // on fewer pixels the line would hide what it shows

    /// <summary>Lays the smoothed map over the photo: ordinary scores leave it visible, anomalous ones colour it.</summary>
    /// <param name="image">The photo, at any size.</param>
    /// <param name="map">Its scores.</param>
    /// <param name="options">Scale and appearance.</param>
    /// <returns>A new picture of the photo's size.</returns>
    /// <exception cref="ArgumentException">The scale does not rise from low through threshold to high.</exception>
    public static RgbImage Overlay(RgbImage image, AnomalyMap map, HeatmapOptions options)
    {
        RgbImage result = New(image.Width, image.Height);
        Draw(image, result, map, options);
        return result;
    }

    /// <summary>As <see cref="Overlay"/>, into the photo's own pixels: for a photo that is not needed afterwards.</summary>
    /// <param name="photo">Becomes the heatmap.</param>
    /// <param name="map">Its scores.</param>
    /// <param name="options">Scale and appearance.</param>
    /// <exception cref="ArgumentException">The scale does not rise from low through threshold to high.</exception>
    public static void DrawOver(RgbImage photo, AnomalyMap map, HeatmapOptions options) => Draw(photo, photo, map, options);

    /// <summary>Draws the smoothed map alone, in full colour.</summary>
    /// <param name="map">The scores.</param>
    /// <param name="width">Pixels along a row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="options">Scale and appearance; the opacity has no meaning here.</param>
    /// <returns>A picture of the given size.</returns>
    /// <exception cref="ArgumentException">The scale does not rise from low through threshold to high.</exception>
    public static RgbImage Render(AnomalyMap map, int width, int height, HeatmapOptions options)
    {
        RgbImage result = New(width, height);
        Draw(null, result, map, options);
        return result;
    }

    private static RgbImage New(int width, int height) =>
        new(width, height, GC.AllocateUninitializedArray<byte>(checked(3 * width * height)));

    // The photo and the result may be the same: each byte is read before it is written, and no byte needs another.
    private static void Draw(RgbImage? photo, RgbImage result, AnomalyMap map, HeatmapOptions options)
    {
        options.Validate();
        (int width, int height, byte[] pixels) = (result.Width, result.Height, result.Pixels);
        (float[] values, int side) = map.Surface();
        BilinearSampler sampler = new(values, side, width, height);
        HeatPalette palette = new(options.Opacity, opaque: photo is null);
        Contour? contour =
            options.Contour && Math.Min(width, height) >= SmallestForContour
                ? new(sampler, width, height, options.ContourLevel ?? options.Threshold)
                : null;

        RowBands.Run(
            height,
            4L * width * height,
            (begin, end) =>
            {
                float[] between = new float[side];
                int[] steps = new int[width];
                float[] above = new float[width],
                    here = new float[width],
                    below = new float[width];
                sampler.Row(begin, between, here);
                sampler.Row(Math.Max(begin - 1, 0), between, above);
                for (int y = begin; y < end; y++)
                {
                    sampler.Row(Math.Min(y + 1, height - 1), between, below);
                    Steps(here, options, steps);
                    Span<byte> row = pixels.AsSpan(3 * y * width, 3 * width);
                    Blend(photo is null ? default : photo.Pixels.AsSpan(3 * y * width, 3 * width), steps, palette, row);
                    contour?.Draw(above, here, below, row);
                    (above, here, below) = (here, below, above);
                }
            }
        );

        if (options.Legend)
            HeatLegend.Draw(pixels, width, height, options);
    }

    // Linear from low to the threshold over half of the palette; from there to high by the square root, so that a small excess shows, and
    // of two large ones the larger.
    private static void Steps(ReadOnlySpan<float> values, HeatmapOptions options, Span<int> steps)
    {
        float threshold = options.Threshold;
        float below = HeatPalette.Middle / (threshold - options.Low);
        float above = 1 / (options.High - threshold);
        const float upper = HeatPalette.Count - 1 - HeatPalette.Middle;
        int i = 0;
        for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> distance = new Vector<float>(values[i..]) - new Vector<float>(threshold);
            Vector<float> step =
                Vector.Max(Vector.Min(distance, Vector<float>.Zero) * below, new(-HeatPalette.Middle))
                + Vector.SquareRoot(Vector.Min(Vector.Max(distance, Vector<float>.Zero) * above, Vector<float>.One)) * upper
                + new Vector<float>(HeatPalette.Middle);
            Vector.ConvertToInt32(step).CopyTo(steps[i..]); // truncates: the middle step begins at the threshold
        }

        for (; i < values.Length; i++)
        {
            float distance = values[i] - threshold;
            steps[i] = (int)(
                Math.Max(Math.Min(distance, 0) * below, -HeatPalette.Middle)
                + MathF.Sqrt(Math.Min(Math.Max(distance, 0) * above, 1)) * upper
                + HeatPalette.Middle
            );
        }
    }

    private static void Blend(ReadOnlySpan<byte> photo, ReadOnlySpan<int> steps, HeatPalette palette, Span<byte> row)
    {
        int[] keeps = palette.Keep,
            adds = palette.Add;
        if (photo.IsEmpty)
        {
            row.Clear(); // nothing of it stays
            photo = row;
        }

        for (int x = 0, at = 0; x < steps.Length; x++, at += 3)
        {
            int step = steps[x],
                keep = keeps[step],
                add = 3 * step;
            row[at + 2] = (byte)((photo[at + 2] * keep + adds[add + 2]) >> 8);
            row[at + 1] = (byte)((photo[at + 1] * keep + adds[add + 1]) >> 8);
            row[at] = (byte)((photo[at] * keep + adds[add]) >> 8);
        }
    }
}
