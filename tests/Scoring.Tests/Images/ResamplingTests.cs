using AaClip.Scoring.Images;
using AaClip.Scoring.Tensors;
using AaClip.Tests;

namespace AaClip.Scoring.Tests.Images;

public sealed class ResamplingTests
{
    public static TheoryData<string> Pictures =>
        [
            "01-rgb-37x211",
            "02-rgb-1024x333",
            "03-grey-160x97",
            "04-rgba-75x120",
            "05-grey16-90x64",
            "06-exif6-140x88",
            "07-palette-61x50",
            "08-grey-518x40",
        ];

    public static TheoryData<int, int, int, int, int> Sizes()
    {
        TheoryData<int, int, int, int, int> sizes = new()
        {
            { 1, 1, 1, 518, 518 },
            { 2, 1, 400, 518, 3 },
            { 3, 400, 1, 1, 1 },
            { 4, 3000, 2, 7, 5 },
            { 5, 2, 3000, 5, 7 },
            { 6, 600, 500, 518, 518 },
            { 7, 518, 700, 518, 518 },
            { 8, 700, 518, 518, 518 },
            { 9, 31, 33, 31, 33 },
            { 10, 1999, 1499, 224, 224 },
        };
        Random random = new(20250328);
        for (int seed = 100; seed < 290; seed++)
            sizes.Add(seed, Side(), Side(), Side(), Side());
        return sizes;

        int Side() =>
            random.Next(4) switch
            {
                0 => random.Next(1, 9),
                1 => random.Next(1, 40),
                _ => random.Next(1, 150),
            };
    }

    [Theory]
    [MemberData(nameof(Pictures))]
    public void A_resized_picture_is_Pillows_in_every_byte_at_518(string name)
    {
        RgbImage image = TestPng.ReadRgb(Parity.File($"resize/decoded-{name}.png"));
        RgbImage expected = TestPng.ReadRgb(Parity.File($"resize/resized518-{name}.png"));

        RgbImage actual = Resampling.Resize(image, 518, 518);

        Assert.Equal(expected.Pixels, actual.Pixels);
    }

