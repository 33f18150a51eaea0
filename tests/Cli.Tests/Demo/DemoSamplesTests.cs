using System.Text.Json.Nodes;
using AaClip.Cli.Demo;
using AaClip.Tests;

namespace AaClip.Cli.Tests.Demo;

public sealed class DemoSamplesTests
{
    [Fact]
    public void The_samples_of_make_run_come_from_exactly_the_cameras_with_a_profile()
    {
        string samples = Path.Combine(Parity.RepositoryRoot, "samples");
        // The repository has this file
        JsonObject profiles = JsonNode.Parse(File.ReadAllText(Path.Combine(samples, "cameras.json")))!["cameras"]!.AsObject();

        string[] cameras = [.. DemoSamples.Of(samples).Select(item => item.Camera).Distinct().Order(StringComparer.Ordinal)];

        Assert.Equal(profiles.Select(p => p.Key).Where(name => name != "*").Order(StringComparer.Ordinal), cameras);
    }
}
