using System.Text.RegularExpressions;
using AaClip.Scoring.Text;

namespace AaClip.Scoring.Tests.Text;

public sealed partial class TextPiecesTests
{
    // The published pattern. .NET's engine sees halves of surrogate pairs, so it is the slow version for the first plane only.
    [GeneratedRegex(
        @"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Published();

    [Fact]
    public void Random_texts_are_split_as_by_the_published_pattern()
    {
        string[] parts =
        [
            "'s",
            "'t",
            "'re",
            "'ve",
            "'m",
            "'ll",
            "'d",
            "'",
            "'x",
            "!",
            "<|",
            "|>",
            "<|startoftext|>",
            "<|endoftext|>",
            "a",
            "zé",
            "1",
            "½",
            "٣",
            "ⅷ",
            " ",
            "\u3000",
            "_",
            "-",
            "\u0301",
            "日",
            "ж",
            "\u001C",
        ];
        Random random = new(5);
        for (int round = 0; round < 2000; round++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => parts[random.Next(parts.Length)]));

            List<string> pieces = Split(text);

            Assert.Equal(Published().Matches(text).Select(m => m.Value), pieces);
        }
    }

    [Fact]
    public void Letters_and_numbers_beyond_the_first_plane_are_letters_and_numbers()
    {
        List<string> pieces = Split("𝒜𝓁b𝟙𝟚😀😀!𐐨");

        Assert.Equal(["𝒜𝓁b", "𝟙", "𝟚", "😀😀!", "𐐨"], pieces);
    }

    [Fact]
    public void A_contraction_with_a_long_s_is_one()
    {
        List<string> pieces = Split("it'ſ");

        Assert.Equal(["it", "'ſ"], pieces);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    public void A_text_without_content_has_no_pieces(string text)
    {
        List<string> pieces = Split(text);

        Assert.Empty(pieces);
    }

    [Fact]
    public void Half_a_surrogate_pair_is_neither_lost_nor_endless()
    {
        List<string> pieces = Split("a\uD835b\uDC9C");

        Assert.Equal("a\uD835b\uDC9C", string.Concat(pieces));
    }

    private static List<string> Split(string text)
    {
        List<string> pieces = [];
        int at = 0;
        while (TextPieces.TryNext(text, ref at, out ReadOnlySpan<char> piece))
            pieces.Add(piece.ToString());
        return pieces;
    }
}
