using System.Text.Json.Nodes;
using AaClip.Cli.Tests.Operate;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.References;
using AaClip.Tests;

namespace AaClip.Cli.Tests.Model;

/// <summary><c>aaclip calibrate --references</c>, and what takes its file.</summary>
public sealed class ReferenceOptionsTests(AzuriteFixture azurite) : IDisposable
{
    private readonly PhotoFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Images_are_compared_with_those_of_a_file_and_judged_by_its_threshold()
    {
        for (int i = 0; i < 4; i++)
            _folder.Photo($"good/{i}.png", i);
        _folder.Photo("more/5.png", 5);
        _folder.Photo("more/6.png", 6);
        string file = _folder.File("r.safetensors");

        Aaclip.Result made = Calibrate("--references", _folder.File("good"), "--normals", _folder.File("more"), "--out", file);
        Assert.True(made.Code == 0, made.Error);
        Aaclip.Result scored = Score(file, _folder.File("good"));

        ReferencePatches patches = ReferencePatches.Read(file);
        Assert.Equal((4, 4 * 64), (patches.Images, patches.Count));
        Assert.Contains("4 reference images, 256 patches of each of 4 levels", made.Output, StringComparison.Ordinal);
        Assert.Contains("from 2 normal images", made.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("This is an estimate", made.Output, StringComparison.Ordinal);
        foreach (JsonNode result in scored.Lines.Select(l => JsonNode.Parse(l)!))
        {
            Assert.Empty(SchemaCheck.Faults(SchemaCheck.Load("result.schema.json"), result.ToJsonString()));
            Assert.Equal(patches.Sha256, (string)result["references"]!["sha256"]!);
            Assert.Equal(patches.Calibration!.Threshold, (double)result["score"]!["threshold"]!);
            Assert.Equal("normal", (string)result["score"]!["verdict"]!); // a reference has no distance to itself
        }

        Assert.Equal(1, Score(file, _folder.File("good"), "--tiles", "2x2").Code);
    }

    [Fact]
    public void References_in_tiles_are_cut_as_images_are()
    {
        for (int i = 0; i < 3; i++)
            _folder.Photo($"good/{i}.png", i, 500, 400);
        string file = _folder.File("r.safetensors");

        Aaclip.Result made = Calibrate("--references", _folder.File("good"), "--tiles", "2x1", "--out", file);
        Assert.True(made.Code == 0, made.Error);
        Aaclip.Result scored = Score(file, _folder.File("good"), "--tiles", "2x1");

        Assert.Contains("from 3 normal images", made.Output, StringComparison.Ordinal);
        Assert.Contains("an estimate from the references themselves", made.Output, StringComparison.Ordinal);
        Assert.Contains("About 25.00 %", made.Output, StringComparison.Ordinal); // all three set scale and threshold
        Assert.Equal(3 * 2 * 64, ReferencePatches.Read(file).Count);
        Assert.Equal((0, 3), (scored.Code, scored.Lines.Length));
        Assert.Equal(2, JsonNode.Parse(scored.Lines[0])!["tiles"]!.AsArray().Count);
        Assert.Contains("cut into tiles 2x1", Score(file, _folder.File("good")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_images_are_refused_with_the_reason()
    {
        Directory.CreateDirectory(_folder.File("empty"));
        for (int i = 0; i < 65; i++)
            _folder.Photo($"many/{i}.png", i, 20, 20);
        _folder.Photo("broken/a.png");
        _folder.Write("broken/b.png", [1, 2, 3]);
        _folder.Photo("one/a.png");

        Refused("holds no image", _folder.File("empty"));
        Refused("names 65 images, but at most 64", _folder.File("many"));
        Refused("b.png", _folder.File("broken"));
        Refused("cannot be compared with itself: give other good images with --normals", _folder.File("one"));
        Assert.Empty(Directory.GetFiles(_folder.Path, "*.safetensors"));

        void Refused(string reason, string folder)
        {
            Aaclip.Result result = Calibrate("--references", folder, "--out", _folder.File("r.safetensors"));

            Assert.Equal(1, result.Code);
            Assert.Contains(reason, result.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task References_of_a_camera_go_to_storage_with_its_class_and_take_the_place_of_its_thresholds()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        await account
            .Storage.Container(ContainerNames.Config)
            .GetBlobClient(CameraProfiles.Blob)
            .UploadAsync(
                BinaryData.FromString(
                    """{ "schemaVersion": 1, "cameras": { "line*": { "class": "bottle", "threshold": 0.7, "minRegion": 0.1 } } }"""
                ),
                Cancellation
            );
        for (int i = 0; i < 3; i++)
            _folder.Photo($"good/{i}.png", i);
        string[] arguments = ["calibrate", "--model", TinyPackage.Random(), "--provider", "cpu", "--references", _folder.File("good")];

        Aaclip.Result unknown = account.Run([.. arguments, "--camera", "gate"]),
            made = account.Run([.. arguments, "--camera", "line1"]);

        Assert.Equal(1, unknown.Code);
        Assert.Contains("has no profile for camera 'gate', only for 'line*'", unknown.Error, StringComparison.Ordinal);
        Assert.True(made.Code == 0, made.Error);
        Assert.Contains("were removed", made.Output, StringComparison.Ordinal);
        string blob = Assert.Single(
            await account
                .Storage.Container(ContainerNames.Config)
                .GetBlobsAsync(
                    Azure.Storage.Blobs.Models.BlobTraits.None,
                    Azure.Storage.Blobs.Models.BlobStates.None,
                    CameraReferences.Folder,
                    Cancellation
                )
                .Select(b => b.Name)
                .ToListAsync(Cancellation)
        );
        Assert.StartsWith("references/line1/", blob, StringComparison.Ordinal);
        CameraSet profiles = await new ProfileEditor(account.Storage, TimeProvider.System).ReadAsync(Cancellation);
        Assert.Equal(
            (null, 0.1, "bottle"),
            (profiles.Find("line1")!.Threshold, profiles.Find("line1")!.MinRegion, profiles.Find("line1")!.Class)
        );
        Assert.Equal(0.7, profiles.Find("line2")!.Threshold);
    }

    private static Aaclip.Result Calibrate(params string[] options) =>
        Aaclip.Run(["calibrate", "--model", TinyPackage.Random(), "--provider", "cpu", "--class", "bottle", .. options]);

    private static Aaclip.Result Score(string references, string path, params string[] options) =>
        Aaclip.Run([
            "score",
            "--model",
            TinyPackage.Random(),
            "--provider",
            "cpu",
            "--class",
            "bottle",
            "--references",
            references,
            "--json",
            "-",
            .. options,
            path,
        ]);
}
