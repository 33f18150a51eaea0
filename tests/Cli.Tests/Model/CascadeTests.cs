using System.Text;
using System.Text.Json.Nodes;
using AaClip.Evaluation;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Routing;
using AaClip.Scoring.Packages;
using AaClip.Synthesis;
using AaClip.Tests;

namespace AaClip.Cli.Tests.Model;

/// <summary>
/// <c>calibrate --first</c> and <c>evaluate --first</c>, with two packages of the same weights: the raw scores of both are near 0.5, and
/// the full model calls every image anomalous.
/// </summary>
public sealed class CascadeTests : IDisposable
{
    private readonly PhotoFolder _folder = new();
    private readonly string _first = TinyPackage.Recalibrated(0.95),
        _full = TinyPackage.Recalibrated(0.05);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_limit_of_a_camera_goes_into_its_profile_beside_what_is_there()
    {
        string cameras = Cameras();

        Aaclip.Result result = Aaclip.Run(Calibrate(_full, cameras, "--json"));

        Assert.True(result.Code == 0, result.Error);
        JsonNode told = JsonNode.Parse(result.Output)!;
        CameraProfile profile = CameraSet.Parse(File.ReadAllBytes(cameras), cameras).Find("line1")!;
        FirstModel first = profile.First!;
        Assert.Equal((Id(_first), Id(_full), "bottle", 0.04), (first.Model, first.Against, profile.Class, profile.Threshold));
        Assert.Equal((double)told["settles"]!, first.Settles);
        Assert.InRange(first.Settles, 0.3, 0.7);
        Assert.Equal((3, 0, 299), ((int)told["anomalous"]!, (int)told["missed"]!, (int)told["needed"]!));
        Assert.Equal(CascadeCalibrator.Limit([1, 2, 3], 0.01).Bound, first.Bound!.Value, 1e-12);
        Assert.Empty(SchemaCheck.Faults(SchemaCheck.Load("cameras.schema.json"), File.ReadAllText(cameras)));
    }

    [Fact]
    public void A_camera_without_a_profile_of_its_own_gets_a_copy_of_the_one_that_its_pattern_gives()
    {
        string cameras = _folder.Write(
            "cameras.json",
            """{ "schemaVersion": 1, "cameras": { "line*": { "class": "bottle", "threshold": 0.04, "minRegion": 0.1 } } }"""u8.ToArray()
        );

        Aaclip.Result result = Aaclip.Run(Calibrate(_full, cameras));

        Assert.True(result.Code == 0, result.Error);
        CameraSet set = CameraSet.Parse(File.ReadAllBytes(cameras), cameras);
        CameraProfile own = set.Entry("line1"),
            others = set.Entry("line*");
        Assert.NotNull(own.First);
        Assert.Equal((others.Class, others.Threshold, others.MinRegion, null), (own.Class, own.Threshold, own.MinRegion, others.First));
    }

    [Fact]
    public void Too_few_defects_say_how_many_are_needed()
    {
        Aaclip.Result result = Aaclip.Run(Calibrate(_full, Cameras(), "--miss", "0.1"));

        Assert.Contains("that " + Id(_full) + " calls anomalous, it settles 0.", result.Output, StringComparison.Ordinal);
        Assert.Contains("The requested 10 % need 29 images that the model calls anomalous.", result.Output, StringComparison.Ordinal);
        Assert.Contains("With 95 % confidence, at most 63.16 %", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_model_that_finds_none_of_the_defects_gives_no_limit_and_leaves_the_profile()
    {
        string cameras = Cameras("");
        string before = File.ReadAllText(cameras);

        Aaclip.Result result = Aaclip.Run(Calibrate(_first, cameras));

        Assert.Equal(1, result.Code);
        Assert.Contains($"{Id(_first)} calls none of the 3 images anomalous: give --defects", result.Error, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(cameras));
    }

    [Fact]
    public void A_cascade_is_compared_with_its_full_model_on_images_of_another_set()
    {
        ObjectClass[] classes = [Catalog.Find("painted panel")];
        SyntheticDataSet.Write(_folder.File("limits"), classes, 6, 64, 1, cancellation: TestContext.Current.CancellationToken);
        SyntheticDataSet.Write(_folder.File("data"), classes, 6, 64, 2, cancellation: TestContext.Current.CancellationToken);
        string[] options = ["--first", _first, "--model", _full, "--limits-from", _folder.File("limits"), "--provider", "cpu"];

        Aaclip.Result result = Aaclip.Run(["evaluate", "--data", _folder.File("data"), .. options, "--json"]);

        Assert.True(result.Code == 0, result.Error);
        JsonNode told = JsonNode.Parse(result.Output)!;
        JsonNode one = Assert.Single(told["classes"]!.AsArray())!;
        Assert.Equal(("painted panel", 3, 3), ((string)one["className"]!, (int)one["given"]!, (int)one["found"]!));
        Assert.InRange((int)one["missed"]!, 0, 3);
        Assert.InRange((double)one["fullAuroc"]!, 0, 1);
        Assert.InRange((double)one["cascadeAuroc"]!, 0, 1);
        Assert.Equal([0.0, 0.0, 0.0], told["streams"]!.AsArray().Select(s => (double)s!["defects"]!)); // of three normal images
        Assert.All(told["streams"]!.AsArray(), s => Assert.True((double)s!["full"]! > 0 && (double)s["cascade"]! > 0));
    }

    private static string Id(string folder) => ModelPackage.Open(folder).Manifest.Id;

    private string Cameras(string threshold = ", \"threshold\": 0.04")
    {
        string json = $$"""{ "schemaVersion": 1, "cameras": { "line1": { "class": "bottle"{{threshold}} } } }""";
        return _folder.Write("cameras.json", Encoding.UTF8.GetBytes(json));
    }

    private string[] Calibrate(string full, string cameras, params string[] more)
    {
        string[] good = [.. Enumerable.Range(0, 2).Select(i => _folder.Photo($"good/{i}.png", seed: 1 + i))],
            bad = [.. Enumerable.Range(0, 3).Select(i => _folder.Photo($"bad/{i}.png", seed: 11 + i))];
        string[] models = ["--first", _first, "--model", full, "--provider", "cpu"];
        return ["calibrate", .. models, "--normals", .. good, "--defects", .. bad, "--cameras", cameras, "--camera", "line1", .. more];
    }
}
