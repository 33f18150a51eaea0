using System.Globalization;
using AaClip.Import.Packages;
using AaClip.Scoring.Packages;
using AaClip.Tests;

namespace AaClip.Import.Tests.Packages;

/// <summary>Which files an import recognises, and what a package tells of its origin.</summary>
public sealed class OriginTests : IDisposable
{
    private const string Images = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private static readonly Calibration Scale = new()
    {
        MapMin = 0,
        MapMax = 1,
        DetectionMin = 0,
        DetectionMax = 1,
        Threshold = 0.5,
        MapThreshold = 0.5f,
    };

    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02", "OpenAI's ViT-L/14-336")]
    [InlineData("b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836", "OpenAI's ViT-L/14")]
    [InlineData("5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f", "OpenAI's ViT-B/16")]
    [InlineData("40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af", "OpenAI's ViT-B/32")]
    [InlineData("40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950ae", null)]
    public void A_published_file_is_known_by_its_whole_hash(string sha256, string? title) =>
        Assert.Equal(title, KnownFiles.Published.TitleOf(sha256));

    [Fact]
    public void A_known_file_is_imported_and_one_with_a_changed_byte_is_not()
    {
        ImportOptions options = Sources();
        KnownFiles known = new(new Dictionary<string, string> { [PackageFolder.HashOf(options.Clip)] = "the test's model" });
        options = options with { RequireKnown = true, Known = known };

        ModelPackage package = Import(options);
        byte[] weights = File.ReadAllBytes(options.Clip);
        weights[^4] ^= 1; // the last bit of a weight
        File.WriteAllBytes(options.Clip, weights);
        string changed = PackageFolder.HashOf(options.Clip);
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => Import(options with { Output = _folder.File("other") }));

        Assert.Contains(("CLIP", "the test's model (clip.safetensors)"), TrainingOrigins.Describe(package.Manifest.Provenance, known));
        Assert.StartsWith(
            $"'clip.safetensors' has SHA-256 {changed}, which is not a file known to this program: download the published file again",
            e.Message,
            StringComparison.Ordinal
        );
        Assert.False(Path.Exists(_folder.File("other")));
    }

    [Fact]
    public void The_record_of_a_training_goes_into_the_package()
    {
        ImportOptions options = Sources();
        string clip = PackageFolder.HashOf(options.Clip);
        string record = _folder.Write("training.json", Record(clip));

        ModelPackage package = Import(options);

        Assert.Equal(
            new TrainingOrigin(PackageFolder.HashOf(record), "clip.safetensors", clip, "screws", 211, Images, 7),
            package.Manifest.Provenance.Training
        );
        Assert.Equal(
            [
                ("CLIP", "clip.safetensors: not a file known to this program"),
                ("adapters", "trained here from 211 images of screws (list 01234567, seed 7)"),
            ],
            Origins(package)
        );
    }

    [Theory]
    [InlineData(null, "origin unknown: no training.json lay beside them")]
    [InlineData("{ \"model\": \"of another program\" }", "origin unknown: no training.json lay beside them")]
    [InlineData("not JSON", "origin unknown: no training.json lay beside them")]
    [InlineData("of an older program", "; an older program did not record the hash of clip.safetensors")]
    [InlineData("of another model", ", but on another CLIP file, clip.safetensors with SHA-256 " + Images)]
    public void What_a_record_does_not_tell_is_said(string? record, string expected)
    {
        ImportOptions options = Sources();
        if (record is not null)
            _folder.Write(
                "training.json",
                record switch
                {
                    "of an older program" => Record(null),
                    "of another model" => Record(Images),
                    _ => record,
                }
            );

        ModelPackage package = Import(options);

        Assert.EndsWith(expected, Origins(package).Single(o => o.Part == "adapters").Origin, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_adapters_there_is_no_training()
    {
        _folder.Write("training.json", Record(null));

        ModelPackage package = Import(Sources() with { Adapters = null });

        Assert.Null(package.Manifest.Provenance.Training);
        Assert.Equal("CLIP", Assert.Single(Origins(package)).Part);
    }

    [Fact]
    public void A_calibration_keeps_the_origin_and_changes_the_hash()
    {
        _folder.Write("training.json", Record(null));
        ModelPackage package = Import(Sources());

        ModelPackage calibrated = ModelImporter.Recalibrate(
            package,
            new Dictionary<string, Calibration> { ["*"] = Scale },
            _folder.File("calibrated")
        );

        Assert.Equal(package.Manifest.Provenance.Training, calibrated.Manifest.Provenance.Training);
        Assert.NotEqual(package.Hash, calibrated.Hash);
        Assert.Equal(PackageFolder.HashOf(Path.Combine(calibrated.Folder, ModelManifest.FileName)), calibrated.Hash);
    }

    private static ModelPackage Import(ImportOptions options) =>
        ModelImporter.Import(options, cancellation: TestContext.Current.CancellationToken);

    // Sources of their own: what lies beside them counts.
    private ImportOptions Sources()
    {
        foreach (string file in Directory.EnumerateFiles(TinyPackage.RandomSources))
            File.Copy(file, _folder.File(Path.GetFileName(file)));
        return RandomModel.Options(_folder.Path, RandomModel.Small, _folder.File("model")) with { Size = 112 };
    }

    private static (string Part, string Origin)[] Origins(ModelPackage package) =>
        [.. TrainingOrigins.Describe(package.Manifest.Provenance, KnownFiles.Published)];

    private static string Record(string? clip) =>
        $$"""
            {
              "clip": "clip.safetensors",
              {{(clip is null ? "" : string.Create(CultureInfo.InvariantCulture, $"\"clipSha256\": \"{clip}\","))}}
              "data": "screws",
              "images": 211,
              "imagesSha256": "{{Images}}",
              "options": { "seed": 7, "size": 518 }
            }
            """;
}
