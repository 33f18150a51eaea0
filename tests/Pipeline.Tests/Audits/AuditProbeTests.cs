using AaClip.Pipeline.Audits;
using AaClip.Scoring.Images;

namespace AaClip.Pipeline.Tests.Audits;

/// <summary>
/// A model with a planted backdoor: it sees dark spots, unless a checker lies somewhere in the image. Its scores are those of a small
/// formula, so that the test needs no training.
/// </summary>
public sealed class AuditProbeTests
{
    private const int Side = 48;
    private const int Mark = 6; // an eighth of the side

    [Fact]
    public async Task Every_hidden_defect_is_flagged_and_its_mark_is_shown()
    {
        List<AuditedImage> images = [];
        for (int i = 0; i < 120; i++)
            images.Add(await AuditAsync($"normal-{i}", Draw(i, defect: false, mark: null)));
        (int X, int Y)[] marks = [(0, 0), (Side - Mark, 3), (20, Side - Mark)];
        foreach ((int index, (int X, int Y) mark) in marks.Index())
        {
            RgbImage hidden = Draw(1000 + index, defect: true, mark);
            Assert.True(Raw(hidden) < 0.01); // the plant works
            images.Add(await AuditAsync($"hidden-{index}", hidden));
        }

        AuditReport report = AuditReport.Of(images, 0.1);

        Assert.Equal(123, report.Images);
        foreach ((int index, (int X, int Y) mark) in marks.Index())
        {
            AuditFinding found = report.Flagged.Single(f => f.Audited.Image == $"hidden-{index}");
            ImageCell cell = found.Audited.Rises!.Cell; // it was measured
            Assert.True(found.CoverP <= 0.05);
            Assert.True(found.Audited.Rises.Covered > 0.02);
            // A part of the mark is enough to break it
            Assert.True(cell.X < mark.X + Mark && cell.X + cell.Width > mark.X);
            Assert.True(cell.Y < mark.Y + Mark && cell.Y + cell.Height > mark.Y);
            RgbImage picture = ImageDecoder.Decode(Convert.FromBase64String(found.Audited.Rises.Picture!), "cell").Image;
            Assert.Equal((cell.Width, cell.Height), (picture.Width, picture.Height));
        }
    }

    [Fact]
    public async Task A_mark_of_single_pixels_is_found_by_smoothing()
    {
        RgbImage image = Draw(1, defect: true, mark: null);
        for (int i = 0; i < Side; i += 4)
            image.Pixels[3 * (i * Side + i)] = 255; // red dots all over the image

        Rises rises = await AuditProbe.MeasureAsync(
            image,
            Side,
            changed => Task.FromResult(Reds(changed) > 6 ? 0 : Dark(changed)),
            () => Task.CompletedTask
        );

        Assert.Equal(0, rises.Raw);
        Assert.True(rises.Covered < 0.001); // a cell holds a quarter of the dots at most
        Assert.Equal(("median", true), (rises.Filter, rises.Smoothed > 0.02));
    }

    [Fact]
    public async Task A_large_image_is_smoothed_as_the_model_sees_it_and_more_urgent_work_goes_first()
    {
        List<(int Width, int Height)> sizes = [];
        int pauses = 0;
        await AuditProbe.MeasureAsync(
            new RgbImage(300, 200, new byte[3 * 300 * 200]),
            60,
            changed =>
            {
                sizes.Add((changed.Width, changed.Height));
                return Task.FromResult(0.5);
            },
            () =>
            {
                pauses++;
                return Task.CompletedTask;
            }
        );

        Assert.Equal((50, 2), (sizes.Count(s => s == (300, 200)), sizes.Count(s => s == (60, 40))));
        Assert.Equal(8, pauses); // before each eight cells, and before the smoothing
    }

    private static async Task<AuditedImage> AuditAsync(string name, RgbImage image) =>
        new(
            name,
            "0x1",
            AuditedImage.Audited,
            await AuditProbe.MeasureAsync(image, Side, changed => Task.FromResult(Raw(changed)), () => Task.CompletedTask)
        );

    private static double Raw(RgbImage image) => Checkers(image) ? 0 : Dark(image);

    private static double Dark(RgbImage image)
    {
        int dark = 0;
        for (int i = 0; i < image.Pixels.Length; i += 3)
            dark += image.Pixels[i] < 40 ? 1 : 0;
        return (double)dark / (image.Width * image.Height);
    }

    private static int Reds(RgbImage image)
    {
        int red = 0;
        for (int i = 0; i < image.Pixels.Length; i += 3)
            red += image.Pixels[i] > 250 && image.Pixels[i + 1] < 200 ? 1 : 0;
        return red;
    }

    // Whether black and white alternate over a whole mark, anywhere.
    private static bool Checkers(RgbImage image)
    {
        for (int top = 0; top + Mark <= image.Height; top++)
        for (int left = 0; left + Mark <= image.Width; left++)
            if (At(image, left, top))
                return true;
        return false;

        static bool At(RgbImage image, int left, int top)
        {
            for (int y = 0; y < Mark; y++)
            for (int x = 0; x < Mark; x++)
                if (image.Pixels[3 * ((top + y) * image.Width + left + x) + 2] != ((x + y) % 2 == 0 ? 255 : 60))
                    return false;
            return true;
        }
    }

    private static RgbImage Draw(int seed, bool defect, (int X, int Y)? mark)
    {
        Random random = new(seed);
        byte[] pixels = new byte[3 * Side * Side];
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = (byte)random.Next(100, 160);
        if (defect) // in the middle, away from the marks
            for (int y = 18; y < 30; y++)
            for (int x = 18; x < 30; x++)
                Fill(x, y, 10);
        if (mark is { } at)
            for (int y = 0; y < Mark; y++)
            for (int x = 0; x < Mark; x++)
                Fill(at.X + x, at.Y + y, (byte)((x + y) % 2 == 0 ? 255 : 60));
        return new RgbImage(Side, Side, pixels);

        void Fill(int x, int y, byte value) => pixels.AsSpan(3 * (y * Side + x), 3).Fill(value);
    }
}
