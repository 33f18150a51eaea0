using System.Text.Json.Nodes;
using AaClip.Tests;

namespace AaClip.Cli.Tests.Model;

/// <summary><c>--tiles</c> of <c>aaclip score</c> and <c>aaclip calibrate</c>.</summary>
public sealed class TileOptionsTests : IDisposable
{
    private readonly PhotoFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_image_in_tiles_has_one_result_with_its_tiles_one_heatmap_and_one_map()
    {
        string photo = _folder.Photo("a.png", 1, 500, 400);

        Aaclip.Result result = Score(TinyPackage.Recalibrated(0.5, "bottle"), photo, "--maps", _folder.File("maps"));

        Assert.Equal((0, ""), (result.Code, result.Error));
        string line = Assert.Single(result.Lines);
        Assert.Empty(SchemaCheck.Faults(SchemaCheck.Load("result.schema.json"), line));
        JsonNode json = JsonNode.Parse(line)!;
        JsonArray tiles = json["tiles"]!.AsArray();
        Assert.Equal(4, tiles.Count);
        Assert.Equal((float)tiles[(int)json["score"]!["tile"]!]!["detection"]!, (float)json["score"]!["detection"]!);
        Assert.Equal(14, (int)json["map"]!["side"]!); // 8 patches, of which the two tiles share a quarter
        Assert.Single(Directory.GetFiles(_folder.File("maps"), "*.png"));
    }

    [Fact]
    public void Calibration_of_a_package_for_tiles_sets_the_threshold_just_above_the_worst_tiles_of_the_images()
    {
        for (int i = 0; i < 6; i++)
            _folder.Photo($"good/{i}.png", i, 500, 400);
        string output = _folder.File("package");

        Aaclip.Result made = Aaclip.Run([
            "calibrate",
            "--model",
            TinyPackage.Random(),
            "--provider",
            "cpu",
            "--class",
            "bottle",
            "--tiles",
            "2x2",
            "--normals",
            _folder.File("good"),
            "--out",
            output,
        ]);
        Assert.True(made.Code == 0, made.Error);
        double[] raw = Raw(Score(output, _folder.File("good")));
        double threshold = Threshold(Score(output, _folder.File("good")));

        // Every second image sets the threshold; the others set the scale.
        Assert.Equal(new[] { raw[1], raw[3], raw[5] }.Max(), threshold, 1e-5);
    }

    [Fact]
    public void Calibration_of_a_camera_cuts_images_as_its_profile_says()
    {
        for (int i = 0; i < 4; i++)
            _folder.Photo($"good/{i}.png", i, 500, 400);
        string model = TinyPackage.Recalibrated(0.5, "bottle"),
            cameras = _folder.File("cameras.json");
        File.WriteAllText(cameras, """{ "schemaVersion": 1, "cameras": { "c": { "tiles": "2x2" } } }""");

        Aaclip.Result made = Calibrate(model, cameras);
        Assert.True(made.Code == 0, made.Error);
        JsonNode profile = JsonNode.Parse(File.ReadAllText(cameras))!["cameras"]!["c"]!;

        Assert.Equal(Raw(Score(model, _folder.File("good"))).Max(), (double)profile["threshold"]!, 1e-9);
        Assert.Equal("2x2", (string)profile["tiles"]!);
        Aaclip.Result refused = Calibrate(model, cameras, "--tiles", "2x2");
        Assert.Equal(2, refused.Code);
        Assert.Contains("--tiles is for --out", refused.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--tiles is '9x9'", "--tiles", "9x9")]
    [InlineData("--overlap is '0.7'", "--tiles", "2x2", "--overlap", "0.7")]
    [InlineData("--overlap needs --tiles", "--overlap", "0.1")]
    public void A_wrong_cut_is_refused(string reason, params string[] options)
    {
        Aaclip.Result result = Aaclip.Run(["score", "--model", "none", "--class", "bottle", .. options, "a.png"]);

        Assert.Equal(2, result.Code);
        Assert.Contains(reason, result.Error, StringComparison.Ordinal);
    }

    private Aaclip.Result Calibrate(string model, string cameras, params string[] options) =>
        Aaclip.Run([
            "calibrate",
            "--model",
            model,
            "--provider",
            "cpu",
            "--class",
            "bottle",
            "--normals",
            _folder.File("good"),
            "--cameras",
            cameras,
            "--camera",
            "c",
            .. options,
        ]);

    private static Aaclip.Result Score(string model, string path, params string[] options) =>
        Aaclip.Run([
            "score",
            "--model",
            model,
            "--provider",
            "cpu",
            "--class",
            "bottle",
            "--tiles",
            "2x2",
            "--json",
            "-",
            .. options,
            path,
        ]);

    private static double[] Raw(Aaclip.Result result) => [.. result.Lines.Select(l => (double)JsonNode.Parse(l)!["score"]!["raw"]!)];

    private static double Threshold(Aaclip.Result result) => (double)JsonNode.Parse(result.Lines[0])!["score"]!["threshold"]!;
}
