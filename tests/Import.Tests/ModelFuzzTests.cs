using AaClip.Import.Packages;
using AaClip.Import.Tests.Torch;
using AaClip.Scoring.Packages;
using AaClip.Tests;

namespace AaClip.Import.Tests;

/// <summary>Damaged model packages and checkpoints, in a process of their own (tests/Fuzz).</summary>
public class ModelFuzzTests
{
    private const int Files = 100;

    [Fact]
    public async Task Damaged_model_files_are_read_or_refused_soon_and_in_little_memory()
    {
        using ScratchFolder folder = new();
        foreach (string file in Directory.GetFiles(TinyPackage.RandomSources, "*.safetensors"))
            File.Copy(file, folder.File(Path.GetFileName(file)));
        ModelPackage plain = ModelImporter.Import(
            TinyPackage.RandomOptions(folder.File("plain")) with
            {
                Classes = ["bottle"],
            },
            cancellation: TestContext.Current.CancellationToken
        );
        Dictionary<string, Calibration> bottle = new() { ["bottle"] = Calibration.Neutral(4) with { Threshold = 0.4 } };
        ModelImporter.Recalibrate(plain, bottle, folder.File("package"));
        Directory.Delete(plain.Folder, recursive: true);
        foreach ((string name, byte[] file) in Pickles())
            folder.Write(name, file);

        (int refused, int peak) = await FuzzProcess.RunAsync("models", folder.Path, Files, TestContext.Current.CancellationToken);

        Assert.InRange(refused, Files / 3, int.MaxValue);
        Assert.InRange(peak, 1, 600); // MB
    }

    private static IEnumerable<(string Name, byte[] File)> Pickles()
    {
        TestTensor tensor = new("0", "FloatStorage", 6, [2, 3], [3, 1]);
        Dictionary<string, object?> state = new()
        {
            ["epoch"] = 3,
            ["net"] = new Dictionary<string, object?> { ["w"] = tensor, ["v"] = tensor with { Shape = [3, 2], Strides = [1, 3] } },
            ["ids"] = new List<object?> { 1, null, "x" },
        };
        yield return ("state.pth", TestZip.Checkpoint(TestPickle.Of(state), storages: ("0", new byte[24])));
        yield return ("state64.pth", TestZip.Checkpoint(TestPickle.Of(state), zip64: true, storages: ("0", new byte[24])));
        yield return (
            "script.pt",
            TestZip.Checkpoint(TestPickle.Of(new TestModule("__torch__.a", "Model", state)), storages: ("0", new byte[24]))
        );
    }
}
