using System.Runtime.InteropServices;
using AaClip.Scoring.Images;
using AaClip.Scoring.Tensors;
using AaClip.Tests;

namespace AaClip.Scoring.Tests.Images;

public sealed class PreprocessorTests
{
    private const double Limit = 1e-6; // the same float32 operations; one rounding of a value near 2 is 1.2e-7

    public static TheoryData<string> Pictures => ResamplingTests.Pictures;

    [Theory]
    [MemberData(nameof(Pictures))]
    public void The_input_at_112_is_the_references(string name)
    {
        RgbImage image = TestPng.ReadRgb(Parity.File($"resize/decoded-{name}.png"));
        using SafetensorsFile golden = SafetensorsFile.Open(Parity.File("resize/golden-resize.safetensors"));

        float[] actual = Run(image, new Preprocessing { Size = 112 });

        Close.Assert(golden.Tensors[$"{name}.112.tensor"].ToFloat32(), actual, Limit);
    }

    [Theory]
    [MemberData(nameof(Pictures))]
    public void The_input_at_518_has_the_references_sum_and_corner(string name)
    {
        RgbImage image = TestPng.ReadRgb(Parity.File($"resize/decoded-{name}.png"));
        using SafetensorsFile golden = SafetensorsFile.Open(Parity.File("resize/golden-resize.safetensors"));

        float[] actual = Run(image, new Preprocessing());

        double[] sums = new double[3];
        List<float> corner = [];
        for (int channel = 0; channel < 3; channel++)
        {
            for (int i = 0; i < 518 * 518; i++)
                sums[channel] += actual[channel * 518 * 518 + i];
            for (int y = 0; y < 8; y++)
                corner.AddRange(actual.AsSpan((channel * 518 + y) * 518, 8));
        }

        ReadOnlySpan<double> expected = MemoryMarshal.Cast<byte, double>(golden.Tensors[$"{name}.518.tensor_sum"].Contiguous());
        for (int channel = 0; channel < 3; channel++)
            Assert.Equal(expected[channel], sums[channel], 1e-6 * Math.Abs(expected[channel]));
        Close.Assert(golden.Tensors[$"{name}.518.tensor_corner"].ToFloat32(), [.. corner], Limit);
    }

    [Fact]
    public void Each_channel_has_its_own_mean_and_std()
    {
        RgbImage image = new(1, 1, [0, 51, 255]);

        float[] actual = Run(
            image,
            new Preprocessing
            {
                Size = 1,
                Mean = [0.5f, 0.1f, 0],
                Std = [0.25f, 0.5f, 2],
            }
        );

        Close.Assert([-2, 0.2f, 0.5f], actual, Limit);
    }

    [Fact]
    public void A_destination_of_the_wrong_length_is_refused_with_both_lengths()
    {
        Preprocessor preprocessor = new(new Preprocessing { Size = 4 });

        ArgumentException e = Assert.Throws<ArgumentException>(() => preprocessor.Write(new RgbImage(1, 1, [0, 0, 0]), new float[47]));

        Assert.Contains("holds 47 floats, expected 48 = 3 * 4 * 4", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 0.5f, "size is 0")]
    [InlineData(14, 0f, "std is [1, 1, 0]")]
    [InlineData(14, float.NaN, "std is [1, 1, NaN]")]
    public void An_unusable_description_is_refused_with_the_value(int size, float std, string found)
    {
        Preprocessing preprocessing = new() { Size = size, Std = [1, 1, std] };

        InvalidDataException e = Assert.Throws<InvalidDataException>(() => new Preprocessor(preprocessing));

        Assert.Contains(found, e.Message, StringComparison.Ordinal);
        Assert.Contains("in the model package", e.Message, StringComparison.Ordinal);
    }

    private static float[] Run(RgbImage image, Preprocessing preprocessing)
    {
        Preprocessor preprocessor = new(preprocessing);
        float[] input = new float[preprocessor.Length];
        preprocessor.Write(image, input);
        return input;
    }
}
