using System.Numerics.Tensors;

namespace AaClip.Scoring.Anchors;

/// <summary>
/// Computes the two text vectors (anchors) that the patches of an object are compared with (AA-CLIP, arXiv 2503.06661; forward_utils.py,
/// get_adapted_single_class_text_embedding).
/// </summary>
public static class ClassAnchors
{
    /// <summary>
    /// Computes anchors from sentence features: each sentence is L2-normalised, and the mean of each side is L2-normalised again. The
    /// division by the norm has no epsilon, as published.
    /// </summary>
    /// <param name="normalFeatures">[n, width], row-major, n at least 1: the text encoder's features of the normal sentences.</param>
    /// <param name="abnormalFeatures">[m, width], row-major, m at least 1: the features of the abnormal sentences.</param>
    /// <param name="width">Width of the joint embedding space, such as 768.</param>
    /// <param name="meanOfRaw">Whether the sentences are averaged without normalising each first (AnoVL).</param>
    /// <returns>[width, 2], row-major: column 0 normal, column 1 abnormal; each column has norm 1.</returns>
    /// <exception cref="ArgumentException">A side is empty, or its length is not a multiple of the width.</exception>
    /// <exception cref="InvalidDataException">A sentence or a mean cannot be normalised: it is zero or not finite.</exception>
    public static float[] FromFeatures(
        ReadOnlySpan<float> normalFeatures,
        ReadOnlySpan<float> abnormalFeatures,
        int width,
        bool meanOfRaw = false
    )
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        float[] normal = Mean(normalFeatures, width, "normal", meanOfRaw);
        float[] abnormal = Mean(abnormalFeatures, width, "abnormal", meanOfRaw);

        float[] anchors = new float[2 * width]; // [width, 2]
        for (int i = 0; i < width; i++)
        {
            anchors[2 * i] = normal[i];
            anchors[2 * i + 1] = abnormal[i];
        }

        return anchors;
    }

    private static float[] Mean(ReadOnlySpan<float> features, int width, string side, bool raw)
    {
        if (features.Length == 0 || features.Length % width != 0)
            throw new ArgumentException(
                $"The {side} features have {features.Length} values, expected a multiple of the width {width}, and at least one sentence."
            );

        int sentences = features.Length / width;
        float[] mean = new float[width];
        float[] unit = new float[width];
        for (int row = 0; row < sentences; row++)
        {
            ReadOnlySpan<float> sentence = features.Slice(row * width, width);
            Normalise(sentence, unit, $"Sentence {row} of the {side} side");
            TensorPrimitives.Add(mean, raw ? sentence : unit, mean);
        }

        TensorPrimitives.Divide(mean, sentences, mean);
        Normalise(mean, mean, $"The mean of the {side} side");
        return mean;
    }

    private static void Normalise(ReadOnlySpan<float> vector, Span<float> unit, string what)
    {
        float norm = TensorPrimitives.Norm(vector);
        if (!float.IsFinite(norm) || norm == 0)
            throw new InvalidDataException(
                $"{what} has the norm {norm}, so no direction: the text encoder's weights or its precision are at fault."
            );
        TensorPrimitives.Divide(vector, norm, unit);
    }
}
