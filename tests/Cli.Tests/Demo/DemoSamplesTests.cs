using System.Text.Json.Nodes;
using AaClip.Cli.Demo;
using AaClip.Tests;

namespace AaClip.Cli.Tests.Demo;

public sealed class DemoSamplesTests
{
    [Fact]
    public void What_make_run_drops_is_of_the_cameras_that_have_a_profile_and_of_no_other_folder()
    {
        string samples = Path.Combine(Parity.RepositoryRoot, "samples");
        // A file of this repository
        JsonObject profiles = JsonNode.Parse(File.ReadAllText(Path.Combine(samples, "cameras.json")))!["cameras"]!.AsObject();

        string[] cameras = [.. DemoSamples.Of(samples).Select(item => item.Camera).Distinct().Order(StringComparer.Ordinal)];

        Assert.Equal(profiles.Select(p => p.Key).Where(name => name != "*").Order(StringComparer.Ordinal), cameras);
    }
}
