using System.Text.Json;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;

namespace AaClip.Pipeline.Tests.Contracts;

/// <summary>Names and JSON as they are stored already, letter by letter.</summary>
public class ImageVersionTests
{
    [Fact]
    public void The_name_is_made_of_model_camera_path_and_version() =>
        Assert.Equal("aaclip@1/line1/2026/a b+ä.jpg/0x8D.json", new ImageVersion("line1/2026/a b+ä.jpg", "\"0x8D\"").Result("aaclip@1"));

    [Fact]
    public void Heatmap_and_map_are_named_like_the_result()
    {
        Assert.Equal("m@1/c/a.png/0x1.jpg", new ImageVersion("c/a.png", "0x1").Heatmap("m@1"));
        Assert.Equal("m@1/c/a.png/0x1.png", new ImageVersion("c/a.png", "0x1").Map("m@1"));
    }

    [Fact]
    public void An_image_without_a_folder_belongs_to_camera_default()
    {
        ImageVersion image = new("a.jpg", "0x1");

        Assert.Equal("default", image.Camera);
        Assert.Equal("m@1/default/a.jpg/0x1.json", image.Result("m@1"));
    }

    [Fact]
    public void The_camera_is_the_first_folder() => Assert.Equal("line1", new ImageVersion("line1/day/a.jpg", "0x1").Camera);

    [Fact]
    public void What_is_too_long_for_a_name_ends_with_its_hash()
    {
        string path = new('a', 1100),
            etag = new('e', 70),
            camera = new('c', 450);

        Assert.Equal($"m@1/c/{path[..915]}~a82bbb9b6dd92b2fd52720c83efdc57b/0x1.json", new ImageVersion($"c/{path}", "0x1").Result("m@1"));
        Assert.Equal("m@1/c/a.png/~0782bcac400bed7702a48afaa80847d7.json", new ImageVersion("c/a.png", etag).Result("m@1"));
        Assert.Equal(
            $"m@1/{camera[..367]}~d943149833325b8c91765a2229682bfb/a.png/0x1.json",
            new ImageVersion($"{camera}/a.png", "0x1").Result("m@1")
        );
    }

    [Fact]
    public void Results_carry_image_and_model_in_the_published_fields_and_no_others()
    {
        ResultDocument result = new()
        {
            Image = new ImagePart
            {
                Name = "line1/a.png",
                ETag = "0x1",
                Camera = "line1",
                ObjectClass = "bottle",
            },
            Model = new ModelPart("tiny", "1", null, "fp32", "cpu"),
            Score = new ScorePart(Verdict.Failed),
            Timings = new TimingsPart(),
            ScoredAt = DateTimeOffset.UnixEpoch,
        };

        Assert.Equal(new ImageVersion("line1/a.png", "0x1"), result.Image.Version);
        Assert.Equal("tiny@1", result.Model.Id.ToString());
        Assert.Equal(
            """{"schemaVersion":1,"image":{"name":"line1/a.png","etag":"0x1","bytes":0"""
                + ""","width":0,"height":0,"camera":"line1","objectClass":"bottle"}"""
                + ""","model":{"name":"tiny","version":"1","precision":"fp32","provider":"cpu"}"""
                + ""","score":{"verdict":"failed"},"timings":{},"scoredAt":"1970-01-01T00:00:00+00:00"}""",
            JsonSerializer.Serialize(result, ResultJson.Default.ResultDocument)
        );
    }

    [Fact]
    public void A_jobs_pages_and_differences_carry_name_and_etag_once()
    {
        JobImage image = new("line1/a.png", "0x1", Outcome.None);
        Compared compared = new("line1/a.png", "0x1", Outcome.None, new Outcome("normal", 0.25));

        Assert.Equal(image.Version, compared.Version);
        Assert.Equal(
            """{"images":[{"name":"line1/a.png","etag":"0x1","before":{"word":"none"}}]}""",
            JsonSerializer.Serialize(new JobPage([image], null), JobJson.Default.JobPage)
        );
        Assert.Equal(
            """[{"image":"line1/a.png","etag":"0x1","before":{"word":"none"},"after":{"word":"normal","score":0.25}}]""",
            JsonSerializer.Serialize([compared], JobJson.Default.IReadOnlyListCompared)
        );
    }
}
