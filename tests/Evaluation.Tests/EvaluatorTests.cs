using System.Text.Json;
using AaClip.Evaluation.DataSets;
using AaClip.Evaluation.Metrics;
using AaClip.Import.Packages;
using AaClip.Scoring;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Tests;

namespace AaClip.Evaluation.Tests;

public sealed class EvaluatorTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("aaclip-evaluation-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Six_images_from_file_to_metric_equal_the_published_functions()
    {
        JsonElement expected = JsonDocument
            .Parse(File.ReadAllText(Parity.File("tiny/golden-e2e.json")))
            .RootElement.GetProperty("metrics_eval")
            .GetProperty("Industrial");
        using AnomalyScorer scorer = Tiny();
        DataSet data = DataSet.Open(Parity.File("tiny/dataset/e2e/full-shot.jsonl"), new DataSetOptions { Name = "MVTec" });

        ClassReport report = Assert.Single(Evaluator.Run(scorer, data, cancellation: TestContext.Current.CancellationToken));

        Assert.Equal(expected.GetProperty("pixel AUC").GetDouble(), MetricsTests.Rounded(report.Pixels.Auroc), 1e-9);
        Assert.Equal(expected.GetProperty("pixel AP").GetDouble(), MetricsTests.Rounded(report.Pixels.Ap), 1e-9);
        Assert.Equal(expected.GetProperty("image AUC").GetDouble(), MetricsTests.Rounded(report.Published.Auroc), 1e-9);
        Assert.Equal(expected.GetProperty("image AP").GetDouble(), MetricsTests.Rounded(report.Published.Ap), 1e-9);
        Assert.Equal((3, 3), (report.Normal, report.Anomalous));
    }

    [Fact]
    public void Images_that_are_all_alike_and_maps_that_tell_everything_apart_are_numbers_too()
    {
        MapRange range = new();
        range.Add([2, 2, 2]);
        PixelScores pixels = new();
        pixels.Add([0, 0, 0, 9], [0, 0, 0, 1], width: 2);

        double[] alone = Evaluator.Combine([2], [0.5f], range, Domain.Industrial);
        PixelMetrics found = pixels.Measure();

        Assert.Equal([0], alone);
        Assert.Equal((1.0, null), (found.Auroc, found.Aupro200)); // no two rates below the limit to draw a curve through
    }

    private AnomalyScorer Tiny()
    {
        ModelPackage package = ModelImporter.Import(
            new ImportOptions
            {
                Clip = Parity.File("tiny/clip-tiny.safetensors"),
                Adapters = Parity.File("tiny/adapters.safetensors"),
                Vocabulary = Parity.File("tokenizer/bpe_simple_vocab_16e6.txt.gz"),
                Output = Path.Combine(_folder, "package"),
                Size = 112,
                VisionHeads = 4,
                TextHeads = 4,
            }
        );
        return AnomalyScorer.Load(
            package.Folder,
            new ScorerOptions { Provider = Scoring.Sessions.Provider.Cpu, CacheFolder = Path.Combine(_folder, "cache") }
        );
    }
}
