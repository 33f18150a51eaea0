using AaClip.Evaluation.DataSets;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;

namespace AaClip.Evaluation.Tests;

/// <summary>Names and masks that differ from MVTec's: right, or named; never a wrong number in silence.</summary>
public sealed class DataSetsAsPeopleHaveThemTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("aaclip-layouts-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("BTAD", "test/ok/0.bmp", "test/ko/0.bmp", "ground_truth/ko/0.bmp")]
    [InlineData("Windows", "test/Good/0.PNG", "test/hole/0.PNG", "ground_truth/hole/0_mask.png")]
    [InlineData("capital parts", "Test/good/0.png", "Test/hole/0.png", "Ground_Truth/Hole/0_Mask.PNG")]
    [InlineData("normal", "test/normal/0.jpg", "test/anomalous/0.jpg", "GT/anomalous/0.png")]
    [InlineData("masks beside", "test/good/0.jpg", "test/bad/0.jpg", "masks/0.tiff")]
    [InlineData("MVTec 3D", "test/good/rgb/0.png", "test/hole/rgb/0.png", "test/hole/gt/0.png")]
    [InlineData("MVTec LOCO", "test/good/0.png", "test/logical/0.png", "ground_truth/logical/0/000.png")]
    [InlineData(
        "MVTec AD 2",
        "test_public/good/0_regular.png",
        "test_public/bad/0_regular.png",
        "test_public/ground_truth/bad/0_regular_mask.png"
    )]
    [InlineData("MPDD", "test/good/000.png", "test/parts_mismatch/000.png", "ground_truth/parts_mismatch/000_mask.png")]
    public void Normal_and_anomalous_images_and_their_masks_are_found(string layout, string normal, string anomalous, string mask)
    {
        foreach (string file in (string[])[normal, anomalous, mask])
            Touch($"part/{file}");

        DataSet data = DataSet.Open(_folder);

        Assert.True(data.Images.Count == 2, $"{layout}: {string.Join(", ", data.Images.Select(i => i.Path))}");
        Assert.Equal(Path.Combine(_folder, "part", normal), Assert.Single(data.Images, i => !i.Anomalous).Path);
        LabelledImage bad = Assert.Single(data.Images, i => i.Anomalous);
        Assert.Equal((Path.Combine(_folder, "part", anomalous), Path.Combine(_folder, "part", mask)), (bad.Path, bad.MaskPath));
        Assert.Empty(data.Notes);
    }

    [Fact]
    public void What_systems_leave_behind_is_no_image_no_mask_and_no_class()
    {
        foreach (
            string file in (string[])
                [
                    "part/test/good/0.png",
                    "part/test/good/._0.png",
                    "part/test/good/.DS_Store",
                    "part/test/good/Thumbs.db",
                    "part/test/hole/0.png",
                    "part/ground_truth/hole/0_mask.png",
                    "part/ground_truth/hole/._0_mask.png",
                    "part/test/.thumbnails/0.png",
                    "__MACOSX/test/good/0.png",
                    "part/test/good/@eaDir/0.png",
                ]
        )
            Touch(file);

        DataSet data = DataSet.Open(_folder);

        Assert.Equal(
            ["hole/0.png", "good/0.png"],
            data.Images.OrderByDescending(i => i.Anomalous).Select(i => Path.GetRelativePath(Path.Combine(_folder, "part", "test"), i.Path))
        );
        Assert.EndsWith("0_mask.png", data.Images.Single(i => i.Anomalous).MaskPath, StringComparison.Ordinal);
    }

    [Fact]
    public void A_class_without_normal_images_is_named_with_its_folders()
    {
        Touch("part/test/fine/0.png");
        Touch("part/test/hole/0.png");

        Assert.Equal(
            "Class 'part' has no normal images, so that image metrics are not defined: its images lie in fine, hole; normal ones "
                + "lie in a folder called good, ok or normal.",
            Assert.Single(DataSet.Open(_folder).Notes)
        );
    }

    [Fact]
    public void Alpha_marks_where_all_colours_are_nothing()
    {
        string overlay = Mask("overlay.png", 20, 10, (x, _) => new Rgba32(0, 0, 0, x < 10 ? (byte)255 : (byte)0));
        string colours = Mask(
            "colours.png",
            20,
            10,
            (x, _) => x < 5 ? new Rgba32(255, 0, 0, 255) : new Rgba32(0, 0, 0, x < 10 ? (byte)255 : (byte)0)
        );
        string opaque = Mask("opaque.png", 20, 10, (_, _) => new Rgba32(0, 0, 0, 255));

        Assert.Equal((null, 50), Marked(GroundTruth.Read(overlay, 20, 10, 10)));
        Assert.Equal((null, 20), Marked(GroundTruth.Read(colours, 200, 100, 10)));
        Assert.Equal(("it marks nothing", 0), Marked(GroundTruth.Read(opaque, 20, 10, 10)));
    }

    [Theory]
    [InlineData(20, 10, null)]
    [InlineData(200, 100, null)]
    [InlineData(41, 20, null)] // halved and rounded
    [InlineData(10, 20, "it is 20 x 10, its image 10 x 20")]
    [InlineData(128, 128, "it is 20 x 10, its image 128 x 128")]
    public void A_mask_of_another_shape_is_named_with_both_sizes(int width, int height, string? fault)
    {
        string mask = Mask("mask.png", 20, 10, (x, _) => x < 10 ? new Rgba32(255, 255, 255, 255) : new Rgba32(0, 0, 0, 255));

        Assert.Equal(fault, GroundTruth.Read(mask, width, height, 10).Fault);
    }

    [Fact]
    public void What_a_mask_marks_may_be_too_small_for_the_model()
    {
        string mask = Mask("mask.png", 100, 100, (x, y) => x == 0 && y == 0 ? new Rgba32(255, 255, 255, 255) : new Rgba32(0, 0, 0, 255));

        Assert.Equal("what it marks is too small to be seen at 10 pixels", GroundTruth.Read(mask, 100, 100, 10).Fault);
    }

    private static (string? Fault, int Count) Marked(GroundTruth truth) => (truth.Fault, truth.Pixels.Count(p => p != 0));

    private string Mask(string name, int width, int height, Func<int, int, Rgba32> pixel)
    {
        using Image<Rgba32> image = new(width, height);
        for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            image[x, y] = pixel(x, y);
        string path = Path.Combine(_folder, name);
        image.SaveAsPng(path);
        return path;
    }

    private void Touch(string relative)
    {
        string path = Path.Combine(_folder, relative);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!); // a file lies in a folder
        File.WriteAllBytes(path, []);
    }
}
