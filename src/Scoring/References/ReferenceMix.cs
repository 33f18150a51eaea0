using System.Numerics.Tensors;
using AaClip.Scoring.Packages;

namespace AaClip.Scoring.References;

/// <summary>
/// Mixes a method's scores with distances to reference patches, half and half (docs/methods.md). A distance is 0 to 1: the mean over the
/// levels of 1 − the largest cosine (APRIL-GAN, arXiv 2305.17382). Methods whose patch scores are probabilities take it as one more
/// probability. The difference scores of AA-CLIP have no limits; a distance of 0 to 1 takes the place of the neutral range of a level,
/// 0.5 ± <see cref="Calibration.NeutralSpan"/> (our choice).
/// </summary>
internal static class ReferenceMix
{
    private const double Edge = 1e-6; // probabilities are kept so far from 0 and 1 where they become logits

    /// <summary>The mixed map.</summary>
    /// <param name="map">[g, g]: the method's map.</param>
    /// <param name="distance">[g, g], 0 to 1.</param>
    /// <param name="levels">Levels of the model.</param>
    public static float[] Map(ReadOnlySpan<float> map, ReadOnlySpan<float> distance, Method method, int levels)
    {
        float[] mixed = new float[map.Length];
        for (int i = 0; i < mixed.Length; i++)
            mixed[i] =
                method.LevelScore == LevelScore.Difference
                    ? (map[i] + levels * (0.5f + Calibration.NeutralSpan * (2 * distance[i] - 1))) / 2
                    : method.LevelMix switch
                    {
                        LevelMix.Sum => (map[i] + levels * distance[i]) / 2,
                        LevelMix.Mean => (map[i] + distance[i]) / 2,
                        _ => Logit((Probability(map[i]) + distance[i]) / 2),
                    };
        return mixed;
    }

    /// <summary>
    /// The mixed score of the whole image: where it does not contain the map's maximum, half of it becomes the largest distance (WinCLIP+,
    /// arXiv 2303.14814).
    /// </summary>
    public static float Detection(float detection, ReadOnlySpan<float> distance, Method method) =>
        method.DetectionAlone ? (detection + TensorPrimitives.Max(distance)) / 2 : detection;

    private static double Probability(float logit) => 1 / (1 + Math.Exp(-logit));

    private static float Logit(double probability)
    {
        double p = Math.Clamp(probability, Edge, 1 - Edge);
        return (float)Math.Log(p / (1 - p));
    }
}
