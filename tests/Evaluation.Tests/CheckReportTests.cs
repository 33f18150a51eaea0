using AaClip.Evaluation.DataSets;
using AaClip.Scoring.Images;
using AaClip.Tests;

namespace AaClip.Evaluation.Tests;

public sealed class CheckReportTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_set_is_measured_as_by_hand()
    {
        CheckReport report = CheckReport.Of("progan", [0.1, 0.3, 0.6, 0.2], [0.9, 0.5, 0.4]);

        Assert.Equal((4, 3), (report.Real, report.Generated));
        Assert.Equal(5 / 7.0, report.Accuracy, 1e-12);
        Assert.Equal(3 / 4.0, report.RealAccuracy!.Value, 1e-12);
        Assert.Equal(2 / 3.0, report.GeneratedAccuracy!.Value, 1e-12);
        Assert.Equal(10 / 12.0, report.Auroc!.Value, 1e-12); // of 12 pairs, 0.6 lies above 0.5 and 0.4
        Assert.Equal((1.0 + 2 / 3.0 + 3 / 4.0) / 3, report.AveragePrecision!.Value, 1e-12);
        // Bins of 1/15: {0.9 twice}, {0.7}, {0.6 wrong, 0.6 wrong}, {0.8}, {0.5}
        double error = Math.Abs(2 - 1.8) + Math.Abs(1 - 0.7) + 1.2 + Math.Abs(1 - 0.8) + Math.Abs(1 - 0.5);
        Assert.Equal(error / 7, report.CalibrationError, 1e-12);
    }

    [Fact]
    public void One_kind_alone_has_an_accuracy_and_no_curve()
    {
        CheckReport report = CheckReport.Of("camera", [0.1, 0.7], []);

        Assert.Equal(
            (0.5, 0.5, null, null, null),
            (report.Accuracy, report.RealAccuracy, report.GeneratedAccuracy, report.Auroc, report.AveragePrecision)
        );
    }

    [Fact]
    public void The_mean_counts_every_set_once()
    {
        CheckReport mean = CheckReport.Mean([CheckReport.Of("a", [0.1], [0.9]), CheckReport.Of("b", [0.9, 0.9, 0.9], [0.8])]);

        Assert.Equal((1 + 0.25) / 2, mean.Accuracy, 1e-12);
        Assert.Equal((1 + 0.0) / 2, mean.RealAccuracy!.Value, 1e-12);
        Assert.Equal((4, 2), (mean.Real, mean.Generated));
    }

    [Fact]
    public void Folders_of_a_benchmark_are_one_set_for_each_generator_with_the_classes_of_a_generator_together()
    {
        foreach (
            string name in (string[])
                ["progan/car/0_real/a.png", "progan/cat/1_fake/b.png", "adm/0_real/c.png", "adm/1_fake/d.png", "notes/e.png"]
        )
            Draw(name);

        IReadOnlyList<CheckSet> sets = CheckSet.Find(_folder.Path);

        Assert.Equal(["adm", "progan"], sets.Select(s => s.Name));
        Assert.Equal([_folder.File("progan/car/0_real/a.png")], sets[1].Real);
        Assert.Equal([_folder.File("progan/cat/1_fake/b.png")], sets[1].Generated);
        Assert.Equal("adm", Assert.Single(CheckSet.Find(_folder.File("adm/"))).Name);
        Assert.Contains(
            "0_real",
            Assert.Throws<InvalidDataException>(() => CheckSet.Find(_folder.File("notes"))).Message,
            StringComparison.Ordinal
        );
    }

    private void Draw(string name)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(name))!); // below the folder
        _folder.Write(name, ImageEncoder.Png(new RgbImage(4, 4, new byte[48])));
    }
}
