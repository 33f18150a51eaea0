using AaClip.Scoring.Anchors;

namespace AaClip.Scoring.Tests.Anchors;

public sealed class CacheFolderTests
{
    private static readonly string Root = Path.GetFullPath(Path.GetTempPath());

    [Fact]
    public void The_variable_of_the_product_goes_before_all_and_is_taken_as_it_is()
    {
        string folder = CacheFolder.Choose(name =>
            name switch
            {
                "AACLIP_CACHE" => Path.Combine(Root, "mine"),
                "XDG_CACHE_HOME" => Root,
                _ => null,
            }
        );

        Assert.Equal(Path.Combine(Root, "mine"), folder);
    }

    [Fact]
    public void The_cache_home_of_the_user_comes_next()
    {
        string folder = CacheFolder.Choose(name => name == "XDG_CACHE_HOME" ? Root : null);

        Assert.Equal(Path.Combine(Root, "aaclip", "anchors"), folder);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("relative/folder")]
    public void Without_one_it_lies_in_a_folder_of_the_user(string? cacheHome)
    {
        string folder = CacheFolder.Choose(name => name == "XDG_CACHE_HOME" ? cacheHome : null);

        Assert.True(Path.IsPathFullyQualified(folder));
        Assert.EndsWith(Path.Combine("aaclip", "anchors"), folder, StringComparison.Ordinal);
    }
}
