using AaClip.Pipeline.Storage;

namespace AaClip.Pipeline.Tests.Storage;

public class BlobNamesTests
{
    [Theory]
    [InlineData("c/a\\b", "m@1/c/a~5Cb/")]
    [InlineData("c/a~b", "m@1/c/a~7Eb/")]
    [InlineData("c/a//b", "m@1/c/a/~/b/")]
    [InlineData("c/../b", "m@1/c/~2E~2E/b/")]
    [InlineData("c/a./b.", "m@1/c/a~2E/b~2E/")]
    [InlineData("c/a\u0001\"", "m@1/c/a~01~22/")]
    [InlineData("/a", "m@1/default/~/a/")]
    public void What_storage_would_not_keep_is_escaped(string image, string folder) =>
        Assert.Equal(folder, BlobNames.ImageFolder("m@1", image));

    [Fact]
    public void A_slash_in_a_models_name_makes_no_folder() => Assert.Equal("a~2Fb@1/c/", BlobNames.Prefix("a/b@1", "c"));

    [Theory]
    [InlineData("aaclip@1")]
    [InlineData("a/b@1.")]
    [InlineData("ä~\U0001F600\\@1~2")]
    public void A_blobs_name_tells_its_model(string model) => Assert.Equal(model, BlobNames.ModelOf(BlobNames.Stem(model, "c/a", "0x1")));

    [Fact]
    public void A_name_too_long_for_storage_is_cut_and_stays_unique()
    {
        string image = "c/" + string.Join('/', Enumerable.Repeat("0123456789~", 92)); // 1024 characters with the last
        string other = image[..^2] + "8~";

        string name = BlobNames.Stem("m@1", image, "0x8DC0FFEE"),
            otherName = BlobNames.Stem("m@1", other, "0x8DC0FFEE");

        Assert.InRange((name + ".json").Length, 900, 1024);
        Assert.StartsWith("m@1/c/0123456789~7E/0123456789~7E/", name, StringComparison.Ordinal);
        Assert.NotEqual(name, otherName);
    }

    [Fact]
    public void Different_images_never_share_a_name()
    {
        string[] images =
        [
            "c/a",
            "c/a/",
            "c//a",
            "c/~",
            "c/~7E",
            "c/.",
            "c/~2E",
            "c/a.",
            "c/a~2E",
            "c/\\",
            "c/~5C",
            "d/a",
            "c/a b",
            "c/a%20b",
            "c/A",
        ];

        string[] names = [.. images.Select(i => BlobNames.Stem("m@1", i, "0x1"))];

        Assert.Equal(names.Length, names.Distinct(StringComparer.Ordinal).Count());
    }
}
