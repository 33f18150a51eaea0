using AaClip.Scoring.Anchors;

namespace AaClip.Scoring.Tests.Anchors;

public sealed class ClassAnchorsTests
{
    [Theory]
    [InlineData(6, 10, 32)]
    [InlineData(1, 1, 768)]
    [InlineData(3, 2, 5)]
    public void Anchors_are_those_of_plain_double_arithmetic(int normal, int abnormal, int width)
    {
        float[] normalFeatures = Random(normal * width, 1);
        float[] abnormalFeatures = Random(abnormal * width, 2);

        float[] anchors = ClassAnchors.FromFeatures(normalFeatures, abnormalFeatures, width);

        double[] expectedNormal = Slow(normalFeatures, width);
        double[] expectedAbnormal = Slow(abnormalFeatures, width);
        Assert.Equal(2 * width, anchors.Length);
        for (int i = 0; i < width; i++)
        {
            Assert.Equal(expectedNormal[i], anchors[2 * i], 1e-6); // float32 rounding of values below 1
            Assert.Equal(expectedAbnormal[i], anchors[2 * i + 1], 1e-6);
        }
    }

    [Fact]
    public void The_length_of_a_sentence_feature_does_not_count()
    {
        float[] features = Random(4 * 16, 3);
        float[] stretched = [.. features.Select((f, i) => f * (1 << (i / 16)))]; // by powers of two: exact

        Assert.Equal(ClassAnchors.FromFeatures(features, features, 16), ClassAnchors.FromFeatures(stretched, stretched, 16));
    }

    [Theory]
    [InlineData(0, 4, "The normal features have 0 values, expected a multiple of the width 4, and at least one sentence.")]
    [InlineData(4, 6, "The abnormal features have 6 values, expected a multiple of the width 4, and at least one sentence.")]
    public void Features_that_are_no_rows_are_refused(int normal, int abnormal, string message)
    {
        ArgumentException refused = Assert.Throws<ArgumentException>(() =>
            ClassAnchors.FromFeatures(Random(normal, 1), Random(abnormal, 2), 4)
        );

        Assert.Equal(message, refused.Message);
    }

    [Theory]
    [InlineData(0f, "0")]
    [InlineData(float.NaN, "NaN")]
    [InlineData(float.PositiveInfinity, "Infinity")]
    public void A_feature_without_direction_is_refused(float value, string norm)
    {
        float[] bad = [1, 2, value, value];
        bad[2] = bad[3] = value;

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => ClassAnchors.FromFeatures([1, 2], bad, 2));

        Assert.Equal(
            $"Sentence 1 of the abnormal side has the norm {norm}, so no direction: the text encoder's weights or its precision are "
                + $"at fault.",
            refused.Message
        );
    }

    [Fact]
    public void Sentences_that_cancel_out_are_refused()
    {
        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => ClassAnchors.FromFeatures([1, 0, -1, 0], [1, 0], 2));

        Assert.StartsWith("The mean of the normal side has the norm 0", refused.Message, StringComparison.Ordinal);
    }

    private static float[] Random(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.4f)];
    }

    private static double[] Slow(float[] features, int width)
    {
        double[] sum = new double[width];
        foreach (float[] row in features.Chunk(width))
        {
            double norm = Math.Sqrt(row.Sum(x => (double)x * x));
            for (int i = 0; i < width; i++)
                sum[i] += row[i] / norm;
        }

        double length = Math.Sqrt(sum.Sum(x => x * x)); // the mean's factor drops out
        return [.. sum.Select(x => x / length)];
    }
}
