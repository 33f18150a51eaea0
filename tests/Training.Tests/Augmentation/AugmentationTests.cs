using System.Globalization;
using AaClip.Scoring.Images;
using AaClip.Scoring.Tensors;
using AaClip.Synthesis;
using AaClip.Synthesis.Drawing;
using AaClip.Tests;
using AaClip.Training.Augmentation;

namespace AaClip.Training.Tests.Augmentation;

/// <summary>Against torchvision and Pillow with fixed parameters: exact.</summary>
public sealed class AugmentationTests
{
    private static readonly Dictionary<string, (long[] Shape, float[] Values)> Golden = SafetensorsFile.ReadAll(
        Parity.File("augment/golden-augment.safetensors")
    );

    [Theory]
    [InlineData("source", "rotate_17.5")]
    [InlineData("source", "rotate_-30.0")]
    [InlineData("source", "rotate_4.25")]
    [InlineData("square_source", "square_rotate_30.0")]
    [InlineData("square_source", "square_rotate_-12.0")]
    public void Rotation_is_exact(string source, string name)
    {
        (long[] shape, float[] values) = Golden[source];
        float[] found = new float[values.Length];

        GeometricAugmentation.Rotate(
            values,
            found,
            (int)shape[1],
            (int)shape[2],
            double.Parse(name[(name.LastIndexOf('_') + 1)..], CultureInfo.InvariantCulture)
        );

        Assert.Equal(Golden[name].Values, found);
    }

    [Theory]
    [InlineData(3, -2)]
    [InlineData(-4, 0)]
    [InlineData(1, 3)]
    public void Translation_is_exact(int right, int down)
    {
        float[] found = new float[Golden["source"].Values.Length];

        GeometricAugmentation.Translate(Golden["source"].Values, found, 21, 26, right, down);

        Assert.Equal(Golden[$"affine_translate_{right}_{down}"].Values, found);
    }

    [Fact]
    public void Flips_are_exact()
    {
        float[] horizontal = [.. Golden["source"].Values],
            vertical = [.. Golden["source"].Values];

        GeometricAugmentation.FlipHorizontal(horizontal, 26);
        GeometricAugmentation.FlipVertical(vertical, 21, 26);

        Assert.Equal(Golden["hflip"].Values, horizontal);
        Assert.Equal(Golden["vflip"].Values, vertical);
    }

    [Theory]
    [InlineData("0.5")]
    [InlineData("0.63")]
    [InlineData("1.37")]
    [InlineData("1.5")]
    public void Colours_are_exact(string factor)
    {
        RgbImage source = Picture("pil_source_u8");
        double f = double.Parse(factor, CultureInfo.InvariantCulture);

        Assert.Equal(Picture($"brightness_{factor}").Pixels, ColorJitter.Brightness(source, f).Pixels);
        Assert.Equal(Picture($"contrast_{factor}").Pixels, ColorJitter.Contrast(source, f).Pixels);
        Assert.Equal(Picture($"saturation_{factor}").Pixels, ColorJitter.Saturation(source, f).Pixels);
    }

    [Fact]
    public void Sampled_variation_depends_on_its_seeds_alone_and_keeps_mask_and_image_together()
    {
        float[] image =
        [
            .. Enumerable
                .Range(0, 2 * 32 * 32)
                .Select(i => i % (32 * 32) is var p && p / 32 is > 8 and < 20 && p % 32 is > 5 and < 25 ? 1f : 0f),
        ];
        HashSet<string> seen = [];
        for (int index = 0; index < 40; index++)
        {
            float[] once = [.. image],
                again = [.. image];
            GeometricAugmentation.Apply(once, new float[image.Length], 32, 32, new SeededRandom(1, 2, index));
            GeometricAugmentation.Apply(again, new float[image.Length], 32, 32, new SeededRandom(1, 2, index));

            Assert.Equal(once, again);
            Assert.Equal(once[..1024], once[1024..]);
            seen.Add(string.Join(',', once[..1024].Select(v => (int)v)));
        }

        Assert.InRange(seen.Count, 25, 40); // one in sixteen is left as it is
    }

    private static RgbImage Picture(string name)
    {
        using SafetensorsFile file = SafetensorsFile.Open(Parity.File("augment/golden-augment.safetensors"));
        StoredTensor tensor = file.Tensors[name];
        return new RgbImage((int)tensor.Shape[1], (int)tensor.Shape[0], tensor.Contiguous().ToArray());
    }
}
