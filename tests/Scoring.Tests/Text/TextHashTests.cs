using AaClip.Scoring.Text;

namespace AaClip.Scoring.Tests.Text;

/// <summary>Blobs and files that are stored already are found by these hashes.</summary>
public class TextHashTests
{
    [Theory]
    [InlineData("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    [InlineData("ä", "33e6d73fee82904c8d7afb78de1154d1e8dc2a0edb08120e63df5b9385c2d9cc")]
    public void It_is_the_sha256_of_the_text_in_utf8(string text, string hash)
    {
        Assert.Equal(hash, TextHash.Hex(text));
        Assert.Equal(Convert.FromHexString(hash), TextHash.Bytes(text));
    }

    // Not in the theory: test runners pass arguments on as UTF-8.
    [Fact]
    public void Half_a_surrogate_pair_counts_as_the_replacement_character() =>
        Assert.Equal("83d544ccc223c057d2bf80d3f2a32982c32c3c0db8e2674820da5064783fb097", TextHash.Hex("\uD800"));

    [Theory]
    [InlineData(8, "ba7816bf")]
    [InlineData(32, "ba7816bf8f01cfea414140de5dae2223")]
    public void A_shorter_one_is_its_beginning(int digits, string hash) => Assert.Equal(hash, TextHash.Hex("abc", digits));

    [Fact]
    public void More_digits_than_there_are_is_an_error() => Assert.Throws<ArgumentOutOfRangeException>(() => TextHash.Hex("abc", 65));
}
