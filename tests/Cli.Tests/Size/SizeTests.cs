using System.Text.Json;
using AaClip.Tests;

namespace AaClip.Cli.Tests.Size;

/// <summary><c>aaclip size</c>, as a user runs it.</summary>
public class SizeTests
{
    private static readonly string[] Given = ["size", "--cameras", "40", "--rate", "6/min", "--throughput", "10", "--price", "1.65"];

    [Fact]
    public void A_given_throughput_gives_a_rule_a_bill_and_the_assumptions()
    {
        Aaclip.Result result = Aaclip.Run([.. Given, "--hours", "16", "--burst", "5"]);

        Assert.Equal(0, result.Code);
        Assert.Contains("384,000 a day; 4 per second, 20 at most", result.Output, StringComparison.Ordinal);
        Assert.Contains("10 images per second (given)", result.Output, StringComparison.Ordinal);
        Assert.Matches("Set scorerReplicas = { min: [0-9]+, max: [0-9]+ } and imagesPerReplica = [0-9]+", result.Output);
        Assert.Contains("blob writes\t6 for each image", result.Output, StringComparison.Ordinal);
        Assert.Contains("first score 90 s after the decision", result.Output, StringComparison.Ordinal);
        Assert.Equal(result.Output, Aaclip.Run([.. Given, "--hours", "16", "--burst", "5"]).Output);
    }

    [Fact]
    public void Json_has_the_same_plans_and_the_sum()
    {
        Aaclip.Result result = Aaclip.Run([.. Given, "--json"]);

        using JsonDocument document = JsonDocument.Parse(result.Output);
        JsonElement root = document.RootElement;
        Assert.True(root.GetProperty("met").GetBoolean());
        Assert.Equal(345_600, root.GetProperty("demand").GetProperty("ofDay").GetDouble(), 0.01);
        JsonElement best = root.GetProperty("plans")[0];
        Assert.True(best.GetProperty("wait").GetProperty("p99").GetDouble() <= 60);
        Assert.Equal(
            root.GetProperty("month").EnumerateArray().Sum(l => l.GetProperty("dollars").GetDouble()),
            root.GetProperty("total").GetDouble(),
            1e-6
        );
        Assert.Equal(30 * 1.65 * best.GetProperty("replicaHours").GetDouble(), best.GetProperty("scoringOfMonth").GetDouble(), 1e-6);
    }

    [Fact]
    public void This_machine_is_measured_with_a_model_and_own_images()
    {
        using PhotoFolder folder = new();
        folder.Photo("a.png");
        string[] arguments = ["size", "--cameras", "1", "--rate", "1/min", "--model", TinyPackage.Random(), "--seconds", "1", "--json"];

        foreach (
            string[] images in (string[][])
                [
                    [],
                    ["--images", folder.Path],
                ]
        )
        {
            Aaclip.Result result = Aaclip.Run([.. arguments, .. images]);

            Assert.Equal("", result.Error);
            using JsonDocument document = JsonDocument.Parse(result.Output);
            JsonElement replica = document.RootElement.GetProperty("replica");
            Assert.InRange(replica.GetProperty("images").GetInt32(), 2, 100_000);
            Assert.Equal(
                replica.GetProperty("images").GetInt32() / replica.GetProperty("seconds").GetDouble(),
                replica.GetProperty("perSecond").GetDouble(),
                1e-6
            );
            Assert.Equal("cpu", replica.GetProperty("provider").GetString());
        }
    }

    [Fact]
    public void Too_few_replicas_are_an_error_that_says_what_to_do()
    {
        Aaclip.Result result = Aaclip.Run([.. Given, "--max-replicas", "1", "--burst", "10"]);

        Assert.Equal(1, result.Code);
        Assert.Contains("No rule with at most 1 replica is fast enough: allow a longer --wait", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Set scorerReplicas", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Give --model to measure this machine, or --throughput.")]
    [InlineData("Give --model to measure this machine, or --throughput.", "--model", "m", "--throughput", "2")]
    [InlineData("--throughput needs --price", "--throughput", "2")]
    [InlineData("--images needs --model.", "--throughput", "2", "--price", "1", "--images", "photos")]
    [InlineData("--hours is '25', expected a number above 0 and at most 24.", "--model", "m", "--hours", "25")]
    [InlineData("No model package at", "--model", "nowhere")]
    [InlineData("more than the 100,000,000 that can be simulated", "--throughput", "2", "--price", "1", "--burst", "9999")]
    public void A_wrong_command_line_is_explained(string message, params string[] arguments)
    {
        Aaclip.Result result = Aaclip.Run(["size", "--cameras", "40", "--rate", "6/s", .. arguments]);

        Assert.NotEqual(0, result.Code);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
    }
}
