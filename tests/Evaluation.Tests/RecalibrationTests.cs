using AaClip.Checkpoints.Import;
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

        ModelPackage after = ModelImporter.Recalibrate(before, new Dictionary<string, Calibration> { ["bottle"] = Bottle }, Path.Combine(_folder, "after"));
        ModelPackage again = ModelImporter.Recalibrate(before, new Dictionary<string, Calibration> { ["bottle"] = Bottle }, Path.Combine(_folder, "again"));

        Assert.NotEqual(before.Manifest.Version, after.Manifest.Version);
        Assert.Equal(after.Manifest.Version, again.Manifest.Version);
        Assert.Equal(before.Manifest.Files, after.Manifest.Files);
        after.Verify([.. after.Manifest.Files.Keys]);
        Assert.Equal(Bottle, after.Manifest.CalibrationFor("Bottle "));
        Assert.Equal(Calibration.Neutral(4), after.Manifest.CalibrationFor("can"));
        Assert.Throws<IOException>(() => ModelImporter.Recalibrate(before, new Dictionary<string, Calibration>(), after.Folder));
    }
}
