namespace AaClip.Scoring.Images;

/// <summary>
/// The augmented views of AnoVL (arXiv 2308.15939), made from the normalised input: the score of an image is the mean over its views.
/// Beyond the borders the image is mirrored about the centres of its border pixels.
/// </summary>
internal static class Views
{
    /// <summary>All views: the image, 8 rotations by multiples of π/16, 8 shifts, flip, grey, and three quarter turns.</summary>
    public const int All = 22;

    /// <summary>The image, its flip, and three quarter turns: a cheap choice of this product, nothing is published for it.</summary>
    public const int Few = 5;

    /// <summary>Numbers of views that a package can have.</summary>
    public static IReadOnlyList<int> Counts { get; } = [1, Few, All];

    private static readonly int[] FewOfAll = [0, 17, 19, 20, 21];

    private static readonly (double X, double Y)[] Shifts =
    [
        (0.2, 0.2),
        (-0.2, 0.2),
        (-0.2, -0.2),
        (0.2, -0.2),
        (0.1, 0.1),
        (-0.1, 0.1),
        (-0.1, -0.1),
        (0.1, -0.1),
    ];

    /// <summary>Writes one view.</summary>
    /// <param name="image">[3, size, size], normalised.</param>
    /// <param name="view">0 to <paramref name="count"/> - 1; 0 is the image itself.</param>
    /// <param name="count">One of <see cref="Counts"/>.</param>
    /// <param name="to">[3, size, size].</param>
    public static void Write(ReadOnlySpan<float> image, int size, int view, int count, Span<float> to)
    {
        view = count == Few ? FewOfAll[view] : view;
        switch (view)
        {
            case 0:
                image.CopyTo(to);
                break;
            case <= 8:
                int k = view <= 4 ? view - 5 : view - 4; // -4 … -1, 1 … 4
                (double sin, double cos) = Math.SinCos(k * Math.PI / 16);
                Sample(image, size, to, (x, y) => (cos * x - sin * y, sin * x + cos * y));
                break;
            case <= 16:
                (double right, double down) = Shifts[view - 9];
                Sample(image, size, to, (x, y) => (x + right, y + down));
                break;
            case 17:
                Turn(image, size, to, (x, y) => (size - 1 - x, y));
                break;
            case 18:
                Grey(image, size, to);
                break;
            case 19: // 90° counter-clockwise
                Turn(image, size, to, (x, y) => (size - 1 - y, x));
                break;
            case 20:
                Turn(image, size, to, (x, y) => (size - 1 - x, size - 1 - y));
                break;
            default:
                Turn(image, size, to, (x, y) => (y, size - 1 - x));
                break;
        }
    }

    private static void Turn(ReadOnlySpan<float> image, int size, Span<float> to, Func<int, int, (int X, int Y)> from)
    {
        for (int channel = 0; channel < 3; channel++)
        for (int y = 0; y < size; y++)
        for (int x = 0; x < size; x++)
        {
            (int fx, int fy) = from(x, y);
            to[(channel * size + y) * size + x] = image[(channel * size + fy) * size + fx];
        }
    }

    private static void Grey(ReadOnlySpan<float> image, int size, Span<float> to)
    {
        int plane = size * size;
        for (int i = 0; i < plane; i++)
            to[i] = to[plane + i] = to[2 * plane + i] = 0.299f * image[i] + 0.587f * image[plane + i] + 0.114f * image[2 * plane + i];
    }

    // Coordinates from -1 to 1, at the centres of the border pixels; bilinear.
    private static void Sample(ReadOnlySpan<float> image, int size, Span<float> to, Func<double, double, (double X, double Y)> from)
    {
        double half = (size - 1) / 2.0;
        int plane = size * size;
        for (int y = 0; y < size; y++)
        for (int x = 0; x < size; x++)
        {
            (double fx, double fy) = from(x / half - 1, y / half - 1);
            (int left, float right) = Position(fx, size);
            (int above, float below) = Position(fy, size);
            int nextX = Math.Min(left + 1, size - 1),
                nextY = Math.Min(above + 1, size - 1);
            for (int channel = 0; channel < 3; channel++)
            {
                ReadOnlySpan<float> values = image.Slice(channel * plane, plane);
                float top = Mix(values[above * size + left], values[above * size + nextX], right),
                    bottom = Mix(values[nextY * size + left], values[nextY * size + nextX], right);
                to[channel * plane + y * size + x] = Mix(top, bottom, below);
            }
        }

        static float Mix(float a, float b, float part) => a + (b - a) * part;
    }

    private static (int Index, float Part) Position(double at, int size)
    {
        double pixel = Math.Abs((at + 1) * (size - 1) / 2);
        double period = 2.0 * (size - 1);
        pixel %= period;
        pixel = pixel > size - 1 ? period - pixel : pixel;
        int index = Math.Min((int)pixel, size - 1);
        return (index, (float)(pixel - index));
    }
}
