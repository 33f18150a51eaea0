using AaClip.Scoring.Events;
using AaClip.Scoring.Images;

namespace AaClip.Scoring.Tests.Events;

/// <summary>A frame as the model takes it, and files of features.</summary>
public sealed class FramePreprocessingTests
{
    [Fact]
    public void A_frame_of_the_published_size_is_cut_from_the_middle()
    {
        FramePreprocessing plain = FramePreprocessing.For(224, mirrored: false);
        byte[] pixels = new byte[3 * 340 * 256];
        new Random(1).NextBytes(pixels);
        float[] found = new float[3 * 224 * 224];

        plain.Write(new RgbImage(340, 256, pixels), found);

        Assert.Equal((340, 256), (plain.Width, plain.Height));
        foreach ((int x, int y) in ((int, int)[])[(0, 0), (223, 223), (100, 7)])
            for (int channel = 0; channel < 3; channel++) // rows 16 to 239, columns 58 to 281
                Assert.Equal(
                    (pixels[3 * ((y + 16) * 340 + x + 58) + channel] / 255f - plain.Mean[channel]) / plain.Std[channel],
                    found[channel * 224 * 224 + y * 224 + x],
                    5
                );
        float[] mirrored = new float[found.Length];
        (plain with { Mirrored = true }).Write(new RgbImage(340, 256, pixels), mirrored);
        Assert.Equal(found[5 * 224 + 3], mirrored[5 * 224 + 220]);
    }

    [Fact]
    public void Resizing_is_bilinear_without_antialiasing()
    {
        // 2 columns to 4: positions -0.25, 0.25, 0.75, 1.25; the border is repeated
        FramePreprocessing frame = new()
        {
            Width = 4,
            Height = 4,
            Size = 4,
            Mirrored = false,
            Mean = [0, 0, 0],
            Std = [1, 1, 1],
        };
        float[] found = new float[48];

        frame.Write(new RgbImage(2, 1, [0, 0, 0, 100, 100, 100]), found);

        Assert.Equal([0, 25, 75, 100], found[..4].Select(v => (int)MathF.Round(v * 255)));
    }
}
