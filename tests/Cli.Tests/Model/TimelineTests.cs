using System.Globalization;
using System.Text.Json;
using AaClip.Scoring.Images;
using AaClip.Scoring.Tensors;
using AaClip.Tests;

namespace AaClip.Cli.Tests.Model;

/// <summary>
/// From labelled recordings to events: train-events, import --temporal, timeline, evaluate and calibrate on a very small model.
/// </summary>
public sealed class TimelineTests(TimelineTests.Trained trained) : IClassFixture<TimelineTests.Trained>
{
    [Fact]
    public void A_recording_gets_a_table_of_events_a_document_and_a_picture()
    {
        string picture = trained.File("line.svg");
        string[] arguments = ["timeline", "--model", trained.Model, "--features", trained.File("9.npy"), "--threshold", "0.01"];

        Aaclip.Result table = Aaclip.Run(arguments);
        Aaclip.Result json = Aaclip.Run([.. arguments, "--json", "--picture", picture]);

        Assert.True(table.Code == 0, table.Error);
        Assert.StartsWith("from\tto\tevent\tprobability\tscore\tpeak\n0:00:00.0\t0:00:05.3\tjam\t", table.Output, StringComparison.Ordinal);
        Assert.Contains("10 snippets, 5.3 s, features as given", table.Error, StringComparison.Ordinal);
        Assert.Empty(SchemaCheck.Faults(SchemaCheck.Load("timeline.schema.json"), json.Output));
        JsonElement document = JsonDocument.Parse(json.Output).RootElement;
        Assert.Equal(10, document.GetProperty("p1").GetArrayLength());
        Assert.Equal([10], document.GetProperty("lengths").EnumerateArray().Select(l => l.GetInt32()));
        Assert.Equal("jam", document.GetProperty("events")[0].GetProperty("label").GetString());
        string drawn = File.ReadAllText(picture);
        Assert.StartsWith("<svg", drawn, StringComparison.Ordinal);
        Assert.Contains("jam 0.", drawn, StringComparison.Ordinal);
        Assert.Equal(json.Output, Aaclip.Run([.. arguments, "--json"]).Output); // the same bytes
    }

    [Fact]
    public void Frames_give_the_scores_of_the_features_that_they_are_saved_as()
    {
        string saved = trained.File("saved.npy");

        Aaclip.Result frames = Aaclip.Run([
            "timeline",
            "--model",
            trained.Model,
            trained.File("frames"),
            "--every",
            "2",
            "--fps",
            "4",
            "--save-features",
            saved,
            "--json",
        ]);
        Aaclip.Result features = Aaclip.Run([
            "timeline",
            "--model",
            trained.Model,
            "--features",
            saved,
            "--every",
            "2",
            "--fps",
            "4",
            "--json",
        ]);

        Assert.True(frames.Code == 0, frames.Error);
        JsonElement seen = JsonDocument.Parse(frames.Output).RootElement,
            again = JsonDocument.Parse(features.Output).RootElement;
        Assert.Equal(["f0.png", "f2.png"], seen.GetProperty("images").EnumerateArray().Select(i => i.GetString()));
        Assert.Equal(0.5, seen.GetProperty("snippetSeconds").GetDouble());
        Assert.Equal(seen.GetProperty("p1").GetRawText(), again.GetProperty("p1").GetRawText());
        Assert.Equal([2, 32], NpyFile.Read(saved).Shape);
    }

