using AaClip.Evaluation.DataSets;
using AaClip.Scoring.Images;
using AaClip.Synthesis.Defects;
using AaClip.Synthesis.Drawing;

namespace AaClip.Synthesis;

/// <summary>
/// Draws images like those of an inspection camera. The same class, defect, size and seed always give the same bytes. For the same seed,
/// the images with and without a defect differ only in the defect.
/// </summary>
public static class Generator
{
    private const float Visible = 0.12f; // smallest visible change of a colour component (0 to 1)
    private const float Faintest = 0.02f; // the limit is halved down to about this value
    private const double Least = 0.005; // smallest share of the image that a defect must change
    private const int Attempts = 24;

    /// <summary>Draws one image.</summary>
    /// <param name="defect">Kind of defect, one that the class supports; null for a normal image.</param>
    /// <param name="size">Side in pixels, 32 to 2048.</param>
    public static SyntheticImage Draw(ObjectClass objectClass, DefectKind? defect, int size, int seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 32);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, 2048);
        Canvas canvas = new(size);
        objectClass.Draw(canvas, new SeededRandom(1, seed));
        (Canvas shown, byte[] mask) = defect is { } kind ? Damaged(canvas, kind, seed) : (canvas, new byte[size * size]);
        return new SyntheticImage(shown.Shoot(new SeededRandom(2, seed)), mask, defect);
    }

    /// <summary>Paints a random defect onto a photo of a good part, to train with photos of good parts only.</summary>
    /// <param name="photo">Photo of any size; the result is square.</param>
    public static SyntheticImage Damage(RgbImage photo, int size, int seed)
    {
        DefectKind[] kinds =
        [
            DefectKind.Scratch,
            DefectKind.Crack,
            DefectKind.Stain,
            DefectKind.Hole,
            DefectKind.Dent,
            DefectKind.Contamination,
            DefectKind.Bent,
        ];
        SeededRandom random = new(4, seed);
        DefectKind kind = random.Chance(0.5) ? DefectKind.Pasted : kinds[random.Below(kinds.Length)];
        (Canvas shown, byte[] mask) = Damaged(Canvas.Of(Resampling.Resize(photo, size, size)), kind, seed);
        byte[] bytes = new byte[3 * shown.Pixels.Length];
        for (int i = 0; i < shown.Pixels.Length; i++)
        {
            bytes[3 * i] = (byte)Math.Clamp(shown.Pixels[i].R * 255 + 0.5f, 0, 255);
            bytes[3 * i + 1] = (byte)Math.Clamp(shown.Pixels[i].G * 255 + 0.5f, 0, 255);
            bytes[3 * i + 2] = (byte)Math.Clamp(shown.Pixels[i].B * 255 + 0.5f, 0, 255);
        }

        return new SyntheticImage(new RgbImage(size, size, bytes), mask, kind);
    }

    // A defect that is hardly visible is drawn again at another place. If no attempt succeeds, for example on dark material, the limit of
    // visibility is halved. The mask then marks what has really changed.
    private static (Canvas, byte[]) Damaged(Canvas canvas, DefectKind kind, int seed)
    {
        for (float visible = Visible; ; visible /= 2)
        {
            (Canvas shown, byte[] mask, int count) = Plainest(canvas, kind, seed, visible);
            if (count >= Least * mask.Length || visible < Faintest)
                return (shown, mask);
        }
    }

    private static (Canvas, byte[], int) Plainest(Canvas canvas, DefectKind kind, int seed, float visible)
    {
        (Canvas Shown, byte[] Mask, int Count)? plainest = null;
        for (int attempt = 0; attempt <= Attempts && !(plainest?.Count >= Least * canvas.Pixels.Length); attempt++)
        {
            Canvas damaged = canvas.Copy();
            Defects.Damage.Draw(damaged, kind, new SeededRandom(3, seed, attempt));
            byte[] mask = new byte[canvas.Pixels.Length];
            int count = 0;
            for (int i = 0; i < mask.Length; i++)
            {
                (Color a, Color b) = (canvas.Pixels[i], damaged.Pixels[i]);
                if (Math.Max(Math.Abs(a.R - b.R), Math.Max(Math.Abs(a.G - b.G), Math.Abs(a.B - b.B))) > visible)
                    (mask[i], count) = (1, count + 1);
            }

            if (!(plainest?.Count >= count))
                plainest = (damaged, mask, count);
        }

        return plainest!.Value; // not null: at least one attempt was made
    }
}
