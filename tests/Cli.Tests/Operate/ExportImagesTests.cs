using System.Text.Json.Nodes;
using AaClip.Cli.Operate;
using AaClip.Evaluation;
using AaClip.Evaluation.DataSets;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Reviews;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Images;
using AaClip.Tests;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace AaClip.Cli.Tests.Operate;

/// <summary><c>aaclip export --mvtec</c> on real storage.</summary>
public sealed class ExportImagesTests(AzuriteFixture azurite) : IDisposable
{
    private const int Width = 150,
        Height = 100;

    /// <summary>The top left quarter.</summary>
    private static readonly IReadOnlyList<IReadOnlyList<IReadOnlyList<double>>> Quarter =
    [
        [
            [0, 0],
            [0.5, 0],
            [0.5, 0.5],
            [0, 0.5],
        ],
    ];

    private readonly ScratchFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Decided_images_become_a_data_set_that_evaluate_reads()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        byte[] turned = PhotoFolder.Turned(ImageEncoder.Jpeg(Pictures.Draw(50, Width, Height)), 6);
        await account.DecideAsync(ReviewVerdict.Fine, await StoredAsync(account, 20, "day/ü {0}.jpg"));
        await account.DecideAsync(ReviewVerdict.Defect, [await StoredAsync(account, "marked", Png(40))], Quarter);
        await account.DecideAsync(ReviewVerdict.Defect, [await StoredAsync(account, "turned.JPG", turned)], Quarter);
        await account.DecideAsync(ReviewVerdict.Defect, [await StoredAsync(account, "plain.png", Png(41))]);
        await account.DecideAsync(ReviewVerdict.Unsure, [await StoredAsync(account, "unsure.png", Png(42))]);
        await account.DecideAsync(
            ReviewVerdict.Fine,
            [Result("line1/gone.png", "0x1"), await StoredAsync(account, "broken.png", [1, 2, 3, 4])]
        );

        Aaclip.Result export = account.Run("export", "--mvtec", _folder.Path, "--camera", "line1");
        Aaclip.Result evaluation = Aaclip.Run([
            "evaluate",
            "--model",
            TinyPackage.Random(),
            "--data",
            _folder.Path,
            "--split",
            "all",
            "--provider",
            "cpu",
            "--json",
        ]);

        Assert.True(export.Code == 0, export.Error);
        Assert.Contains("line1/gone.png: it was deleted\n", export.Error, StringComparison.Ordinal);
        Assert.Contains("line1/broken.png: ", export.Error, StringComparison.Ordinal);
        Assert.Contains("2 of 26 decided images are not in the data set", export.Error, StringComparison.Ordinal);
        Assert.Contains("23 added, 0 changed, 0 deleted, 0 kept", export.Output, StringComparison.Ordinal);

        LabelledImage[] images = [.. Open(DataSplit.All)];
        Assert.Equal((20, 3), (images.Count(i => !i.Anomalous), images.Count(i => i.Anomalous)));
        Assert.All(images, i => Assert.Equal("dark bottle, 50%", i.ClassName));
        Assert.Equal(
            Enumerable.Range(0, 20).Select(i => Convert.ToHexString(Jpeg(i))).Order(StringComparer.Ordinal),
            images.Where(i => !i.Anomalous).Select(i => Convert.ToHexString(File.ReadAllBytes(i.Path))).Order(StringComparer.Ordinal)
        );
        Assert.Null(Named(images, "plain").MaskPath);
        AssertQuarter(Named(images, "marked"), Width, Height);
        AssertQuarter(Named(images, "turned"), Height, Width); // upright, as the person saw it

