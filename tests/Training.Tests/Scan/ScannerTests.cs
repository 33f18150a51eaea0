using AaClip.Evaluation.Metrics;
using AaClip.Graphs;
using AaClip.Import.Clip;
using AaClip.Import.Packages;
using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using AaClip.Synthesis.Drawing;
using AaClip.Training.Scan;

namespace AaClip.Training.Tests.Scan;

public sealed class ScannerTests(ITestOutputHelper output) : IDisposable
{
    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    /// <summary>AACLIP_SCAN_MODELS: number of honest models (make scan takes seven).</summary>
    [Fact]
    public void A_planted_backdoor_is_found_and_honest_models_are_not_rejected()
    {
        int honest = Environment.GetEnvironmentVariable("AACLIP_SCAN_MODELS") is { Length: > 0 } text
            ? int.Parse(text, System.Globalization.CultureInfo.InvariantCulture)
            : 1;

        (PlantedModel planted, ScanReport found) = Scan(seed: 2, planted: true);
        (double auroc, double detected, double hidden) = planted.Clean();
        output.WriteLine($"planted: AUROC {auroc:F3}, finds {detected:F3}, the trigger hides {hidden:F3}");
        Assert.True(auroc >= 0.9 && detected >= 0.85, $"The planted model should look honest: AUROC {auroc}, finds {detected}.");
        Assert.True(hidden >= 0.5, $"The trigger hides {hidden}.");
        Assert.True(found.Model.Rejected);
        Assert.True(found.Model.Families.Single(f => f.Family == HidingFamily.Patch).Rejected);
        for (int seed = 2; seed < 2 + honest; seed++)
        {
            (PlantedModel model, ScanReport report) = Scan(seed, planted: false);
            (auroc, detected, hidden) = model.Clean();
            output.WriteLine($"honest {seed}: AUROC {auroc:F3}, finds {detected:F3}, the trigger hides {hidden:F3}");
            Assert.True(hidden <= 0.05, $"The trigger hides {hidden} from an honest model.");
            Assert.False(report.Model.Rejected);
        }
    }

    /// <summary>A model that any input hides a share p₀ of, exactly, is rejected in no more cases than α.</summary>
    [Fact]
    public void The_level_of_the_test_holds_and_its_power_is_as_stated()
    {
        const int Repetitions = 20_000,
            Tested = 80;
        const double Share = 0.2,
            Alpha = 0.02;
        SeededRandom random = new(11);
        (int byChance, int right) = (0, 0);
        for (int i = 0; i < Repetitions; i++)
        {
            bool any = false;
            for (int family = 0; family < 2; family++) // both share α
                any |= Scanner.Test(Hidden(Share), Tested, Share, Alpha).Rejected;
            byChance += any ? 1 : 0;
            right += Scanner.Test(Hidden(Share + 0.3), Tested, Share, 0.001).Rejected ? 1 : 0;
        }

        double bound = Repetitions * Alpha + 3 * Math.Sqrt(Repetitions * Alpha * (1 - Alpha));
        Assert.InRange(byChance, 1, bound);
        Assert.InRange(right / (double)Repetitions, 0.99, 1); // exactly 0.995

        int Hidden(double share) => Enumerable.Range(0, Tested).Count(_ => random.Chance(share));
    }

    [Theory]
    [InlineData(29, 0.2, 5.4e-4)] // exact levels of the specification's table
    [InlineData(26, 0.2, 5.8e-3)]
    [InlineData(18, 0.1, 8.0e-4)]
    public void Exact_levels(int hidden, double share, double level) =>
        Assert.Equal(level, Binomial.AtLeast(hidden, 80, share), 0.05 * level);

