using System.Text;
using System.Text.Json;
using AaClip.Scoring.Text;
using AaClip.Tests;

namespace AaClip.Scoring.Tests.Text;

public sealed class PromptEnsembleTests
{
    [Fact]
    public void The_published_prompts_come_in_the_published_order()
    {
        (IReadOnlyList<string> normal, IReadOnlyList<string> abnormal) = PromptEnsemble.Default.Sentences("a black zipper");

        Assert.Equal(
            [
                "a black zipper.",
                "a photo of a black zipper.",
                "a a black zipper.",
                "a photo of a a black zipper.",
                "the a black zipper.",
                "a photo of the a black zipper.",
            ],
            normal
        );
        Assert.Equal(10, abnormal.Count);
        Assert.Equal(["a damaged a black zipper.", "a photo of a damaged a black zipper."], abnormal.Take(2));
        Assert.Equal(["a a black zipper with damage.", "a photo of a a black zipper with damage."], abnormal.Skip(8));
    }

    [Fact]
    public void All_sentences_of_all_classes_are_the_published_ones_in_order()
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Parity.File("tokenizer/prompts.json")));
        List<string> published = [];
        foreach (JsonProperty ofClass in json.RootElement.EnumerateObject().SelectMany(d => d.Value.EnumerateObject()))
        foreach (string side in (string[])["normal", "abnormal"])
            published.AddRange(ofClass.Value.GetProperty(side).EnumerateArray().Select(p => p.GetProperty("text").GetString()!));

        IEnumerable<string> sentences = TestVocabulary.PublishedPrompts();

        Assert.Equal(published, sentences);
    }

    [Fact]
    public void A_name_with_braces_stays_as_it_is()
    {
        (IReadOnlyList<string> normal, _) = PromptEnsemble.Default.Sentences("{} box");

        Assert.Equal("a photo of the {} box.", normal[5]);
    }

    [Fact]
    public void The_fingerprint_follows_the_texts_and_not_the_layout()
    {
        PromptEnsemble same = Parse(
            """
            {"templates":["{}.","a photo of {}."],
             "abnormal":["a damaged {}","a broken {}","a {} with flaw","a {} with defect","a {} with damage"],
             "normal":["{}","a {}","the {}"]}
            """
        );
        PromptEnsemble other = same with { Templates = ["{}."] };
        PromptEnsemble moved = same with { NormalStates = ["{}", "a {}"], AbnormalStates = ["the {}", .. same.AbnormalStates] };

        Assert.Equal(PromptEnsemble.Default.Fingerprint, same.Fingerprint);
        Assert.Equal(3, new[] { same.Fingerprint, other.Fingerprint, moved.Fingerprint }.Distinct().Count());
        Assert.Equal("3c2e63fd6e7c6fcb64b03ee67b26ea183217b389a2ca1f0ec7415dc7902b4f6f", same.Fingerprint); // caches on disk depend on it
    }

    [Theory]
    [InlineData(
        """{"normal":["{}"],"abnormal":["a {}"]}""",
        "'mine.json' does not hold prompts, an object with the lists 'normal', 'abnormal' and 'templates'"
    )]
    [InlineData("null", "'mine.json' does not hold prompts")]
    [InlineData("{", "'mine.json' does not hold prompts")]
    [InlineData("""{"normal":["{}"],"abnormal":["a {}"],"templates":[],"x":1}""", "'mine.json' does not hold prompts")]
    [InlineData(
        """{"normal":["{}"],"abnormal":[],"templates":["{}"]}""",
        "The list 'abnormal' in 'mine.json' is empty: give at least one text with '{}'."
    )]
    [InlineData(
        """{"normal":["bottle"],"abnormal":["a {}"],"templates":["{}"]}""",
        "The list 'normal' in 'mine.json' has the entry 'bottle': expected one line with '{}' once"
    )]
    [InlineData(
        """{"normal":["{}"],"abnormal":["a {} {}"],"templates":["{}"]}""",
        "The list 'abnormal' in 'mine.json' has the entry 'a {} {}'"
    )]
    [InlineData("""{"normal":["{}"],"abnormal":["a {}"],"templates":["{}\n"]}""", "The list 'templates' in 'mine.json' has the entry")]
    [InlineData("""{"normal":[null],"abnormal":["a {}"],"templates":["{}"]}""", "The list 'normal' in 'mine.json' has the entry ''")]
    public void Prompts_that_cannot_work_are_refused(string json, string message)
    {
        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => Parse(json));

        Assert.StartsWith(message, refused.Message, StringComparison.Ordinal);
    }

    private static PromptEnsemble Parse(string json) =>
        PromptEnsemble.FromJson(new MemoryStream(Encoding.UTF8.GetBytes(json)), "mine.json");
}