        Assert.True(evaluation.Code == 0, evaluation.Error);
        JsonNode one = Assert.Single(JsonNode.Parse(evaluation.Output)!["classes"]!.AsArray())!; // not null: it has a class
        Assert.Equal((20, 3, 0), ((int)one["normal"]!, (int)one["anomalous"]!, one["unusedMasks"]!.AsArray().Count));
    }

    [Fact]
    public async Task A_second_run_adds_what_is_new_and_follows_decisions_that_changed()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        IReadOnlyList<ResultDocument> fine = await StoredAsync(account, 4, "{0}.jpg");
        ResultDocument marked = await StoredAsync(account, "marked.png", Png(40)),
            remarked = await StoredAsync(account, "remarked.png", Png(41));
        await account.DecideAsync(ReviewVerdict.Fine, fine);
        await account.DecideAsync(ReviewVerdict.Defect, [marked, remarked], Quarter);
        Assert.Equal(0, Export(account).Code);
        string kept = Named(Open(DataSplit.All), "0").Path;
        DateTime written = File.GetLastWriteTimeUtc(kept);

        await account.DecideAsync(ReviewVerdict.Fine, [marked, await StoredAsync(account, "new.jpg", Jpeg(60))]);
        await account.DecideAsync(ReviewVerdict.Defect, [fine[1]], Quarter);
        await account.DecideAsync(ReviewVerdict.Defect, [remarked]);
        await account.DecideAsync(ReviewVerdict.None, [fine[2]]);
        await account.DecideAsync(ReviewVerdict.Unsure, [fine[3]]);
        Aaclip.Result second = Export(account);
        Aaclip.Result third = Export(account);

        Assert.Equal((0, ""), (second.Code, second.Error));
        Assert.Contains("1 added, 3 changed, 2 deleted, 1 kept", second.Output, StringComparison.Ordinal);
        Assert.Contains("0 added, 0 changed, 0 deleted, 5 kept", third.Output, StringComparison.Ordinal);
        IReadOnlyList<LabelledImage> images = Open(DataSplit.All);
        Assert.Equal(
            [("0", false, false), ("1", true, true), ("marked", false, false), ("new", false, false), ("remarked", true, false)],
            images.Select(i => (NameOf(i), i.Anomalous, i.MaskPath is not null)).Order()
        );
        Assert.Equal((kept, written), (Named(images, "0").Path, File.GetLastWriteTimeUtc(kept)));
        Assert.Single(Directory.GetFiles(_folder.Path, "*_mask.png", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task An_image_is_taken_when_its_metadata_changed_and_not_when_it_was_replaced()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        ResultDocument tagged = await ScoredAsync(account, "tagged.jpg", Jpeg(1)),
            replaced = await ScoredAsync(account, "replaced.jpg", Jpeg(2));
        await account.DecideAsync(ReviewVerdict.Fine, [tagged, replaced]);
        await Blob(account, tagged.Image.Name)
            .SetMetadataAsync(new Dictionary<string, string> { ["part"] = "7" }, cancellationToken: Cancellation);
        await account.ImageAsync(replaced.Image.Name, BinaryData.FromBytes(Jpeg(3)));

        Aaclip.Result result = Export(account);

        Assert.Equal(0, result.Code);
        Assert.StartsWith("line1/replaced.jpg: it was replaced by another image\n", result.Error, StringComparison.Ordinal);
        Assert.Equal(["tagged"], Directory.GetFiles(_folder.Path, "*.jpg", SearchOption.AllDirectories).Select(NameOf));
    }

    [Fact]
    public async Task Masked_leaves_out_what_train_cannot_learn_from_and_a_name_joins_cameras()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        ResultDocument other = await StoredAsync(account, "b.png", Png(2), camera: "line2");
        await account.DecideAsync(ReviewVerdict.Defect, [await StoredAsync(account, "a.png", Png(1)), other], Quarter);
        await account.DecideAsync(ReviewVerdict.Defect, [await StoredAsync(account, "unmarked.png", Png(3))]);
        await account.DecideAsync(
            ReviewVerdict.Defect,
            [await StoredAsync(account, "dust.png", Png(4))],
            [
                [
                    [0.5, 0.5],
                    [0.5001, 0.5],
                    [0.5, 0.5001],
                ],
            ]
        );
        await account.DecideAsync(ReviewVerdict.Defect, [await StoredAsync(account, "c.png", Png(5), camera: "line3")], Quarter);

        Aaclip.Result result = Export(account, "--masked", "--name", "test", "--camera", "line1", "line2");

        Assert.Equal(0, result.Code);
        Assert.Contains(
            "line1/dust.png: its regions are too small\nline1/unmarked.png: it has no regions\n",
            result.Error,
            StringComparison.Ordinal
        );
        IReadOnlyList<LabelledImage> images = Open(DataSplit.Test);
        Assert.Equal(
            [("a", "test", true), ("b", "test", true)],
            images.Select(i => (NameOf(i), i.ClassName, i.MaskPath is not null)).Order()
        );
    }

    [Fact]
    public void Of_fine_images_four_of_five_are_for_training_whatever_else_is_exported()
    {
        MvtecFolder folder = new(_folder.Path);
        ImageVersion[] images = [.. Enumerable.Range(0, 2000).Select(i => new ImageVersion($"line1/{i}.jpg", $"0x8DE{i}"))];

        string[] paths = [.. images.Select(i => folder.PathOf(i, "bottle", defect: false))];

        Assert.InRange(paths.Count(p => p.Contains("/bottle/train/good/", StringComparison.Ordinal)), 1520, 1680);
        Assert.Equal(2000, paths.Where(p => p.Contains("/good/line1_", StringComparison.Ordinal)).Distinct().Count());
        Assert.All(images.Zip(paths), p => Assert.Equal(p.Second, new MvtecFolder(_folder.Path).PathOf(p.First, "bottle", defect: false)));
    }

    private Aaclip.Result Export(TestAccount account, params string[] more) => account.Run(["export", "--mvtec", _folder.Path, .. more]);

    private IReadOnlyList<LabelledImage> Open(DataSplit split) => DataSet.Open(_folder.Path, new DataSetOptions { Split = split }).Images;

    // The blob's name without camera and extension: of "line1_day_a.jpg-0123456789abcdef.jpg" it is "day_a".
    private static string NameOf(string path) => Path.GetFileName(path).Split('-')[0].Split('_', 2)[1].Split('.')[0];

    private static string NameOf(LabelledImage image) => NameOf(image.Path);

    private static LabelledImage Named(IEnumerable<LabelledImage> images, string name) => images.Single(i => NameOf(i) == name);

    private static void AssertQuarter(LabelledImage image, int width, int height)
    {
        RgbImage read = ImageDecoder.DecodeFile(image.Path, new DecodeOptions { Parity = true }).Image; // as the readers of data sets do
        byte[] file = File.ReadAllBytes(image.MaskPath!); // fails where it is null
        RgbImage mask = ImageDecoder.Decode(file, image.MaskPath!).Image;
        Assert.Equal((width, height, width, height), (read.Width, read.Height, mask.Width, mask.Height));
        Assert.Equal((8, 0), (file[24], file[25])); // bit depth, colour type grey
        Assert.All(
            mask.Pixels.Chunk(3).Index(),
            p => Assert.Equal(p.Index % width < width / 2 && p.Index / width < height / 2 ? 255 : 0, p.Item[0])
        );
        Assert.Null(GroundTruth.Read(image.MaskPath!, width, height, 112).Fault);
    }

    private static byte[] Jpeg(int seed) => ImageEncoder.Jpeg(Pictures.Draw(seed, Width, Height));

    private static byte[] Png(int seed) => ImageEncoder.Png(Pictures.Draw(seed, Width, Height));

    private static async Task<IReadOnlyList<ResultDocument>> StoredAsync(TestAccount account, int count, string names)
    {
        List<ResultDocument> results = [];
        for (int i = 0; i < count; i++)
            results.Add(await StoredAsync(account, names.Replace("{0}", $"{i}", StringComparison.Ordinal), Jpeg(i)));
        return results;
    }

    private static async Task<ResultDocument> StoredAsync(TestAccount account, string name, byte[] content, string camera = "line1") =>
        Result($"{camera}/{name}", await account.ImageAsync($"{camera}/{name}", BinaryData.FromBytes(content)));

    /// <summary>A result that tells which content was scored.</summary>
    private static async Task<ResultDocument> ScoredAsync(TestAccount account, string name, byte[] content)
    {
        ResultDocument result = await StoredAsync(account, name, content);
        ImageContent stored = ImageContent.Of(
            (BlobProperties)await Blob(account, result.Image.Name).GetPropertiesAsync(cancellationToken: Cancellation)
        );
        return result with { Image = result.Image with { Bytes = stored.Bytes, CreatedAt = stored.CreatedAt, Md5 = stored.Md5 } };
    }

    private static ResultDocument Result(string image, string etag)
    {
        ResultDocument result = TestResult.Document(
            image,
            etag,
            Verdict.Normal,
            0.25,
            TestAccount.Model,
            TimeProvider.System.GetUtcNow().AddHours(-1)
        );
        return result with { Image = result.Image with { ObjectClass = "dark bottle, 50%" } };
    }

    private static BlobClient Blob(TestAccount account, string name) =>
        account.Storage.Container(ContainerNames.Images).GetBlobClient(name);
}