    [Fact]
    public void Without_a_threshold_only_scores_are_shown_and_a_calibrated_package_has_one()
    {
        Aaclip.Result bare = Aaclip.Run(["timeline", "--model", trained.Model, "--features", trained.File("9.npy")]);
        Aaclip.Result calibrated = Aaclip.Run([
            "calibrate",
            "--temporal",
            trained.List,
            "--model",
            trained.Model,
            "--false-alarms",
            "0.2",
            "--min-seconds",
            "1",
            "--out",
            trained.File("calibrated"),
        ]);
        Aaclip.Result quiet = Aaclip.Run([
            "timeline",
            "--model",
            trained.File("calibrated"),
            "--features",
            trained.File("0.npy"),
            "--json",
        ]);
        Aaclip.Result other = Aaclip.Run([
            "timeline",
            "--model",
            trained.File("calibrated"),
            "--features",
            trained.File("0.npy"),
            "--min-seconds",
            "3",
        ]);

        Assert.Equal((0, ""), (bare.Code, bare.Output));
        Assert.Contains("is not calibrated. Give --threshold", bare.Error, StringComparison.Ordinal);
        Assert.True(calibrated.Code == 0, calibrated.Error);
        Assert.Contains("from 5 windows of 5 normal recordings", calibrated.Output, StringComparison.Ordinal);
        JsonElement document = JsonDocument.Parse(quiet.Output).RootElement;
        Assert.True(document.GetProperty("threshold").GetDouble() > 0);
        Assert.Equal(1, document.GetProperty("minSeconds").GetDouble());
        Assert.Equal(1, other.Code);
        Assert.Contains("give --threshold for another rule", other.Error, StringComparison.Ordinal);
        Assert.Contains("over 1 s", Aaclip.Run(["inspect", trained.File("calibrated")]).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_gives_the_published_metrics()
    {
        Aaclip.Result table = Aaclip.Run(["evaluate", "--temporal", "--model", trained.Model, "--data", trained.List]);
        Aaclip.Result json = Aaclip.Run(["evaluate", "--temporal", "--model", trained.Model, "--data", trained.List, "--json"]);

        Assert.True(table.Code == 0, table.Error);
        Assert.Contains("10 recordings, 5 of them abnormal, 1600 frames", table.Output, StringComparison.Ordinal);
        Assert.Contains("event mAP\tIoU 0.1", table.Output, StringComparison.Ordinal);
        JsonElement metrics = JsonDocument.Parse(json.Output).RootElement.GetProperty("metrics");
        Assert.InRange(metrics.GetProperty("binary").GetProperty("auc").GetDouble(), 0, 1);
        Assert.Equal(5, metrics.GetProperty("eventMap").GetArrayLength());
    }

    [Theory]
    [InlineData("score", "--class", "bottle", "photo.png")]
    [InlineData("publish")]
    public void A_temporal_package_is_refused_where_images_are_scored(params string[] arguments)
    {
        string[] named = arguments[0] == "publish" ? ["publish", trained.Model, "--connection", "UseDevelopmentStorage=true"] : [];
        if (named.Length == 0)
            named = [arguments[0], "--model", trained.Model, .. arguments[1..].Select(a => a.Contains('.') ? trained.File(a) : a)];

        Aaclip.Result result = Aaclip.Run(named);

        Assert.Equal(1, result.Code);
        Assert.Contains("model.json' describes a temporal package", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_image_package_is_refused_where_events_are_found()
    {
        Aaclip.Result result = Aaclip.Run(["timeline", "--model", TinyPackage.Random(), "--features", trained.File("0.npy")]);

        Assert.Equal(1, result.Code);
        Assert.Contains("describes a model that scores images, not a temporal package", result.Error, StringComparison.Ordinal);
    }

    /// <summary>A model that was trained on ten short recordings, whose commands are those that the program printed.</summary>
    public sealed class Trained : IDisposable
    {
        private const int Width = 32;

        private readonly ScratchFolder _folder = new();

        public Trained()
        {
            Random random = new(5);
            List<string> lines = ["path,labels,events"];
            for (int i = 0; i < 10; i++)
            {
                float[] features = [.. Enumerable.Range(0, 10 * Width).Select(_ => (float)random.NextDouble())];
                NpyFile.Write(File(FormattableString.Invariant($"{i}.npy")), [10, Width], features);
                lines.Add(FormattableString.Invariant($"{i}.npy,{(i % 2 == 0 ? "normal," : "jam,32-80")}"));
            }

            System.IO.File.WriteAllLines(List, lines);
            Directory.CreateDirectory(File("frames"));
            for (int i = 0; i < 4; i++)
                System.IO.File.WriteAllBytes(
                    File(string.Create(CultureInfo.InvariantCulture, $"frames/f{i}.png")),
                    ImageEncoder.Png(Pictures.Draw(i, 60, 40))
                );
            System.IO.File.WriteAllBytes(File("photo.png"), ImageEncoder.Png(Pictures.Draw(1, 60, 40)));
            Aaclip.Result training = Aaclip.Run([
                "train-events",
                "--clip",
                Path.Combine(TinyPackage.RandomSources, "clip.safetensors"),
                "--data",
                List,
                "--classes",
                "normal",
                "jam",
                "--length",
                "16",
                "--epochs",
                "1",
                "--vision-heads",
                "4",
                "--text-heads",
                "4",
                "--out",
                File("checkpoints"),
                "--json",
            ]);
            Assert.True(training.Code == 0, training.Error);
            string import = JsonDocument.Parse(training.Output).RootElement.GetProperty("import").GetString()!; // the lines above
            Aaclip.Result imported = Aaclip.Run([.. import.Split(' ')[1..^1], Model]);
            Assert.True(imported.Code == 0, imported.Error);
        }

        public string List => File("list.csv");

        public string Model => File("model");

        public string File(string name) => _folder.File(name);

        public void Dispose() => _folder.Dispose();
    }
}
