using AaClip.Scoring.Packages;
using AaClip.Training.Prompts;

namespace AaClip.Training.Tests.Prompts;

/// <summary>The losses of Crane and AnomalyCLIP in double, written from their formulas, pixel by pixel.</summary>
internal static class PromptLoss
{
    /// <param name="anchors">[2·pairs, E]: normal ones, then abnormal ones; a pair for each image, or one for all.</param>
    public static (double Focal, double Dice, double Image, double Loss) Of(
        string method,
        PromptBatch batch,
        float[] anchors,
        ModelArchitecture shape
    )
    {
        bool crane = method == "crane";
        int images = batch.Anomalous.Length,
            embed = shape.Embed,
            grid = shape.Grid,
            size = shape.ImageSize,
            pairs = anchors.Length / (2 * embed);
        double focal = 0,
            abnormalDice = 0,
            normalDice = 0,
            image = 0;
        for (int b = 0; b < images; b++)
        {
            double[] p = [.. Enumerable.Range(0, grid * grid).Select(n => Probability(b, Patch(b, n), 0.07))];
            double[] both = new double[2],
                sums = new double[2];
            for (int y = 0; y < size; y++)
            for (int x = 0; x < size; x++)
            {
                double abnormal = crane ? p[y * grid / size * grid + x * grid / size] : Bilinear(p, y, x);
                double marked = batch.Masks[(b * size + y) * size + x];
                double right = marked > 0 ? abnormal : 1 - abnormal;
                double pt = (1 - 1e-5) * right + 1e-5 * (1 - right) + 1e-5;
                focal -= (1 - pt) * (1 - pt) * Math.Log(pt) / (images * size * size);
                both[1] += abnormal * marked;
                sums[1] += abnormal + marked;
                both[0] += (1 - abnormal) * (1 - marked);
                sums[0] += 1 - abnormal + (1 - marked);
            }

            abnormalDice += (1 - (2 * both[1] + 1) / (sums[1] + 1)) / images;
            normalDice += (1 - (2 * both[0] + 1) / (sums[0] + 1)) / images;

            double[] whole = [.. batch.Whole.AsSpan(b * embed, embed).ToArray().Select(v => (double)v)];
            if (crane)
            {
                double[] pooled = Unit([
                    .. Enumerable.Range(0, embed).Select(e => Enumerable.Range(0, grid * grid).Sum(n => p[n] * Patch(b, n)[e])),
                ]);
                whole = Unit([.. pooled.Zip(whole, (g, z) => 0.5 * g + 0.5 * z)]);
            }

            double score = Probability(b, whole, crane ? 0.01 : 0.07);
            image -= Math.Log(batch.Anomalous[b] ? score : 1 - score) / images;
        }

        double loss = crane ? 4 * (2 * focal + 2 * abnormalDice) + 0.2 * image : 4 * (focal + abnormalDice + normalDice) + image;
        return (focal, abnormalDice, image, loss);

        double[] Patch(int b, int n) => [.. batch.Patches.AsSpan((b * grid * grid + n) * embed, embed).ToArray().Select(v => (double)v)];

        double Probability(int b, double[] feature, double temperature)
        {
            int pair = pairs == 1 ? 0 : b;
            double difference = 0;
            for (int e = 0; e < embed; e++)
                difference += feature[e] * (anchors[(pairs + pair) * embed + e] - (double)anchors[pair * embed + e]);
            return 1 / (1 + Math.Exp(-difference / temperature));
        }

        double Bilinear(double[] p, int y, int x)
        {
            (int y0, int y1, double fy) = At(y);
            (int x0, int x1, double fx) = At(x);
            return (1 - fy) * ((1 - fx) * p[y0 * grid + x0] + fx * p[y0 * grid + x1])
                + fy * ((1 - fx) * p[y1 * grid + x0] + fx * p[y1 * grid + x1]);
        }

        (int, int, double) At(int i)
        {
            double c = Math.Max((i + 0.5) * grid / size - 0.5, 0);
            int low = (int)c;
            return (low, Math.Min(low + 1, grid - 1), c - low);
        }
    }

    private static double[] Unit(double[] values)
    {
        double norm = Math.Sqrt(values.Sum(v => v * v));
        return [.. values.Select(v => v / norm)];
    }
}
