using AaClip.Import.Packages;
using AaClip.Scoring.Packages;

namespace AaClip.Evaluation.Tests;

public sealed class RecalibrationTests : IDisposable
{
    private static readonly Calibration Bottle = Calibration.Neutral(4) with { Threshold = 0.4 };

    private readonly string _folder = Directory.CreateTempSubdirectory("aaclip-recalibration-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_calibrated_package_is_a_new_one_that_differs_in_the_calibration_alone()
    {
        ModelPackage before = RandomModel.Create(Path.Combine(_folder, "before"), TestContext.Current.CancellationToken);

        ModelPackage after = ModelImporter.Recalibrate(
            before,
            new Dictionary<string, Calibration> { ["bottle"] = Bottle },
            Path.Combine(_folder, "after")
        );
        ModelPackage again = ModelImporter.Recalibrate(
            before,
            new Dictionary<string, Calibration> { ["bottle"] = Bottle },
            Path.Combine(_folder, "again")
        );

        Assert.NotEqual(before.Manifest.Version, after.Manifest.Version);
        Assert.Equal(after.Manifest.Version, again.Manifest.Version);
        Assert.Equal(before.Manifest.Files, after.Manifest.Files);
        after.Verify([.. after.Manifest.Files.Keys]);
        Assert.Equal(Bottle, after.Manifest.CalibrationFor("Bottle "));
        Assert.Equal(Calibration.Neutral(4), after.Manifest.CalibrationFor("can"));
        Assert.Throws<IOException>(() => ModelImporter.Recalibrate(before, new Dictionary<string, Calibration>(), after.Folder));
    }

    [Fact]
    public void A_class_has_its_calibration_however_it_is_written_and_gets_another_in_its_place()
    {
        ModelPackage plain = RandomModel.Create(Path.Combine(_folder, "plain"), TestContext.Current.CancellationToken);
        ModelManifest once = ModelImporter
            .Recalibrate(plain, new Dictionary<string, Calibration> { ["cork board"] = Bottle }, Path.Combine(_folder, "once"))
            .Manifest;
        Calibration other = Bottle with { Threshold = 0.3 };

        ModelManifest twice = ModelImporter
            .Recalibrate(
                ModelPackage.Open(Path.Combine(_folder, "once")),
                new Dictionary<string, Calibration> { ["cork_board"] = other },
                Path.Combine(_folder, "twice")
            )
            .Manifest;

        foreach (string name in (string[])["cork board", "Cork  Board", "cork_board", " CORK_BOARD"])
        {
            Assert.Equal(Bottle, once.CalibrationFor(name));
            Assert.Null(once.CalibrationGap(name));
        }

        Assert.Equal([other], twice.Calibrations.Values);
    }

    [Fact]
    public void A_class_without_calibration_is_named_only_where_the_package_has_others()
    {
        ModelPackage plain = RandomModel.Create(Path.Combine(_folder, "plain"), TestContext.Current.CancellationToken);
        ModelManifest bottles = ModelImporter
            .Recalibrate(plain, new Dictionary<string, Calibration> { ["bottle"] = Bottle }, Path.Combine(_folder, "one"))
            .Manifest;
        ModelManifest all = ModelImporter
            .Recalibrate(plain, new Dictionary<string, Calibration> { ["*"] = Bottle }, Path.Combine(_folder, "all"))
            .Manifest;

        Assert.Null(plain.Manifest.CalibrationGap("can"));
        Assert.Null(all.CalibrationGap("can"));
        Assert.Equal(
            $"Model {bottles.Id} has no calibration for 'can', only for 'bottle': name the class as it is there, or calibrate it "
                + $"(aaclip calibrate).",
            bottles.CalibrationGap("can")
        );
        Assert.True(bottles.CalibrationFor("can").IsNeutral);
        Assert.False(bottles.CalibrationFor("bottle").IsNeutral);
    }
}
