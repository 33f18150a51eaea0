using System.Text.Json;
using AaClip.Scoring.Text;
using AaClip.Tests;

namespace AaClip.Scoring.Tests.Text;

public sealed class ClassNamesTests
{
    [Theory]
    [InlineData("MVTec/bottle", "dark bottle")]
    [InlineData("mvtec/BOTTLE", "dark bottle")]
    [InlineData("BTAD/02", "vertical fabric lines in warm, dusty pink and beige tones")]
    [InlineData("Colon_cvc300/CVC-300", "colon endoscopy image")]
    [InlineData("MVTec/object", "object")]
    [InlineData("object", "object")]
    [InlineData("bottle", "bottle")]
    [InlineData("  Green glass bottle ", "Green glass bottle")]
    [InlineData("Line 3/gear", "Line 3/gear")]
    [InlineData("cork_board", "cork board")]
    [InlineData("_cork \u00A0 board__", "cork board")]
    public void A_name_stands_for_its_words(string className, string expected)
    {
        string name = ClassNames.Resolve(className);

        Assert.Equal(expected, name);
    }

    [Theory]
    [InlineData("cork board", "Cork_Board", true)]
    [InlineData("cork board", " cork  board ", true)]
    [InlineData("MVTec/bottle", "dark bottle", true)]
    [InlineData("cork board", "cork-board", false)]
    [InlineData("cork board", "a cork board", false)]
    [InlineData("MVTec/nothing", "bottle", false)]
    [InlineData(null, "bottle", false)]
    public void Names_are_the_same_where_their_prompts_are(string? one, string? other, bool same)
    {
        Assert.Equal(same, ClassNames.Same(one, other));
        Assert.Equal(same, ClassNames.Same(other, one));
    }

    [Fact]
    public void Classes_and_words_are_the_published_ones_in_order()
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Parity.File("tokenizer/prompts.json")));

        IEnumerable<(string, string, string)> published =
            from d in json.RootElement.EnumerateObject()
            from c in d.Value.EnumerateObject()
            select (d.Name, c.Name, c.Value.GetProperty("real_name").GetString()!);

        Assert.Equal(published, ClassNames.DataSets.SelectMany(d => d.Classes.Select(c => (d.Name, c.Class, c.Name))));
        Assert.Equal(43, ClassNames.Published.Count);
        Assert.Contains("VisA/pcb3", ClassNames.Published);
    }

    [Fact]
    public void Four_data_sets_are_industrial_and_the_others_medical()
    {
        ILookup<string, string> domains = ClassNames.DataSets.ToLookup(d => d.Domain, d => d.Name);

        Assert.Equal(["MVTec", "VisA", "MPDD", "BTAD"], domains["Industrial"]);
        Assert.Equal(["Brain", "Liver", "Retina", "Colon_clinicDB", "Colon_colonDB", "Colon_Kvasir", "Colon_cvc300"], domains["Medical"]);
    }

    [Theory]
    [InlineData(
        "MPDD/bottle",
        "The data set MPDD has no class 'bottle'; its classes are connector, tubes, metal_plate, bracket_white, bracket_brown, "
            + "bracket_black. Name an object of your own without 'MPDD/'."
    )]
    [InlineData("", "The class name is empty: name the object, such as 'bottle', or write 'object'.")]
    [InlineData(" \u00A0 ", "The class name is empty")]
    [InlineData("_ _", "The class name is empty")]
    [InlineData("&#1;", "The class name is empty")]
    [InlineData("two\nlines", "The class name 'two\uFFFDlines' has the character U+000A, a control character")]
    [InlineData("a\0b", "The class name 'a\uFFFDb' has the character U+0000")]
    [InlineData(
        "lost \uFFFD",
        "The class name 'lost \uFFFD' has the character U+FFFD, a control character or what is left of a badly decoded one"
    )]
    [InlineData(
        "nut <|EndOfText|>",
        "The class name 'nut <|EndOfText|>' contains <|endoftext|>, which would begin or end a prompt in its middle: leave it out."
    )]
    public void A_name_that_cannot_work_is_refused(string className, string message)
    {
        ArgumentException refused = Assert.Throws<ClassNameException>(() => ClassNames.Resolve(className));

        Assert.StartsWith(message, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_with_half_a_character_is_refused()
    {
        ArgumentException refused = Assert.Throws<ClassNameException>(() => ClassNames.Resolve("half " + '\uD800'));

        Assert.StartsWith("The class name 'half \uFFFD' has the character U+FFFD", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_of_a_whole_page_is_refused()
    {
        ArgumentException refused = Assert.Throws<ClassNameException>(() => ClassNames.Resolve(new string('x', 2049)));

        Assert.Contains("has 2049 characters: name the object in a few words.", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_fits_while_its_longest_prompt_fits()
    {
        // "a photo of a {} with damage." adds some tokens to one per digit.
        int beside = TestVocabulary.Small.Encode("a photo of a with damage.").Length;
        string fits = new('7', 75 - beside);

        string name = ClassNames.Resolve(fits, TestVocabulary.Small, PromptPack.Default);
        ArgumentException refused = Assert.Throws<ClassNameException>(() =>
            ClassNames.Resolve(fits + "77", TestVocabulary.Small, PromptPack.Default)
        );

        Assert.Equal(fits, name);
        Assert.Contains(
            $"has {fits.Length + 2} tokens, and a prompt with it 77; the text encoder takes 75: use a name that is 2 tokens shorter.",
            refused.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Every_published_class_fits_the_published_encoder()
    {
        ClipTokenizer tokenizer = TestVocabulary.Published;

        foreach (string className in ClassNames.Published)
        {
            string name = ClassNames.Resolve(className, tokenizer, PromptPack.Default, contextLength: 39);

            Assert.NotEmpty(name);
        }
    }
}
