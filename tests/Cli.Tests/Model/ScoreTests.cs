using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using AaClip.Cli.Model;
using AaClip.Pipeline.Contracts;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Sessions;
using AaClip.Tests;
using Json.Schema;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats;
using SixLabors.ImageSharp.PixelFormats;

namespace AaClip.Cli.Tests.Model;

/// <summary><c>aaclip score</c>: its output, its files and its errors.</summary>
public sealed class ScoreTests : IDisposable
{
    private readonly PhotoFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Lines_in_a_pipe_are_a_header_and_one_tab_separated_row_per_image()
    {
        string a = _folder.Photo("a.png", 1),
            b = _folder.Photo("b.jpg", 2);

        Aaclip.Result result = Score(_folder.Path);

        Assert.Equal((0, ""), (result.Code, result.Error));
        Assert.Equal("image\traw\tdetection\tmap max\thottest at\tregions", result.Lines[0]);
        Assert.Equal([a, b], result.Rows.Select(r => r[0]));
        using AnomalyScorer scorer = Load();
        foreach (string[] row in result.Rows)
        {
            ImageScore expected = scorer.Score(
                ImageDecoder.DecodeFile(row[0]).Image,
                "bottle",
                cancellation: TestContext.Current.CancellationToken
            );
            Assert.Equal(expected.Detection.ToString("F4", CultureInfo.InvariantCulture), row[2]);
            Assert.Equal(expected.MapMax.ToString("F2", CultureInfo.InvariantCulture), row[3]);
            int[] at = [.. row[4].Split(',').Select(int.Parse)];
            Assert.InRange(at[0], 0, 149);
            Assert.InRange(at[1], 0, 129);
        }
    }