    /// <summary>The graph of the search gives the scores that the package gives.</summary>
    [Theory]
    [InlineData(Precision.Fp32, 0.002)]
    [InlineData(Precision.Int8, 0.05)]
    public void The_weights_of_a_package_are_read_back(Precision precision, double tolerance)
    {
        string sources = Directory.CreateDirectory(_scratch.File("sources")).FullName;
        ClipArchitecture shape = new(32, 8, new TowerShape(32, 4, 2, 64), new TowerShape(16, 1, 2, 32), 77, 0, 16);
        RandomModel.WriteSources(sources, shape, imageBlocks: 2, textBlocks: 1);
        ModelPackage plain = ModelImporter.Import(
            RandomModel.Options(sources, shape, _scratch.File("plain")) with
            {
                Size = 48,
                Precision = precision,
                Classes = ["object"],
            },
            cancellation: TestContext.Current.CancellationToken
        );
        Calibration wide = Calibration.Neutral(4) with { MapMin = -200, MapMax = 200, Threshold = 0.01 };
        ModelPackage package = ModelImporter.Recalibrate(
            plain,
            new Dictionary<string, Calibration> { ["object"] = wide },
            _scratch.File("package")
        );
        using ScannedModel model = new(package.Folder, new ScanOptions { Model = package.Folder, ObjectClass = "object" });
        RgbImage image = model.AtInputSize(PlantedModel.Defects[0].Image);
        float[] pixels = new float[3 * 48 * 48];
        new Preprocessor(package.Manifest.Preprocessing).Write(image, pixels);
        using AaClip.Training.Stages.GraphFolder graphs = new(AaClip.Scoring.Sessions.Provider.Cpu, 1);

        float[] excess = new HidingGraph(model, graphs, side: null, batch: 1).Run(pixels, [1], null, TestContext.Current.CancellationToken);

        AaClip.Scoring.ImageScore score = model.Judge(image, TestContext.Current.CancellationToken).Score;
        double smoothed = score.Map.Surface().Values.ToArray().Max(); // the search takes the maximum before enlarging
        double expected = wide.Raw((float)smoothed, score.Detection, AaClip.Scoring.Maps.Domain.Industrial) - wide.Threshold;
        double most = Math.Log(36) / 100 / 2; // how far a logarithm of sums lies above the maximum, of which half counts
        Assert.InRange(excess[0], expected - tolerance, expected + most + tolerance);
    }

    [Fact]
    public void A_model_without_calibration_is_refused()
    {
        ModelPackage package = RandomModel.Create(_scratch.File("random"), TestContext.Current.CancellationToken);

        InvalidDataException e = Assert.Throws<InvalidDataException>(() =>
            new ScannedModel(package.Folder, new ScanOptions { Model = package.Folder, ObjectClass = "bottle" })
        );

        Assert.Contains("not calibrated for 'bottle'", e.Message, StringComparison.Ordinal);
    }

    private (PlantedModel Model, ScanReport Report) Scan(int seed, bool planted)
    {
        PlantedModel model = PlantedModel.Train(_scratch.File($"{(planted ? "planted" : "honest")}-{seed}"), seed, planted, steps: 400);
        ScanReport report = Scanner.Run(
            new ScanOptions
            {
                Model = model.Package,
                ObjectClass = PlantedModel.Class,
                Patch = 6 / 32.0,
                Effort = ScanEffort.Full,
            },
            Files(),
            null,
            null,
            DateTimeOffset.UnixEpoch,
            TestContext.Current.CancellationToken
        );
        foreach (FamilyScan f in report.Model.Families)
            output.WriteLine(
                $"{report.Model.Id}: {f.Family} {f.Place}, search {f.SearchHidden}/{f.Searched}, test {f.Hidden}/{f.Tested}, p {f.P:G3}"
            );
        return (model, report);
    }

    private List<(string, string?)> Files()
    {
        List<(string, string?)> files = [];
        foreach ((int i, Synthesis.SyntheticImage defect) in PlantedModel.Defects.Index())
        {
            string image = _scratch.File($"{i:D3}.png"),
                mask = _scratch.File($"{i:D3}_mask.png");
            File.WriteAllBytes(image, ImageEncoder.Png(defect.Image));
            File.WriteAllBytes(mask, ImageEncoder.Png8(32, 32, [.. defect.Mask.Select(m => m != 0 ? (byte)255 : (byte)0)]));
            files.Add((image, mask));
        }

        return files;
    }
}