    [Theory]
    [MemberData(nameof(Pictures))]
    public void A_resized_picture_is_Pillows_in_every_byte_at_112(string name)
    {
        RgbImage image = TestPng.ReadRgb(Parity.File($"resize/decoded-{name}.png"));
        using SafetensorsFile golden = SafetensorsFile.Open(Parity.File("resize/golden-resize.safetensors"));

        RgbImage actual = Resampling.Resize(image, 112, 112);

        Assert.Equal(golden.Tensors[$"{name}.112.resized_u8"].Contiguous(), actual.Pixels);
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void A_resized_picture_equals_the_slow_obvious_one(int seed, int width, int height, int newWidth, int newHeight)
    {
        RgbImage image = Noise(seed, width, height);

        RgbImage actual = Resampling.Resize(image, newWidth, newHeight);

        Assert.Equal(newWidth, actual.Width);
        Assert.Equal(newHeight, actual.Height);
        Assert.Equal(Slow(image, newWidth, newHeight), actual.Pixels);
    }

    [Theory]
    [InlineData(24, 37)]
    [InlineData(37, 16)]
    [InlineData(1, 9)]
    [InlineData(500, 1)]
    public void The_shares_of_every_output_sum_to_one(int inSize, int outSize)
    {
        AxisWeights weights = Resampling.Weights(inSize, outSize);

        for (int i = 0; i < outSize; i++)
        {
            Assert.InRange(weights.First[i] + weights.Count[i], 1, inSize);
            Assert.Equal(1, weights.Values.AsSpan(i * weights.Taps, weights.Count[i]).ToArray().Sum(), 1e-12);
        }
    }

    [Fact]
    public void Sides_below_one_are_refused()
    {
        RgbImage image = Noise(1, 4, 4);

        Assert.Throws<ArgumentOutOfRangeException>(() => Resampling.Resize(image, 0, 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => Resampling.Resize(image, 5, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Resampling.Weights(0, 5));
    }

    // Limit: the reference rounds its shares to float32, which was measured to move results by 1.3e-5.
    [Theory]
    [InlineData(37)]
    [InlineData(16)]
    public void A_positional_table_is_resized_as_by_the_reference(int grid)
    {
        Dictionary<string, (long[] Shape, float[] Values)> golden = SafetensorsFile.ReadAll(
            Parity.File("posembed/golden-posembed.safetensors")
        );

        float[] actual = Resampling.ResizeTable(golden["source_24x24"].Values, 24, grid, 8);

        Close.Assert(golden[$"resized_{grid}x{grid}"].Values, actual, 5e-5);
    }

    [Fact]
    public void A_positional_table_of_the_wanted_size_is_unchanged()
    {
        float[] table = [.. Enumerable.Range(0, 30).Select(i => (float)i)];

        float[] actual = Resampling.ResizeTable(table, 3, 3, 3);

        Assert.Equal(table, actual);
    }

    [Fact]
    public void A_positional_table_of_another_model_is_refused_with_both_lengths()
    {
        ArgumentException e = Assert.Throws<ArgumentException>(() => Resampling.ResizeTable(new float[29], 3, 4, 3));

        Assert.Contains("has 29 values, expected 30 = (1 + 3 * 3) * 3", e.Message, StringComparison.Ordinal);
        Assert.Contains("belongs to another model", e.Message, StringComparison.Ordinal);
    }

    internal static RgbImage Noise(int seed, int width, int height)
    {
        Random random = new(seed);
        byte[] pixels = new byte[3 * width * height];
        random.NextBytes(pixels);
        foreach (ref byte pixel in pixels.AsSpan())
            pixel = random.Next(3) switch
            {
                0 => 0,
                1 => 255,
                _ => pixel,
            }; // extremes make the kernel overshoot
        return new RgbImage(width, height, pixels);
    }

    // One output at a time, in the words of the definition.
    private static byte[] Slow(RgbImage image, int newWidth, int newHeight)
    {
        byte[] wide = image.Pixels;
        if (newWidth != image.Width)
        {
            wide = new byte[3 * newWidth * image.Height];
            for (int y = 0; y < image.Height; y++)
            for (int x = 0; x < newWidth; x++)
            for (int c = 0; c < 3; c++)
                wide[(y * newWidth + x) * 3 + c] = Output(x, image.Width, newWidth, i => image.Pixels[(y * image.Width + i) * 3 + c]);
        }

        if (newHeight == image.Height)
            return wide;
        byte[] result = new byte[3 * newWidth * newHeight];
        for (int y = 0; y < newHeight; y++)
        for (int x = 0; x < 3 * newWidth; x++)
            result[y * 3 * newWidth + x] = Output(y, image.Height, newHeight, i => wide[i * 3 * newWidth + x]);
        return result;
    }

    private static byte Output(int index, int inSize, int outSize, Func<int, byte> input)
    {
        double scale = (double)inSize / outSize,
            stretch = Math.Max(1, scale),
            centre = scale * (index + 0.5);
        int low = Math.Max(0, (int)(centre - 2 * stretch + 0.5)),
            high = Math.Min(inSize, (int)(centre + 2 * stretch + 0.5));
        double[] shares = [.. Enumerable.Range(low, high - low).Select(j => Cubic((j - centre + 0.5) / stretch))];
        double total = 0;
        foreach (double share in shares)
            total += share;
        long sum = 1 << 21;
        for (int k = 0; k < shares.Length; k++)
            sum += (long)Math.Round(shares[k] / total * (1 << 22), MidpointRounding.AwayFromZero) * input(low + k);
        return (byte)Math.Clamp(sum >> 22, 0, 255);
    }

    private static double Cubic(double x) =>
        Math.Abs(x) switch
        {
            < 1 => (1.5 * Math.Abs(x) - 2.5) * Math.Abs(x) * Math.Abs(x) + 1,
            < 2 => -0.5 * (((Math.Abs(x) - 5) * Math.Abs(x) + 8) * Math.Abs(x) - 4),
            _ => 0,
        };
}
