using AaClip.Scoring.Packages;

namespace AaClip.Scoring.Tests.Packages;

public class ModelIdTests
{
    [Fact]
    public void Text_folder_and_parts_belong_together()
    {
        ModelId id = new("aaclip-vitl", "3f2a91bc");
        string text = id;

        Assert.Equal("aaclip-vitl@3f2a91bc", id.ToString());
        Assert.Equal("aaclip-vitl@3f2a91bc", text);
        Assert.Equal("aaclip-vitl@3f2a91bc", $"{id}");
        Assert.Equal("aaclip-vitl/3f2a91bc", id.Folder);
        Assert.Equal(id, ModelId.Parse(text));
        Assert.NotEqual(id, ModelId.Parse("aaclip-vitl@3f2a91bd"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("@")]
    [InlineData("aaclip")]
    [InlineData("aaclip@")]
    [InlineData("@1")]
    [InlineData("a@1@2")]
    [InlineData("a/b@1")]
    [InlineData("..@1")]
    [InlineData("a@../1")]
    [InlineData("a @1")]
    public void What_no_package_can_be_called_is_refused_with_what_was_found(string text)
    {
        ArgumentException refused = Assert.Throws<ArgumentException>(() => ModelId.Parse(text));

        Assert.Equal($"'{text}' is no model: expected name@version.", refused.Message);
        Assert.False(ModelId.TryParse(text, out _));
    }

    [Fact]
    public void No_text_is_no_model() => Assert.False(ModelId.TryParse(null, out _) || ModelId.TrySplit(null, out _));

    [Theory]
    [InlineData("a/b@1", "a/b", "1")]
    [InlineData("a@1@2", "a", "1@2")]
    [InlineData("a @ 1", "a ", " 1")]
    public void Any_text_with_something_on_both_sides_of_its_first_at_can_be_split(string text, string name, string version)
    {
        Assert.True(ModelId.TrySplit(text, out ModelId id));
        Assert.Equal((name, version, text), (id.Name, id.Version, id.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("aaclip")]
    [InlineData("aaclip@")]
    [InlineData("@1")]
    [InlineData("@1@2")]
    public void A_text_without_a_name_or_a_version_cannot(string text) => Assert.False(ModelId.TrySplit(text, out _));
}
