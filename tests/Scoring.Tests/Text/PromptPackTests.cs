using System.Text;
using AaClip.Scoring.Text;
using AaClip.Tests;

namespace AaClip.Scoring.Tests.Text;

public sealed class PromptPackTests
{
    [Fact]
    public void The_documented_pack_is_valid_and_its_classes_are_found_by_any_spelling()
    {
        string docs = File.ReadAllText(Path.Combine(Parity.RepositoryRoot, "docs", "methods.md"));
        string json = docs.Split("```json\n")[1].Split("```")[0];

        PromptPack pack = PromptPack.FromJson(Encoding.UTF8.GetBytes(json), "docs/methods.md");

        Assert.Empty(SchemaCheck.Faults(SchemaCheck.Load("prompts.schema.json"), json));
        Assert.Contains("a photo of a intact Bottle.", pack.Sentences("Bottle").Normal);
        Assert.Contains("a photo of a metal nut with a defect.", pack.Sentences("metal nut").Abnormal);
        Assert.NotEqual(PromptPack.Default.Fingerprint, pack.Fingerprint);
    }

    [Fact]
    public void A_pack_is_the_same_after_writing_and_reading()
    {
        PromptPack pack = new()
        {
            Ensemble = PromptEnsemble.Default,
            Classes = [new ClassPrompts(["macaroni1"], Called: "macaroni"), new ClassPrompts(["tile"], PromptEnsemble.Default)],
            MeanOfRaw = true,
            RawNames = true,
        };

        PromptPack again = PromptPack.FromJson(pack.ToJson(), "test");

        Assert.Equal(pack.Fingerprint, again.Fingerprint);
        Assert.Equal(pack.Sentences("macaroni1").Normal, again.Sentences("macaroni1").Normal);
        Assert.Empty(SchemaCheck.Faults(SchemaCheck.Load("prompts.schema.json"), Encoding.UTF8.GetString(pack.ToJson())));
    }

    [Theory]
    [InlineData("metal_nut", "metal_nut")]
    [InlineData("MVTec/metal_nut", "metal_nut")]
    [InlineData("wood/oak", "wood/oak")]
    public void Raw_names_stand_in_prompts_as_they_are(string className, string expected)
    {
        PromptPack pack = PromptPack.Default with { RawNames = true };

        Assert.Equal(expected, pack.Resolve(className));
    }
}
