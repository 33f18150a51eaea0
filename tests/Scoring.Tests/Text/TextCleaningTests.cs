using System.Text.Json;
using AaClip.Scoring.Text;
using AaClip.Tests;

namespace AaClip.Scoring.Tests.Text;

public sealed class TextCleaningTests
{
    [Theory]
    [InlineData("&amp &lt;b&gt; &AMP;", "& <b> &")]
    [InlineData("&amp;lt;", "<")]
    [InlineData("&amp;amp;amp;", "&amp;")] // twice, not more
    [InlineData("&notanentity; &notit", "¬anentity; ¬it")] // the longest known name first
    [InlineData("&apos; &aposx &apos", "' &aposx &apos")] // younger than those that may lack the semicolon
    [InlineData("&#39 &#x27;s &#65;", "' 's a")]
    [InlineData("&#0; &#xD800; &#x110000; &#99999999999;", "\uFFFD \uFFFD \uFFFD \uFFFD")]
    [InlineData("&#x80;&#150;&#x81;", "€–\u0081")] // Windows-1252
    [InlineData("a&#1;b&#x1FFFF;c&#xFDD0;", "abc")]
    [InlineData("&lang;x&rang; &#128512;", "⟨x⟩ 😀")]
    [InlineData("&unknown; AT&T a&b &", "&unknown; at&t a&b &")]
    public void References_are_decoded_twice_by_the_rules_of_HTML_5(string text, string expected)
    {
        string cleaned = TextCleaning.Clean(text);

        Assert.Equal(expected, cleaned);
    }

    [Theory]
    [InlineData("İSTANBUL", "i\u0307stanbul")]
    [InlineData("ΟΔΥΣΣΕΥΣ", "οδυσσευς")]
    [InlineData("Σ ΣΑ ΑΣ. ΑΣ.Α", "σ σα ας. ασ.α")] // alone, first, last, and inside with a dot
    [InlineData("Α\u0301Σ\u0301 𐐀Σ 1Σ", "α\u0301ς\u0301 𐐨ς 1σ")] // marks are skipped; letters beyond the first plane count
    [InlineData("K Å ẞ Ǆ Ⅳ Ⓐ", "k å ß ǆ ⅳ ⓐ")]
    public void Letters_are_lowered_by_the_full_rules(string text, string expected)
    {
        string cleaned = TextCleaning.Clean(text);

        Assert.Equal(expected, cleaned);
    }

    [Theory]
    [InlineData(" \t a \r\n\u00A0\u3000 b\u2029", "a b")]
    [InlineData("\u001Ca\u001Cb\u001F ", "a\u001Cb")] // stripped, but not folded
    [InlineData("a\u200Bb\uFEFF", "a\u200Bb\uFEFF")] // no white space for Unicode
    [InlineData("&nbsp;a&nbsp;&nbsp;b", "a b")]
    [InlineData("\u001F \u0085", "")]
    public void White_space_is_folded_and_stripped_as_Python_does(string text, string expected)
    {
        string cleaned = TextCleaning.Clean(text);

        Assert.Equal(expected, cleaned);
    }

    [Fact]
    public void Random_texts_are_cleaned_as_by_Python()
    {
        using JsonDocument json = JsonDocument.Parse(
            File.ReadAllBytes(Path.Combine(Parity.RepositoryRoot, "tests", "Scoring.Tests", "Text", "cleaning-by-python.json"))
        );

        foreach (JsonElement pair in json.RootElement.GetProperty("cases").EnumerateArray())
        {
            string cleaned = TextCleaning.Clean(pair[0].GetString()!);

            Assert.Equal(pair[1].GetString(), cleaned);
        }
    }
}
