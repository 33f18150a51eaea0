using System.Text.Json;
using AaClip.Evaluation.Metrics;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Tensors;
using AaClip.Tests;

namespace AaClip.Evaluation.Tests;

/// <summary>Against scikit-learn and the published metric function; the limit for float64 is 1e-9.</summary>
public sealed class MetricsTests
{
    private const double Limit = 1e-9;

    private static readonly JsonElement Expected = JsonDocument
        .Parse(File.ReadAllText(Parity.File("metrics/golden-metrics.json")))
        .RootElement;

    public static TheoryData<string> Images => [.. Expected.GetProperty("image").EnumerateObject().Select(p => p.Name)];

    public static TheoryData<string> Pixels => [.. Expected.GetProperty("pixel").EnumerateObject().Select(p => p.Name)];

    [Theory, MemberData(nameof(Images))]
    public void Image_metrics_equal_the_reference(string name)
    {
        JsonElement expected = Expected.GetProperty("image").GetProperty(name);

        ImageMetrics found = ImageMetrics.Of(
            Ranking.Of(Floats($"image.{name}.score"), [.. Integers($"image.{name}.label").Select(l => l != 0)])
        );

        Assert.Equal(expected.GetProperty("auroc").GetDouble(), found.Auroc!.Value, Limit);
        Assert.Equal(expected.GetProperty("ap").GetDouble(), found.Ap!.Value, Limit);
        Assert.Equal(expected.GetProperty("f1_max").GetDouble(), found.F1Max!.Value, Limit);
        Assert.Equal(expected.GetProperty("f1_threshold").GetDouble(), found.F1Threshold!.Value, Limit);
    }

    [Theory, MemberData(nameof(Pixels))]
    public void Pixel_metrics_equal_the_reference(string name)
    {
        JsonElement expected = Expected.GetProperty("pixel").GetProperty(name);
        float[] maps = Floats($"pixel.{name}.map");
        byte[] masks = [.. Integers($"pixel.{name}.mask").Select(m => (byte)m)];
        const int Image = 40 * 48;
        PixelScores scores = new();
        for (int i = 0; i < maps.Length; i += Image)
            scores.Add(maps.AsSpan(i, Image), masks.AsSpan(i, Image), 48);

        PixelMetrics found = scores.Measure();

        Assert.Equal(expected.GetProperty("auroc").GetDouble(), found.Auroc!.Value, Limit);
        Assert.Equal(expected.GetProperty("ap").GetDouble(), found.Ap!.Value, Limit);
        Assert.Equal(expected.GetProperty("f1_max").GetDouble(), found.F1Max!.Value, Limit);
        Assert.Equal(expected.GetProperty("aupro_exact_fpr030").GetDouble(), found.Aupro!.Value, Limit);
        Assert.Equal(expected.GetProperty("aupro_200_thresholds_fpr030").GetDouble(), found.Aupro200!.Value, Limit);
        Assert.Equal(expected.GetProperty("regions").GetInt32(), found.Regions);
    }

    [Theory]
    [InlineData("Industrial", Domain.Industrial)]
    [InlineData("Medical", Domain.Medical)]
    public void The_published_combination_and_its_metrics_equal_the_published_function(string name, Domain domain)
    {
        JsonElement expected = Expected.GetProperty("metrics_eval").GetProperty(name);
        float[] maps = Floats("metrics_eval.pixel_preds");
        bool[] labels = [.. Integers("metrics_eval.image_label").Select(l => l != 0)];
        MapRange range = new();
        range.Add(maps);
        float[] maxima = [.. maps.Chunk(40 * 48).Select(m => m.Max())];

        double[] combined = Evaluator.Combine(maxima, Floats("metrics_eval.image_preds"), range, domain);
        ImageMetrics found = ImageMetrics.Of(Ranking.Of([.. combined.Select(c => (float)c)], labels));

        float[] reference = Floats($"metrics_eval.{name}.combined_image_score");
        for (int i = 0; i < reference.Length; i++)
            Assert.Equal(reference[i], combined[i], 1e-6); // float32 in the reference
        Assert.Equal(expected.GetProperty("image AUC").GetDouble(), Rounded(found.Auroc), Limit);
        Assert.Equal(expected.GetProperty("image AP").GetDouble(), Rounded(found.Ap), Limit);
    }

    [Fact]
    public void One_label_alone_defines_no_metric()
    {
        Assert.Equal(new ImageMetrics(null, null, null, null), ImageMetrics.Of(Ranking.Of([1, 2], [true, true])));
    }

    [Fact]
    public void Random_rankings_equal_the_definition_by_pairs()
    {
        Random random = new(3);
        for (int round = 0; round < 200; round++)
        {
            float[] scores = [.. Enumerable.Range(0, random.Next(2, 30)).Select(_ => (float)random.Next(8))];
            bool[] labels = [.. scores.Select((_, i) => i == 0 || (i > 1 && random.Next(2) == 0))];

            double found = Ranking.Of(scores, labels).Auroc();

            double pairs = 0,
                wins = 0;
            for (int p = 0; p < scores.Length; p++)
            for (int n = 0; n < scores.Length; n++)
                if (labels[p] && !labels[n])
                    (pairs, wins) = (
                        pairs + 1,
                        wins
                            + (
                                scores[p] > scores[n] ? 1
                                : scores[p] == scores[n] ? 0.5
                                : 0
                            )
                    );
            Assert.Equal(wins / pairs, found, 1e-12);
        }
    }

    internal static double Rounded(double? value) => Math.Round(value!.Value, 4) * 100;

    private static float[] Floats(string name) => SafetensorsFile.ReadAll(Parity.File("metrics/golden-metrics.safetensors"))[name].Values;

    private static long[] Integers(string name)
    {
        using SafetensorsFile file = SafetensorsFile.Open(Parity.File("metrics/golden-metrics.safetensors"));
        StoredTensor tensor = file.Tensors[name];
        return tensor.Type == TensorType.UInt8 ? [.. tensor.Contiguous().ToArray().Select(b => (long)b)] : tensor.ToInt64();
    }
}
