using System.Globalization;
using System.Text.Json.Nodes;
using AaClip.Pipeline.Routing;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Tensors;
using AaClip.Tests;

namespace AaClip.Cli.Tests.Model;

/// <summary><c>check</c>, <c>calibrate --check</c>, <c>evaluate --check</c> and <c>import --check</c>.</summary>
public sealed class CheckTests : IDisposable
{
    private readonly PhotoFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Pictures_get_a_probability_and_a_verdict_at_one_half()
    {
        string a = _folder.Photo("a.png", 1),
            b = _folder.Photo("b.png", 2, 90, 200);

        Aaclip.Result result = Aaclip.Run("check", "--model", TinyPackage.Check(), _folder.Path);

        Assert.True(result.Code == 0, result.Error);
        Assert.Equal("picture\tprobability\tverdict", result.Lines[0]);
        Assert.Equal([a, b], result.Rows.Select(r => r[0]));
        foreach (string[] row in result.Rows)
        {
            double probability = Probability(row[0]);
            Assert.Equal(probability.ToString("F4", CultureInfo.InvariantCulture), row[1]);
            Assert.Equal(probability >= 0.5 ? "generated" : "camera", row[2]);
        }
    }

    [Fact]
    public void Generated_pictures_are_no_failure_and_unread_ones_are()
    {
        string good = _folder.Photo("a.png"),
            bad = _folder.Write("b.png", "no picture"u8.ToArray());

        Aaclip.Result one = Aaclip.Run("check", "--model", TinyPackage.Check(3), "--json", good),
            both = Aaclip.Run("check", "--model", TinyPackage.Check(3), "--json", good, bad);

        Assert.Equal((0, 1), (one.Code, both.Code));
        JsonNode part = JsonNode.Parse(one.Output)!["generated"]!;
        Assert.Equal(("generated", 0.5), ((string)part["verdict"]!, (double)part["threshold"]!));
        Assert.Equal(1 / (1 + Math.Exp(-3)), (double)part["probability"]!, 1e-6);
        Assert.Null(part["pValue"]);
        Assert.Equal(CheckPackage.Open(TinyPackage.Check(3)).Id.ToString(), (string)part["model"]!);
        Assert.Contains("1 of 2 pictures could not be checked:", both.Error, StringComparison.Ordinal);
        JsonNode failed = JsonNode.Parse(both.Lines[1])!;
        Assert.Equal((bad, null), ((string)failed["picture"]!, failed["generated"]));
        Assert.Contains(bad, (string)failed["failure"]!["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public void A_terminal_gets_a_table()
    {
        _folder.Photo("a.png");

        Aaclip.Result result = Aaclip.OnTerminal(100, "check", "--model", TinyPackage.Check(-3), _folder.Path);

        Assert.Contains("probability", result.Output, StringComparison.Ordinal);
        Assert.Matches("│ a.png +│ 0.0474 +│ camera +│", result.Output);
    }

    [Fact]
    public void A_camera_is_calibrated_on_its_own_pictures_and_check_uses_that()
    {
        string[] real = [.. Enumerable.Range(0, 12).Select(i => _folder.Photo($"line1/{i}.png", i, 80 + i, 90))];
        string cameras = _folder.Write(
            "cameras.json",
            """{ "schemaVersion": 1, "cameras": { "line1": { "class": "bottle", "threshold": 0.04 } } }"""u8.ToArray()
        );

        Aaclip.Result result = Aaclip.Run([
            "calibrate",
            "--check",
            TinyPackage.Check(),
            "--normals",
            _folder.File("line1"),
            "--false-alarms",
            "0.2",
            "--cameras",
            cameras,
            "--camera",
            "line1",
            "--json",
        ]);

        Assert.True(result.Code == 0, result.Error);
        double[] probabilities = [.. real.Select(Probability).Order()];
        CameraProfile profile = CameraSet.Parse(File.ReadAllBytes(cameras), cameras).Find("line1")!;
        GeneratedRule rule = profile.Generated!;
        Assert.Equal(("bottle", 0.04), (profile.Class, profile.Threshold));
        Assert.Equal(CheckPackage.Open(TinyPackage.Check()).Id.ToString(), rule.Model);
        Assert.Equal(Math.BitIncrement(probabilities[10]), rule.Threshold); // the 11th of 12: ⌈13 · 0.8⌉
        Assert.Equal(2 / 13.0, rule.Alpha!.Value, 1e-12);
        Assert.Equal([0.5, 0.2, 0.1], rule.Levels!.Select(l => l[0]));
        Assert.Empty(SchemaCheck.Faults(SchemaCheck.Load("cameras.schema.json"), File.ReadAllText(cameras)));
        JsonNode told = JsonNode.Parse(result.Output)!;
        Assert.Equal((12, 4, rule.Threshold), ((int)told["pictures"]!, (int)told["needed"]!, (double)told["threshold"]!));

        Aaclip.Result check = Aaclip.Run(["check", "--model", TinyPackage.Check(), "--cameras", cameras, "--camera", "line1", .. real]);

        Assert.True(check.Code == 0, check.Error);
        Assert.Equal("picture\tprobability\tp-value\tverdict", check.Lines[0]);
        string top = real.MaxBy(Probability)!;
        Assert.Equal([top], check.Rows.Where(r => r[^1] == "generated").Select(r => r[0]));
        Assert.Equal("0.2", check.Rows.Single(r => r[0] == top)[2]); // 0.1 holds above all pictures alone
        Assert.Contains("1", check.Rows.Select(r => r[2]));
    }

    [Fact]
    public void A_picture_that_cannot_be_read_makes_no_calibration()
    {
        _folder.Photo("line1/a.png");
        _folder.Write("line1/b.png", "no picture"u8.ToArray());
        string cameras = _folder.File("cameras.json");

        Aaclip.Result result = Aaclip.Run([
            "calibrate",
            "--check",
            TinyPackage.Check(),
            "--normals",
            _folder.File("line1"),
            "--cameras",
            cameras,
            "--camera",
            "line1",
        ]);

        Assert.Equal(1, result.Code);
        Assert.Contains("b.png", result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(cameras));
    }

    [Fact]
    public void Folders_of_real_and_generated_pictures_are_evaluated()
    {
        foreach (string name in (string[])["adm/0_real/a.png", "adm/0_real/b.png", "adm/1_fake/c.png", "progan/cat/1_fake/d.png"])
            _folder.Photo(name, name.Length);
        _folder.Photo("adm/0_real/b.png", 4);

        Aaclip.Result table = Aaclip.Run("evaluate", "--check", TinyPackage.Check(2), "--data", _folder.Path),
            json = Aaclip.Run("evaluate", "--check", TinyPackage.Check(2), "--data", _folder.Path, "--json");

        Assert.True(table.Code == 0, table.Error);
        Assert.Contains("adm\t2\t1\t33.33\t0.00\t100.00\t33.33\t50.00\t54.75", table.Lines); // |1 − 3 · 0.8808| / 3
        Assert.Contains("progan\t0\t1\t100.00\tnot defined\t100.00\tnot defined\tnot defined\t11.92", table.Lines);
        Assert.Contains(table.Lines, l => l.StartsWith("mean\t2\t2\t66.67\t0.00\t100.00\t", StringComparison.Ordinal));
        JsonNode report = JsonNode.Parse(json.Output)!;
        Assert.Equal(2 / 3.0, (double)report["mean"]!["accuracy"]!, 1e-12);
        Assert.Null(report["sets"]![1]!["auroc"]);
    }

    [Fact]
    public void A_check_is_imported_inspected_and_refused_where_images_are_scored()
    {
        string weights = _folder.File("c2p.safetensors"),
            package = _folder.File("c2p");
        Dictionary<string, (long[] Shape, float[] Values)> tensors = SafetensorsFile
            .ReadAll(Path.Combine(TinyPackage.RandomSources, "clip.safetensors"))
            .Where(t => t.Key.StartsWith("visual.", StringComparison.Ordinal))
            .ToDictionary();
        tensors["fc.weight"] = ([1, 32], new float[32]);
        tensors["fc.bias"] = ([1], [0]);
        SafetensorsFile.Write(weights, tensors);

        Aaclip.Result import = Aaclip.Run("import", "--check", weights, "--vision-heads", "4", "--out", package),
            inspect = Aaclip.Run("inspect", package),
            score = Aaclip.Run("score", "--model", package, "--class", "bottle", _folder.Photo("a.png")),
            up = Aaclip.Run("up", "--model", package);

        Assert.True(import.Code == 0, import.Error);
        Assert.Contains("check for generated pictures", import.Output, StringComparison.Ordinal);
        Assert.Contains("have no licence", import.Output, StringComparison.Ordinal);
        Assert.True(inspect.Code == 0, inspect.Error);
        Assert.Contains("check.weights", inspect.Output, StringComparison.Ordinal);
        foreach (Aaclip.Result refused in (Aaclip.Result[])[score, up])
        {
            Assert.Equal(1, refused.Code);
            Assert.Contains(
                "describes a check for generated pictures, not a model that scores images",
                refused.Error,
                StringComparison.Ordinal
            );
        }
    }

    private static double Probability(string path)
    {
        using PictureCheck check = PictureCheck.Load(TinyPackage.Check());
        return check.Probability(check.Prepare(ImageDecoder.DecodeFile(path).Image));
    }
}
