using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Models;

namespace AaClip.Pipeline.Tests.Models;

public class ShadowShareTests
{
    // The first four bytes of SHA-256 of "line1/a.png\n0x1", little-endian, are 0.4228 of their range.
    [Theory]
    [InlineData(0, false)]
    [InlineData(0.4228, false)]
    [InlineData(0.4229, true)]
    [InlineData(1, true)]
    public void Name_and_version_of_an_image_decide_from_which_share_on_it_is_scored(double share, bool included) =>
        Assert.Equal(included, ShadowShare.Include(share, new ImageVersion("line1/a.png", "0x1")));

    [Fact]
    public void Another_version_of_the_image_is_drawn_by_itself() =>
        Assert.NotEqual(
            ShadowShare.Include(0.4228, new ImageVersion("line1/a.png", "0x1")),
            Enumerable.Range(2, 20).Any(v => ShadowShare.Include(0.4228, new ImageVersion("line1/a.png", $"0x{v}")))
        );
}
