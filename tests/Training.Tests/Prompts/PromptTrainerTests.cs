using AaClip.Evaluation.DataSets;
using AaClip.Evaluation.Metrics;
using AaClip.Import.Clip;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Tests;
using AaClip.Training.Prompts;

namespace AaClip.Training.Tests.Prompts;

/// <summary>Whole trainings of prompts for a very small model on a few drawn images.</summary>
public sealed class PromptTrainerTests
{
    public static TheoryData<string> Methods => ["crane", "anomalyclip"];

    [Theory]
    [MemberData(nameof(Methods))]
    public void The_loss_falls_and_defects_are_found_better_than_at_the_start(string method)
    {
        using PromptFixture fixture = new(pairs: 12);
        PromptOptions options = PromptFixture.Options(method) with { Seed = 2 };
        fixture.Train("start", options with { Epochs = 1, Rate = 1e-12 }, cache: "features");

        List<TrainingProgress> steps = fixture.Train("out", options with { Epochs = 30 }, cache: "features");

        double[] means = [.. steps.Where(s => s.Stage == "prompts" && s.Step == s.Steps).Select(s => s.Mean)];
        Assert.True(means[^1] < 0.5 * means[0], $"The mean loss went from {means[0]} to {means[^1]}.");
        (double imageBefore, double pixelBefore) = Auroc(fixture, fixture.Import("start/epoch_1.pth", "before"));
        ModelPackage package = fixture.Import("out/epoch_30.pth", "after");
        (double image, double pixel) = Auroc(fixture, package);
        Assert.Equal(method, package.Manifest.Method.Name); // recognised
        Assert.True(imageBefore < 0.5 && image > 0.9, $"The image AUROC went from {imageBefore} to {image}.");
        Assert.True(pixelBefore < 0.5 && pixel > 0.9, $"The pixel AUROC went from {pixelBefore} to {pixel}.");
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void The_same_seed_gives_the_same_bytes_also_after_a_stop(string method)
    {
        using PromptFixture fixture = new();
        PromptOptions options = PromptFixture.Options(method);
        fixture.Train("whole", options);
        using (CancellationTokenSource stop = new())
        using (PromptTrainer trainer = fixture.Open("stopped", options))
            Assert.ThrowsAny<OperationCanceledException>(() =>
                trainer.Train(
                    new PromptFixture.Steps(p =>
                    {
                        if (p is { Stage: "prompts", Epoch: 2, Step: 2 })
                            stop.Cancel();
                    }),
                    stop.Token
                )
            );
        Assert.False(File.Exists(fixture.File("stopped/epoch_2.pth")));
        File.WriteAllBytes(fixture.File("stopped/epoch_2.pth.tmp"), [1, 2, 3]); // as a power cut leaves it

        fixture.Train("stopped", options, resume: true);
        fixture.Train("other", options with { Seed = 5 });

        foreach (string file in (string[])["epoch_1.pth", "epoch_3.pth", "training.pth"])
            Assert.Equal(File.ReadAllBytes(fixture.File($"whole/{file}")), File.ReadAllBytes(fixture.File($"stopped/{file}")));
        Assert.NotEqual(File.ReadAllBytes(fixture.File("whole/epoch_3.pth")), File.ReadAllBytes(fixture.File("other/epoch_3.pth")));
    }

    [Fact]
    public void Features_are_computed_once_for_each_image_and_again_if_a_file_is_damaged()
    {
        using PromptFixture fixture = new();
        PromptOptions options = PromptFixture.Options("crane") with { Epochs = 1 };
        fixture.Train("first", options, cache: "features");
        string[] files = Directory.GetFiles(fixture.File("features"), "*", SearchOption.AllDirectories);
        byte[] whole = File.ReadAllBytes(files[0]);
        File.WriteAllBytes(files[0], whole[..(whole.Length / 2)]);
        DateTime[] written = [.. files.Select(File.GetLastWriteTimeUtc)];

        fixture.Train("second", options, cache: "features");
        fixture.Train("vv", options with { Method = "anomalyclip" }, cache: "features");

        Assert.Equal(12, files.Length);
        Assert.Equal(whole, File.ReadAllBytes(files[0]));
        Assert.Equal(written[1..], files[1..].Select(File.GetLastWriteTimeUtc)); // not written again
        Assert.Equal(24, Directory.GetFiles(fixture.File("features"), "*", SearchOption.AllDirectories).Length); // of both methods
        Assert.Equal(File.ReadAllBytes(fixture.File("first/epoch_1.pth")), File.ReadAllBytes(fixture.File("second/epoch_1.pth")));
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void The_features_on_disk_give_the_scores_of_the_package(string method)
    {
        using PromptFixture fixture = new(pairs: 2);
        PromptOptions options = PromptFixture.Options(method) with { Epochs = 1 };
        fixture.Train("out", options);
        using AnomalyScorer scorer = Load(fixture, fixture.Import("out/epoch_1.pth", "model"));
        using PromptModel model = new(fixture.Sources.Clip, options);
        using FeatureCache cache = new(fixture.File("out/features"), model, Provider.Cpu, threads: 1);
        float[] anchors = scorer.AnchorsOf("part"),
            patches = new float[36 * 16],
            whole = new float[16];

        foreach (LabelledImage image in DataSet.Open(fixture.File("data"), new DataSetOptions()).Images)
        {
            cache.Add(image.Path, TestContext.Current.CancellationToken).Read(patches, whole);
            ImageScore score = scorer.Score(
                ImageDecoder.DecodeFile(image.Path).Image,
                "part",
                cancellation: TestContext.Current.CancellationToken
            );

            Close.Assert(score.Map.Raw, [.. patches.Chunk(16).Select(Probability)], 1e-5, "patches");
            if (method == "anomalyclip") // Crane mixes patches into the feature
                Assert.Equal(score.Detection, Probability(whole), 1e-5);
        }

        float Probability(float[] feature)
        {
            double difference = feature.Select((v, e) => v * ((double)anchors[2 * e + 1] - anchors[2 * e])).Sum();
            return (float)(1 / (1 + Math.Exp(-difference / 0.07)));
        }
    }

    [Fact]
    public void A_mask_that_marks_nothing_is_refused_before_the_first_epoch()
    {
        using PromptFixture fixture = new(pairs: 2);
        string mask = fixture.File("data/part/ground_truth/spot/1_mask.png");
        File.WriteAllBytes(
            mask,
            ImageEncoder.Png(new RgbImage(SpotImages.Side, SpotImages.Side, new byte[3 * SpotImages.Side * SpotImages.Side]))
        );

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => fixture.Train("out", PromptFixture.Options("crane")));

        Assert.Contains(mask, refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(fixture.File("out/epoch_1.pth")));
    }

    [Fact]
    public void What_cannot_be_trained_is_refused_before_it_begins()
    {
        using PromptFixture fixture = new();
        PromptOptions options = PromptFixture.Options("crane");

        Assert.Contains("take crane or anomalyclip", Refused(options with { Method = "anovl" }), StringComparison.Ordinal);
        Assert.Contains("There is no method 'winclip'", Refused(options with { Method = "winclip" }), StringComparison.Ordinal);
        Assert.Contains("--size 40", Refused(options with { Size = 40 }), StringComparison.Ordinal);
        Assert.False(Directory.Exists(fixture.File("out")));

        fixture.Train("out", options with { Epochs = 1 });
        IOException there = Assert.Throws<IOException>(() => fixture.Open("out", options));
        Assert.Contains("--resume", there.Message, StringComparison.Ordinal);
        Assert.Contains(
            "training.json",
            Assert.Throws<InvalidDataException>(() => fixture.Open("out", options with { Rate = 0.02 }, resume: true)).Message,
            StringComparison.Ordinal
        );

        Directory.Delete(fixture.File("data/part/test/spot"), recursive: true);
        Assert.Contains("has no anomalous images", Refused(options), StringComparison.Ordinal);

        string Refused(PromptOptions wrong) => Assert.Throws<InvalidDataException>(() => fixture.Open("out", wrong)).Message;
    }

    [Fact]
    public void An_image_row_of_another_width_than_the_text_is_refused_and_can_be_left_out()
    {
        using PromptFixture fixture = new(
            pairs: 2,
            new ClipArchitecture(28, 7, new TowerShape(16, 2, 2, 32), new TowerShape(16, 2, 2, 32), 77, 0, 24)
        );
        PromptOptions options = PromptFixture.Options("crane") with { Epochs = 1 };

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => fixture.Open("out", options));

        Assert.Contains("--no-image-context", refused.Message, StringComparison.Ordinal);
        Assert.NotEmpty(fixture.Train("out", options with { ImageContext = false }));
    }

    private static AnomalyScorer Load(PromptFixture fixture, ModelPackage package) =>
        AnomalyScorer.Load(package.Folder, new ScorerOptions { Provider = Provider.Cpu, CacheFolder = fixture.File("anchors") });

    private static (double Image, double Pixel) Auroc(PromptFixture fixture, ModelPackage package)
    {
        using AnomalyScorer scorer = Load(fixture, package);
        List<float> scores = [],
            pixels = [];
        List<bool> anomalous = [],
            marked = [];
        float[] mask = new float[SpotImages.Side * SpotImages.Side];
        foreach (LabelledImage image in DataSet.Open(fixture.File("data"), new DataSetOptions()).Images)
        {
            ImageScore score = scorer.Score(ImageDecoder.DecodeFile(image.Path).Image, "part");
            scores.Add(score.Detection);
            anomalous.Add(image.Anomalous);
            TrainingMask.Read(image, SpotImages.Side, SpotImages.Side, SpotImages.Side, mask);
            pixels.AddRange(score.Map.FullSize(SpotImages.Side, SpotImages.Side));
            marked.AddRange(mask.Select(m => m > 0));
        }

        return (Ranking.Of(scores, anomalous).Auroc(), Ranking.Of(pixels, marked).Auroc());
    }
}
