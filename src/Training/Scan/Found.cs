using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;

namespace AaClip.Training.Scan;

/// <summary>An input that a search found, fixed before the images of the test are looked at.</summary>
/// <param name="Values">[3, side, side]: of a patch 0 to 1; of an added picture its share of a pixel's range.</param>
/// <param name="Side">Side in pixels of the search.</param>
/// <param name="Place">Where a patch lies, in pixels of the search; null for an added picture.</param>
/// <param name="Hidden">Images of the search that it hides, by the graph of the search.</param>
/// <param name="Searched">Images of the search that it was tried on.</param>
/// <param name="Loss">Mean loss over them.</param>
internal sealed record Found(float[] Values, int Side, Place? Place, int Hidden, int Searched, double Loss)
{
    /// <summary>Puts the find into an image at the model's input size; bytes, as a camera would give them.</summary>
    /// <param name="searchSize">Side of the model's input while searching.</param>
    public RgbImage Into(RgbImage image, int searchSize)
    {
        byte[] pixels = [.. image.Pixels];
        int size = image.Width;
        if (Place is { } place)
        {
            Area area = AreaOf(place, Side, searchSize, size);
            RgbImage patch = Picture(area.Side);
            for (int row = 0; row < area.Side; row++)
                patch.Pixels.AsSpan(3 * row * area.Side, 3 * area.Side).CopyTo(pixels.AsSpan(3 * ((area.Y + row) * size + area.X)));
        }
        else
        {
            for (int channel = 0; channel < 3; channel++)
            {
                float[] added = Upsampling.Bilinear(Values[(channel * Side * Side)..((channel + 1) * Side * Side)], Side, size, size);
                for (int i = 0; i < added.Length; i++)
                    pixels[3 * i + channel] = (byte)Math.Clamp(Math.Round(pixels[3 * i + channel] + 255 * added[i]), 0, 255);
            }
        }

        return new RgbImage(size, size, pixels);
    }

    /// <summary>The find as a picture: the patch; or an added picture around grey, its largest change as black or white.</summary>
    public RgbImage Picture(int side)
    {
        float most = Place is null ? Math.Max(1e-9f, Values.Max(Math.Abs)) : 0;
        byte[] pixels = new byte[3 * Side * Side];
        for (int channel = 0; channel < 3; channel++)
        for (int i = 0; i < Side * Side; i++)
        {
            float value = Values[channel * Side * Side + i];
            pixels[3 * i + channel] = (byte)Math.Round(255 * Math.Clamp(Place is null ? 0.5f + 0.5f * value / most : value, 0, 1));
        }

        return Resampling.Resize(new RgbImage(Side, Side, pixels), side, side, ResizeFilter.Bilinear);
    }

    /// <summary>The square that a patch takes in an image of another size.</summary>
    public static Area AreaOf(Place place, int side, int searchSize, int size)
    {
        int scaled = Math.Max(1, (int)Math.Round((double)side * size / searchSize));
        return new Area(At(place.X), At(place.Y), scaled);

        int At(int x) => Math.Min(size - scaled, (int)Math.Round((double)x * size / searchSize));
    }
}

/// <summary>A square of pixels.</summary>
internal readonly record struct Area(int X, int Y, int Side);

/// <summary>The upper left corner of a patch, in pixels of the search.</summary>
internal readonly record struct Place(string Name, int X, int Y);
