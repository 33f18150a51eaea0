using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AaClip.Cli.Tests.Model;

/// <summary>
/// All verbs from generated images to a trained, calibrated and evaluated model; and their errors when something is missing.
/// </summary>
public sealed class TrainingTests(ITestOutputHelper output) : IDisposable
{
    // Chance level is 0.5 for both. Measured: 0.76 and 0.75; the test prints the values.
    private const double PixelFloor = 0.70,
        ImageFloor = 0.60;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    private readonly PhotoFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_tiny_training_from_random_weights_survives_Ctrl_C_and_reaches_its_minimum_scores()
    {
        string[] classes = ["concrete slab", "painted panel"],
            towers = ["--vision-heads", "4", "--text-heads", "3", "--size", "128"];
        string[] training =
        [
            "train",
            "--clip",
            _folder.File("clip"),
            .. towers,
            "--preset",
            "custom",
            "--provider",
            "cpu",
            "--data",
            _folder.File("data"),
            "--text-epochs",
            "1",
            "--text-rate",
            "1e-4",
            "--image-epochs",
            "4",
            "--image-batch",
            "8",
            "--image-rate",
            "1e-3",
            "--out",
            _folder.File("adapters"),
        ];

        Done(["generate", "--classes", .. classes, "--images", "40", "--size", "128", "--seed", "1", "--out", _folder.File("data")]);
        Done(["generate", "--classes", .. classes, "--images", "40", "--size", "128", "--seed", "2", "--out", _folder.File("test")]);
        Aaclip.Result pretrained = Done(
            "pretrain",
            "--steps",
            "150",
            "--batch",
            "8",
            "--seed",
            "3",
            "--provider",
            "cpu",
            "--out",
            _folder.File("clip")
        );
        Aaclip.Result otherwise = Finish(
            "pretrain",
            "--steps",
            "151",
            "--batch",
            "8",
            "--seed",
            "3",
            "--resume",
            "--out",
            _folder.File("clip")
        );
        Aaclip.Result again = Finish("pretrain", "--steps", "150", "--out", _folder.File("clip"));

        using Process training1 = Aaclip.Start(training);
        string begun = "";
        while (!begun.Contains("image stage, epoch 1 of 4", StringComparison.Ordinal) && training1.StandardOutput.ReadLine() is { } line)
            begun += line + "\n";
        Aaclip.Interrupt(training1);
        Aaclip.Result stopped = Aaclip.Finish(training1, Patience);
        Aaclip.Result forgotten = Finish(training);
        Aaclip.Result resumed = Done([.. training, "--resume"]);

        Done(["import", "--clip", _folder.File("clip"), .. towers, "--adapters", _folder.File("adapters"), "--out", _folder.File("model")]);
        Aaclip.Result table = Done(
            "evaluate",
            "--model",
            _folder.File("model"),
            "--data",
            _folder.File("test"),
            "--provider",
            "cpu",
            "--report",
            _folder.File("report")
        );
        JsonNode report = JsonNode.Parse(File.ReadAllText(_folder.File("report/report.json")))!; // no JSON null
        Aaclip.Result calibrated = Done(
            "calibrate",
            "--model",
            _folder.File("model"),
            "--class",
            "concrete slab",
            "--normals",
            _folder.File("data/concrete_slab/train/good"),
            "--false-alarms",
            "0.05",
            "--provider",
            "cpu",
            "--json",
            "--out",
            _folder.File("calibrated")
        );
        Aaclip.Result profiled = Done(
            "calibrate",
            "--model",
            _folder.File("calibrated"),
            "--class",
            "concrete slab",
            "--normals",
            _folder.File("data/concrete_slab/train/good"),
            "--false-alarms",
            "0.05",
            "--provider",
            "cpu",
            "--cameras",
            _folder.File("cameras.json"),
            "--camera",
            "line1"
        );
        Aaclip.Result scored = Done(
            "score",
            "--model",
            _folder.File("calibrated"),
            "--class",
            "concrete slab",
            "--provider",
            "cpu",
            _folder.File("data/concrete_slab/train/good")
        );

        output.WriteLine(table.Output);
        Assert.Contains("Model in", pretrained.Output, StringComparison.Ordinal);
        Assert.Equal(
            (1, $"aaclip: '{_folder.File("clip")}' holds a model already: go on with --resume, or choose another --out.\n"),
            (again.Code, again.Error)
        );
        Assert.Equal(1, otherwise.Code);
        Assert.Contains("--steps 150", otherwise.Error, StringComparison.Ordinal);
        Assert.Equal(130, stopped.Code);
        Assert.Equal(1, forgotten.Code);
        Assert.Contains("--resume", forgotten.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("image stage, epoch 1 of 4", resumed.Output, StringComparison.Ordinal); // finished epochs are not repeated
        Assert.Contains("image stage, epoch 4 of 4", resumed.Output, StringComparison.Ordinal);

        JsonArray found = report["classes"]!.AsArray(); // the report's schema
        Assert.Equal(["concrete slab", "painted panel"], found.Select(c => (string)c!["className"]!));
        double pixels = found.Average(c => (double)c!["pixels"]!["auroc"]!),
            images = found.Average(c => (double)c!["perImage"]!["auroc"]!);
        Assert.True(
            pixels >= PixelFloor && images >= ImageFloor,
            $"Pixel AUROC {pixels:F3} (floor {PixelFloor}), image AUROC {images:F3} (floor {ImageFloor})."
        );
        Assert.Contains("mean of classes", table.Output, StringComparison.Ordinal);
        Assert.Contains("<svg", File.ReadAllText(_folder.File("report/report.html")), StringComparison.Ordinal);

        JsonElement calibration = JsonDocument.Parse(calibrated.Output).RootElement;
        Assert.Equal(40, calibration.GetProperty("normals").GetInt32());
        Assert.Equal(1 / 21.0, calibration.GetProperty("falseAlarms").GetDouble(), 1e-9); // half of the 40 images set the threshold
        Assert.Contains("profile 'line1' in", profiled.Output, StringComparison.Ordinal);
        JsonNode profile = JsonNode.Parse(File.ReadAllText(_folder.File("cameras.json")))!["cameras"]!["line1"]!;
        Assert.Equal("concrete slab", (string)profile["class"]!);
        Assert.InRange((double)profile["threshold"]!, 0.01, 0.99);
        Assert.True(profile["mapThreshold"] is not null);
        // The threshold is above the scores of 20 images; each of 20 other images exceeds it with a probability of 1/21
        Assert.True(scored.Rows.Count(r => r.Contains("anomalous")) <= 6, scored.Output);
    }

    [Fact]
    public void What_is_missing_is_named_with_the_remedy()
    {
        _folder.Write("full/x.txt", [1]);

        (string Expected, string[] Arguments)[] cases =
        [
            ("nothing", ["train", "--clip", _folder.File("nothing"), "--data", _folder.File("nothing"), "--out", _folder.File("out")]),
            ("is no data s", ["evaluate", "--model", _folder.File("nothing"), "--data", _folder.File("full")]),
            (
                "No model package at",
                [
                    "calibrate",
                    "--model",
                    _folder.File("nothing"),
                    "--normals",
                    _folder.File("full"),
                    "--class",
                    "c",
                    "--out",
                    _folder.File("out"),
                ]
            ),
            ("full", ["generate", "--out", _folder.File("full")]),
            ("unicorn", ["generate", "--classes", "unicorn", "--out", _folder.File("out")]),
            ("holds nothing to go on with", ["pretrain", "--resume", "--out", _folder.File("nothing")]),
        ];
        Assert.All(
            cases,
            c =>
            {
                Aaclip.Result result = Aaclip.Run(c.Arguments);
                Assert.Equal(1, result.Code);
                Assert.StartsWith("aaclip: ", result.Error, StringComparison.Ordinal);
                Assert.Contains(c.Expected, result.Error, StringComparison.Ordinal);
                Assert.Equal(result.Error.Length - 1, result.Error.IndexOf('\n')); // one line
            }
        );
    }

    private static Aaclip.Result Done(params IEnumerable<string> arguments)
    {
        Aaclip.Result result = Finish(arguments);
        Assert.True(result.Code == 0, result.Output + result.Error);
        return result;
    }

    private static Aaclip.Result Finish(params IEnumerable<string> arguments)
    {
        using Process process = Aaclip.Start(arguments);
        return Aaclip.Finish(process, Patience);
    }
}
