using System.Text.Json.Nodes;
using AaClip.Tests;

namespace AaClip.Cli.Tests.Demo;

public sealed class DemoModelTests(ITestOutputHelper output)
{
    private const int Samples = 24,
        Right = 22; // correct verdicts that models/demo must reach on samples/; no step of its training used their classes

    [Fact]
    public void The_demonstration_model_judges_at_least_22_of_the_24_samples_correctly()
    {
        string root = Parity.RepositoryRoot;
        // The repository has this file
        JsonObject cameras = JsonNode.Parse(File.ReadAllText(Path.Combine(root, "samples", "cameras.json")))!["cameras"]!.AsObject();
        List<string> wrong = [];
        int count = 0;
        foreach ((string camera, JsonNode? profile) in cameras.Where(c => c.Key != "*"))
        {
            Aaclip.Result result = Aaclip.Run([
                "score",
                "--model",
                Path.Combine(root, "models", "demo"),
                "--class",
                (string)profile!["class"]!,
                "--provider",
                "cpu",
                "--json",
                "-",
                Path.Combine(root, "samples", camera),
            ]);

            Assert.True(result.Code == 0, result.Error);
            foreach (JsonNode report in result.Lines.Select(l => JsonNode.Parse(l)!)) // one object a line
            {
                string file = (string)report["image"]!["name"]!,
                    verdict = (string)report["score"]!["verdict"]!;
                count++;
                if (verdict != (Path.GetFileName(file).StartsWith("good-", StringComparison.Ordinal) ? "normal" : "anomalous"))
                    wrong.Add($"{camera}/{Path.GetFileName(file)}: {verdict}, calibrated {(double)report["score"]!["calibrated"]!:F2}");
            }
        }

        wrong.ForEach(output.WriteLine);
        Assert.Equal(Samples, count);
        Assert.True(count - wrong.Count >= Right, $"{count - wrong.Count} of {count} are right. Wrong: {string.Join("; ", wrong)}");
    }
}
