using AaClip.Scoring.Packages;
using AaClip.Scoring.References;

namespace AaClip.Pipeline.Tests.Routing;

/// <summary>References that fit a model, from no image.</summary>
internal static class References
{
    /// <param name="images">How many; another number gives other patches.</param>
    public static ReferencePatches Made(ModelManifest model, int images = 1, string objectClass = "bottle", double threshold = 0.4)
    {
        int levels = model.Architecture.Levels.Count,
            width = model.Architecture.Vision.Width;
        ReferenceBank bank = new(model, objectClass, null);
        Random random = new(images);
        for (int image = 0; image < images; image++)
        {
            float[] patches = new float[levels * width];
            for (int level = 0; level < levels; level++)
            {
                double[] values = [.. Enumerable.Range(0, width).Select(_ => random.NextDouble() - 0.5)];
                double length = Math.Sqrt(values.Sum(v => v * v));
                for (int i = 0; i < width; i++)
                    patches[level * width + i] = (float)(values[i] / length);
            }

            bank.Add($"{image}", patches);
        }

        return bank.Build() with
        {
            Calibration = Calibration.Neutral(levels) with { Threshold = threshold },
        };
    }
}
