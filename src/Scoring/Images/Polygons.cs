namespace AaClip.Scoring.Images;

/// <summary>
/// An area of an image. A pixel is inside if its centre is inside one of the polygons (even-odd rule), at any size of the image.
/// </summary>
public sealed class Polygons
{
    private readonly (double X, double Y)[][] _polygons;

    /// <summary>Takes polygons of [x, y] corners, 0 to 1 from the top left corner. The last corner is joined to the first.</summary>
    /// <exception cref="ArgumentException">A polygon has fewer than three corners, or a corner is not two numbers.</exception>
    public Polygons(IReadOnlyList<IReadOnlyList<IReadOnlyList<double>>> polygons)
    {
        if (polygons.Any(p => p.Count < 3 || p.Any(c => c.Count != 2)))
            throw new ArgumentException("A polygon needs at least three corners of [x, y].", nameof(polygons));
        _polygons = [.. polygons.Select(p => p.Select(c => (c[0], c[1])).ToArray())];
    }

    /// <summary>The pixels inside.</summary>
    /// <param name="width">Columns of the image.</param>
    /// <param name="height">Rows of the image.</param>
    /// <returns>[height, width].</returns>
    public bool[] Rasterize(int width, int height)
    {
        bool[] inside = new bool[checked(width * height)];
        for (int y = 0; y < height; y++)
            Row(y, width, height, inside.AsSpan(y * width, width));
        return inside;
    }

    /// <summary>
    /// Marks the pixels of a row that are inside: those between an odd crossing of a polygon's edges and the next crossing.
    /// </summary>
    /// <param name="y">The row, from 0.</param>
    /// <param name="width">Columns of the image.</param>
    /// <param name="height">Rows of the image.</param>
    /// <param name="row">[width]; other pixels stay as they are.</param>
    public void Row(int y, int width, int height, Span<bool> row)
    {
        double centre = (y + 0.5) / height;
        foreach ((double X, double Y)[] polygon in _polygons)
        {
            List<double> crossings = [];
            for (int i = 0; i < polygon.Length; i++)
            {
                (double X, double Y) a = polygon[i],
                    b = polygon[(i + 1) % polygon.Length];
                if (a.Y <= centre != b.Y <= centre)
                    crossings.Add(a.X + (centre - a.Y) / (b.Y - a.Y) * (b.X - a.X));
            }

            crossings.Sort();
            for (int i = 0; i + 1 < crossings.Count; i += 2)
            {
                int first = (int)Math.Ceiling(crossings[i] * width - 0.5),
                    end = (int)Math.Ceiling(crossings[i + 1] * width - 0.5);
                first = Math.Clamp(first, 0, width);
                row[first..Math.Clamp(end, first, width)].Fill(true);
            }
        }
    }
}