    [Fact]
    public void A_class_has_its_calibration_in_any_spelling_and_without_one_there_is_no_verdict_but_a_message()
    {
        string photo = _folder.Photo("a.png", 1),
            model = TinyPackage.Recalibrated(0.5, "cork board");
        Aaclip.Result Of(params string[] arguments) =>
            Aaclip.Run(["score", "--model", model, "--provider", "cpu", "--json", "-", "--class", .. arguments, photo]);

        Aaclip.Result[] same = [Of("cork board"), Of("Cork_Board"), Of(" cork  board ")];
        Aaclip.Result other = Of("cork-board"),
            decided = Of("cork-board", "--threshold", "0.4");

        JsonNode[] scores = [.. same.Select(r => JsonNode.Parse(r.Lines[0])!["score"]!)]; // one object a line
        Assert.All(scores, s => Assert.Equal(scores[0].ToJsonString(), s.ToJsonString()));
        Assert.NotNull(scores[0]["verdict"]);
        Assert.Null(scores[0]["calibration"]);
        Assert.All(same, r => Assert.Equal("", r.Error));
        JsonNode without = JsonNode.Parse(other.Lines[0])!["score"]!,
            own = JsonNode.Parse(decided.Lines[0])!["score"]!;
        Assert.Null(without["verdict"]);
        Assert.Equal("neutral", (string)without["calibration"]!);
        Assert.Contains("No verdict is given: Model", other.Error, StringComparison.Ordinal);
        Assert.Contains("has no calibration for 'cork-board', only for 'cork board'", other.Error, StringComparison.Ordinal);
        Assert.NotNull(own["verdict"]);
        Assert.Contains("The scale fits no class in particular", decided.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_blank_image_has_no_verdict_and_its_own_failure_code()
    {
        _folder.Write("black.png", ImageEncoder.Png(new RgbImage(200, 150, new byte[3 * 200 * 150])));

        Aaclip.Result result = Score(_folder.Path);

        Assert.Equal(1, result.Code);
        Assert.Contains("blank: Image '", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_on_standard_output_is_json_lines_and_nothing_else()
    {
        _folder.Photo("a.png", 1);
        _folder.Write("b.png", "not an image"u8.ToArray());

        Aaclip.Result result = Score("--json", "-", "--heatmaps", _folder.File("out/heat"), _folder.Path);

        Assert.Equal(1, result.Code);
        JsonObject[] reports = [.. result.Lines.Select(l => JsonNode.Parse(l)!.AsObject())]; // null would be a line "null"
        Assert.Equal(2, reports.Length);
        Assert.Equal(
            ("bottle", 150, 130),
            ((string)reports[0]["image"]!["objectClass"]!, (int)reports[0]["image"]!["width"]!, (int)reports[0]["image"]!["height"]!)
        );
        Assert.Equal(
            ("tiny", "fp32", "cpu"),
            ((string)reports[0]["model"]!["name"]!, (string)reports[0]["model"]!["precision"]!, (string)reports[0]["model"]!["provider"]!)
        );
        Assert.Null(reports[0]["failure"]);
        Assert.Null(reports[0]["score"]!["verdict"]); // no threshold was given
        Assert.Equal(_folder.File("out/heat/a.jpg"), (string)reports[0]["heatmap"]!);
        Assert.Equal("""{"verdict":"failed"}""", reports[1]["score"]!.ToJsonString());
        Assert.Contains("b.png", (string)reports[1]["failure"]!["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_lines_are_results_by_the_published_schema()
    {
        string a = _folder.Photo("a.png", 1);
        _folder.Write("b.png", "not an image"u8.ToArray());
        File.CreateSymbolicLink(_folder.File("c.png"), _folder.File("nowhere.png"));
        JsonSchema schema = SchemaCheck.Load("result.schema.json");

        Aaclip.Result undecided = Score("--json", "-", _folder.Path);
        Aaclip.Result decided = Score([
            "--json",
            "-",
            "--threshold",
            "0.4",
            "--heatmaps",
            _folder.File("out"),
            "--maps",
            _folder.File("out"),
            _folder.Path,
        ]);

        Assert.Equal((3, 3), (undecided.Lines.Length, decided.Lines.Length));
        Assert.All([.. undecided.Lines, .. decided.Lines], line => Assert.Empty(SchemaCheck.Faults(schema, line)));
        ResultDocument[] results = [.. decided.Lines.Select(l => ResultDocument.Parse(Encoding.UTF8.GetBytes(l), "a line"))];
        Assert.Equal((a, null, null), (results[0].Image.Name, results[0].Image.ETag, results[0].Image.Camera));
        Assert.Equal(new FileInfo(a).Length, results[0].Image.Bytes);
        Assert.Equal((_folder.File("out/a.jpg"), _folder.File("out/a.png")), (results[0].Heatmap, results[0].Map?.Blob));
        Assert.Equal([null, "unknown-format", "unreadable"], results.Select(r => r.Failure?.Code));
        Assert.Equal(Verdict.Failed, results[2].Score.Verdict);
    }

    [Fact]
    public void Failures_are_listed_at_the_end_with_their_reasons_and_the_others_are_scored()
    {
        string good = _folder.Photo("a.png");
        string text = _folder.Write("b.png", "not an image"u8.ToArray());
        string cut = _folder.Write("c.jpg", File.ReadAllBytes(_folder.Photo("whole.jpg"))[..400]);
        string empty = _folder.Write("d.png", []);

        Aaclip.Result result = Score(good, text, cut, empty);

        Assert.Equal(1, result.Code);
        Assert.Equal([good], result.Rows.Select(r => r[0]));
        string[] failures = result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("3 of 4 images could not be scored:", failures[0]);
        Assert.Equal(4, failures.Length);
        foreach ((int i, string path) in new[] { text, cut, empty }.Index())
            Assert.Matches($"^  [a-z-]+: .*{System.Text.RegularExpressions.Regex.Escape(path)}", failures[i + 1]);
    }

    [Fact]
    public void A_threshold_gives_a_verdict_and_anomalous_images_are_no_failure()
    {
        _folder.Photo("a.png");

        Aaclip.Result low = Score("--threshold", "0.000001", "--json", "-", _folder.Path);
        Aaclip.Result high = Score("--threshold", "0.999999", "--json", "-", _folder.Path);
        Aaclip.Result table = Score("--threshold", "0.000001", _folder.Path);

        Assert.Equal((0, 0, 0), (low.Code, high.Code, table.Code));
        JsonNode anomalous = JsonNode.Parse(low.Output)!["score"]!,
            normal = JsonNode.Parse(high.Output)!["score"]!;
        Assert.Equal(("anomalous", "normal"), ((string)anomalous["verdict"]!, (string)normal["verdict"]!));
        Assert.True((double)anomalous["calibrated"]! > 0.5 && (double)normal["calibrated"]! < 0.5);
        Assert.Equal((double)anomalous["raw"]!, (double)normal["raw"]!);
        Assert.EndsWith("\tverdict", table.Lines[0], StringComparison.Ordinal);
        Assert.Equal("anomalous", table.Rows[0][^1]);
    }

    [Fact]
    public void Files_folders_and_globs_mix_without_doubles_in_a_stable_order()
    {
        string a = _folder.Photo("photos/a.png", 1),
            b = _folder.Photo("photos/b.png", 2),
            deep = _folder.Photo("photos/more/c.png", 3);
        _folder.Write("photos/notes.txt", "no image"u8.ToArray());
        string photos = _folder.File("photos");

        Aaclip.Result result = Score(b, photos, $"{photos}/*.png", $"{photos}/**/*.png", $"{photos}/more/../a.png", $"{photos}/");

        Assert.Equal(0, result.Code);
        Assert.Equal([b, a, deep], result.Rows.Select(r => r[0]));
    }

    [Theory]
    [InlineData("*.png", "a.png")]
    [InlineData("?.png", "a.png")]
    [InlineData("**/*.png", "a.png", "more/aa.png", "more/deep/b.png")]
    [InlineData("more/*.png", "more/aa.png")]
    [InlineData("mor*/*.png", "more/aa.png", "more/deep/b.png")]
    public void A_glob_finds_what_it_says(string glob, params string[] expected)
    {
        foreach (string name in (string[])["a.png", "more/aa.png", "more/deep/b.png", "x.jpg"])
            _folder.Photo(name, 1, 30, 30);

        IReadOnlyList<ImageFile> found = ImageFiles.Find([_folder.File(glob)]);

        Assert.Equal(expected, found.Select(f => Path.GetRelativePath(_folder.Path, f.Path)));
    }

    [Theory]
    [InlineData("photos/", "photos/a.png", "photos/b.png")]
    [InlineData("photos/", "photos/a.png")]
    [InlineData("/x/", "/x/photos/a.png", "/x/pho.png")]
    [InlineData("/", "/x/a.png", "/y/a.png")]
    [InlineData("", "a.png", "b/a.png")]
    public void A_common_folder_ends_with_a_slash(string expected, params string[] paths) =>
        Assert.Equal(expected, ImageFiles.CommonFolder([.. paths.Select(p => new ImageFile(p, "", ""))]));

    [Fact]
    public void Equal_stems_get_outputs_of_their_own()
    {
        _folder.Photo("a.png", 1);
        _folder.Photo("a.jpg", 2);
        _folder.Photo("sub/a.png", 3);
        string other = _folder.Photo("other/a.png", 4);

        Aaclip.Result result = Score(
            "--heatmaps",
            _folder.File("heat"),
            _folder.File("a.png"),
            _folder.File("a.jpg"),
            _folder.File("sub"),
            other
        );

        Assert.Equal(0, result.Code);
        Assert.Equal(
            ["a-2.jpg", "a-3.jpg", "a-4.jpg", "a.jpg"],
            Directory.EnumerateFiles(_folder.File("heat")).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );
        Assert.Contains($"Heatmaps are in {_folder.File("heat")}", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Heatmaps_have_the_size_of_their_photo_and_maps_hold_the_raw_values()
    {
        string wide = _folder.Photo("photos/wide.png", 1, 200, 80),
            small = _folder.Photo("photos/sub/small.jpg", 2, 33, 61);

        Aaclip.Result result = Score(
            "--heatmaps",
            _folder.File("heat"),
            "--maps",
            _folder.File("maps"),
            "--domain",
            "medical",
            _folder.File("photos")
        );

        Assert.Equal(0, result.Code);
        Assert.Equal((200, 80), SizeOf(_folder.File("heat/wide.jpg")));
        Assert.Equal((33, 61), SizeOf(_folder.File("heat/sub/small.jpg")));
        using AnomalyScorer scorer = Load();
        foreach ((string photo, string map) in ((string, string)[])[(wide, "maps/wide"), (small, "maps/sub/small")])
        {
            float[] raw = scorer
                .Score(ImageDecoder.DecodeFile(photo).Image, "bottle", Domain.Medical, TestContext.Current.CancellationToken)
                .Map.Raw.ToArray();
            JsonNode scale = JsonNode.Parse(File.ReadAllText(_folder.File(map + ".json")))!; // an object, not null
            Assert.Equal(("medical", 8), ((string)scale["domain"]!, (int)scale["side"]!));
            ushort[] stored = Grey16(_folder.File(map + ".png"), 8, 8);
            Close.Assert(
                raw,
                [.. stored.Select(v => (float)((double)scale["offset"]! + (double)scale["scale"]! * v))],
                (raw.Max() - raw.Min()) / 65535,
                map
            );
        }
    }

    [Fact]
    public void A_second_run_gives_the_same_results_and_pictures()
    {
        for (int i = 0; i < 4; i++)
            _folder.Photo($"photos/{i}.png", i);

        Aaclip.Result first = Score("--json", "-", "--heatmaps", _folder.File("1"), _folder.File("photos"));
        Aaclip.Result second = Score("--json", "-", "--heatmaps", _folder.File("2"), "--batch", "3", _folder.File("photos"));

        Assert.Equal(first.Lines.Select(Scores), second.Lines.Select(Scores));
        for (int i = 0; i < 4; i++)
            Assert.Equal(File.ReadAllBytes(_folder.File($"1/{i}.jpg")), File.ReadAllBytes(_folder.File($"2/{i}.jpg")));

        static string Scores(string line) =>
            JsonNode.Parse(line)!["score"]!.ToJsonString() + JsonNode.Parse(line)!["regions"]!.ToJsonString();
    }

    [Fact]
    public void Parity_ignores_the_EXIF_rotation()
    {
        byte[] jpeg = File.ReadAllBytes(_folder.Photo("a.jpg", 1, 120, 60));
        string turned = _folder.Write("turned.jpg", PhotoFolder.Turned(jpeg, 6));

        JsonNode seen = JsonNode.Parse(Score("--json", "-", turned).Output)!; // one object
        JsonNode stored = JsonNode.Parse(Score("--json", "-", "--parity", turned).Output)!; // one object
        JsonNode plain = JsonNode.Parse(Score("--json", "-", _folder.File("a.jpg")).Output)!; // one object

        Assert.Equal((60, 120), ((int)seen["image"]!["width"]!, (int)seen["image"]!["height"]!));
        Assert.Equal((120, 60), ((int)stored["image"]!["width"]!, (int)stored["image"]!["height"]!));
        Assert.Equal(plain["score"]!.ToJsonString(), stored["score"]!.ToJsonString());
        Assert.NotEqual(plain["score"]!.ToJsonString(), seen["score"]!.ToJsonString());
    }

    [Fact]
    public void What_cannot_be_found_or_used_is_one_line_on_standard_error()
    {
        string photo = _folder.Photo("a.png");
        Directory.CreateDirectory(_folder.File("empty"));
        (string Expected, string[] Arguments)[] cases =
        [
            ("No model package at '", ["score", "--model", _folder.File("none"), "--class", "bottle", photo]),
            ("is not a model package: it has no model.json", ["score", "--model", _folder.Path, "--class", "bottle", photo]),
            ("' is neither a file nor a folder.", Arguments(_folder.File("none.png"))),
            ("' holds no image (.jpg, ", Arguments(_folder.File("empty"))),
            ("Nothing matches '", Arguments(_folder.File("*.tif"))),
            (
                "The data set MVTec has no class 'teapot'; its classes are bottle,",
                ["score", "--model", TinyPackage.Random(), "--class", "MVTec/teapot", photo]
            ),
            ("The class name is empty", ["score", "--model", TinyPackage.Random(), "--class", " ", photo]),
            ("CUDA was asked for and cannot be used", Arguments("--provider", "cuda", photo)),
            ("TensorRT was asked for and cannot be used", Arguments("--provider", "tensorrt", photo)),
            ($"The folder '{photo}/out' cannot be made (", Arguments("--heatmaps", Path.Combine(photo, "out"), photo)),
            ($"'{photo}/scores.jsonl' cannot be written (", Arguments("--json", Path.Combine(photo, "scores.jsonl"), photo)),
        ];

        foreach ((string expected, string[] arguments) in cases)
        {
            if (expected.Contains("was asked for", StringComparison.Ordinal) && CudaProbe.IsUsable())
                continue;
            Aaclip.Result result = Aaclip.Run(arguments);

            Assert.Equal(1, result.Code);
            Assert.Equal("", result.Output);
            Assert.StartsWith("aaclip: ", result.Error, StringComparison.Ordinal);
            Assert.Contains(expected, result.Error, StringComparison.Ordinal);
            Assert.Single(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }
    }

    [Fact]
    public void An_image_is_never_overwritten_by_its_own_heatmap_or_map()
    {
        string jpeg = _folder.Photo("a.jpg"),
            png = _folder.Photo("b.png");
        byte[] before = File.ReadAllBytes(jpeg);

        Aaclip.Result heat = Score("--heatmaps", _folder.Path, jpeg);
        Aaclip.Result maps = Score("--maps", _folder.Path, png);

        Assert.Equal((1, 1), (heat.Code, maps.Code));
        Assert.Contains($"would overwrite the image '{jpeg}': name another folder", heat.Error, StringComparison.Ordinal);
        Assert.Contains($"would overwrite the image '{png}'", maps.Error, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(jpeg));
    }

    [Fact]
    public void A_cache_that_cannot_be_written_is_a_warning()
    {
        string photo = _folder.Photo("a.png");
        string file = _folder.Write("file", []);

        Aaclip.Result result = Aaclip.Run(null, Arguments(photo), cache: Path.Combine(file, "cache"));

        Assert.Equal(0, result.Code);
        Assert.StartsWith("warning: Text anchors cannot be kept in '", result.Error, StringComparison.Ordinal);
        Assert.Single(result.Rows);
    }

    [Fact]
    public async Task Ctrl_C_stops_long_before_the_end_and_leaves_whole_files()
    {
        for (int i = 0; i < 3; i++)
            _folder.Photo($"photos/{i}.png", i, 300, 300);
        for (int i = 3; i < 1500; i++)
            File.CreateSymbolicLink(_folder.File($"photos/{i}.png"), _folder.File($"photos/{i % 3}.png"));
        string json = _folder.File("scores.jsonl");

        using Process process = Aaclip.Start([
            "score",
            "--model",
            TinyPackage.Random(size: 518),
            "--class",
            "bottle",
            "--json",
            json,
            "--heatmaps",
            _folder.File("heat"),
            _folder.File("photos"),
        ]);
        string? header = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        for (int i = 0; i < 3; i++)
            await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken); // scoring has started
        Aaclip.Interrupt(process);
        Aaclip.Result result = Aaclip.Finish(process);

        Assert.StartsWith("image\t", header, StringComparison.Ordinal);
        Assert.Equal(130, result.Code);
        Assert.Equal("Stopped.", result.Error.TrimEnd().Split('\n')[^1]);
        string text = await File.ReadAllTextAsync(json, TestContext.Current.CancellationToken);
        Assert.EndsWith("}\n", text, StringComparison.Ordinal);
        JsonNode[] reports = [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!)]; // whole objects
        Assert.InRange(reports.Length, 3, 1000);
        Assert.Equal(reports.Length, Directory.EnumerateFiles(_folder.File("heat")).Count());
        Assert.All(Directory.EnumerateFiles(_folder.File("heat")), h => Assert.Equal((300, 300), SizeOf(h)));
    }

    private static Aaclip.Result Score(params IEnumerable<string> rest) => Aaclip.Run(Arguments([.. rest]));

    private static string[] Arguments(params string[] rest) => ["score", "--model", TinyPackage.Random(), "--class", "bottle", .. rest];

    private static AnomalyScorer Load() =>
        AnomalyScorer.Load(TinyPackage.Random(), new ScorerOptions { Provider = Provider.Cpu, CacheFolder = TinyPackage.Cache });

    private static (int Width, int Height) SizeOf(string path)
    {
        RgbImage image = ImageDecoder.DecodeFile(path).Image;
        return (image.Width, image.Height);
    }

    private static ushort[] Grey16(string path, int width, int height)
    {
        using Image<L16> image = Image.Load<L16>(File.ReadAllBytes(path));
        Assert.Equal((width, height), (image.Width, image.Height));
        ushort[] values = new ushort[width * height];
        image.CopyPixelDataTo(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }
}
