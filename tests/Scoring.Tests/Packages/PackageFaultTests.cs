using System.Text.Json.Nodes;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Tests.Text;
using AaClip.Tests;
using Microsoft.Extensions.Logging;

namespace AaClip.Scoring.Tests.Packages;

/// <summary>Packages that were changed, cut, forged or put together wrongly, and what is said of them.</summary>
public sealed class PackageFaultTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(ModelPackage.ImageWeights)]
    [InlineData(ModelPackage.ImageGraph)]
    public void A_changed_file_of_the_image_tower_is_found_on_load(string file)
    {
        string package = Copy();
        Flip(Path.Combine(package, file));

        InvalidDataException e = Assert.Throws<InvalidDataException>(() => Load(package).Dispose());

        Assert.Contains($"'{file}' in the package '{package}' has SHA-256", e.Message, StringComparison.Ordinal);
        Assert.Contains("changed or damaged", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ModelPackage.TextWeights)]
    [InlineData("tokenizer/bpe_simple_vocab_16e6.txt.gz")]
    public void A_changed_file_of_the_text_tower_is_found_when_anchors_are_made(string file)
    {
        string package = Copy();
        Flip(Path.Combine(package, file));
        using AnomalyScorer scorer = AnomalyScorer.Load(
            package,
            new ScorerOptions { Provider = Provider.Cpu, CacheFolder = _folder.File("cache") }
        );

        InvalidDataException e = Assert.Throws<InvalidDataException>(() => scorer.AnchorsOf("bottle"));

        Assert.Contains($"'{file}' in the package '{package}' has SHA-256", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cut_and_a_missing_file_are_named()
    {
        string cut = Copy("cut");
        File.WriteAllBytes(Path.Combine(cut, ModelPackage.TextWeights), [1, 2, 3]);
        string missing = Copy("missing");
        File.Delete(Path.Combine(missing, ModelPackage.TextGraph));

        InvalidDataException shorter = Assert.Throws<InvalidDataException>(() => Load(cut).Dispose());
        InvalidDataException absent = Assert.Throws<InvalidDataException>(() => Load(missing).Dispose());

        Assert.Contains("'text.weights' in the package", shorter.Message, StringComparison.Ordinal);
        Assert.Contains("has 3 bytes, expected", shorter.Message, StringComparison.Ordinal);
        Assert.Contains("lacks 'text.onnx', which its model.json lists: copy it again", absent.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_folder_and_a_folder_that_is_no_package_are_told_apart()
    {
        DirectoryNotFoundException none = Assert.Throws<DirectoryNotFoundException>(() => Load(_folder.File("none")).Dispose());
        InvalidDataException other = Assert.Throws<InvalidDataException>(() => Load(_folder.Path).Dispose());

        Assert.Contains("make one with 'aaclip import'", none.Message, StringComparison.Ordinal);
        Assert.Contains("is not a model package: it has no model.json", other.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("schemaVersion", "3", "schemaVersion 3; this program reads up to 2: update it")]
    [InlineData("schemaVersion", "\"new\"", "cannot be read as a model description")]
    [InlineData("precision", "\"fp7\"", "cannot be read as a model description")]
    [InlineData("method", "{\"name\": \"m\"}", "cannot be read as a model description")]
    [InlineData(
        "method",
        "{\"name\":\"m\",\"levelScore\":\"softmax\",\"levelMix\":\"mean\",\"temperature\":0,"
            + "\"detection\":\"classFeature\",\"classNorm\":true,\"pooling\":false,\"map\":{\"grid\":\"none\",\"corners\":\"halfPixel\","
            + "\"sigmoid\":false,\"sigma\":4},\"detectionAlone\":true,\"fixedAnchors\":false,\"table\":\"bilinear\"}",
        "has the temperature 0, expected a positive number"
    )]
    [InlineData(
        "method",
        "{\"name\":\"m\",\"levelScore\":\"softmax\",\"levelMix\":\"mean\",\"temperature\":1,"
            + "\"detection\":\"classFeature\",\"classNorm\":true,\"pooling\":false,\"map\":{\"grid\":\"none\",\"corners\":\"halfPixel\","
            + "\"sigmoid\":false,\"sigma\":1e9},\"detectionAlone\":true,\"fixedAnchors\":false,\"table\":\"bilinear\"}",
        "smooths maps with a sigma of 1000000000 pixels, expected 0 to 64"
    )]
    [InlineData(
        "method",
        "{\"name\":\"m\",\"levelScore\":\"softmax\",\"levelMix\":\"mean\",\"temperature\":1,"
            + "\"detection\":\"classFeature\",\"classNorm\":true,\"pooling\":false,\"map\":{\"grid\":\"none\",\"corners\":\"halfPixel\","
            + "\"sigmoid\":false,\"sigma\":4},\"detectionAlone\":true,\"fixedAnchors\":false,\"table\":\"bilinear\",\"views\":7}",
        "has 7 views, expected 1 or 5 or 22"
    )]
    [InlineData("files", "{}", "does not list 'image.onnx'")]
    [InlineData("files", "{\"image.onnx\": null}", "says nothing of 'image.onnx'")]
    [InlineData("files", "{\"image.onnx\": {\"bytes\": 3}}", "sha256")]
    [InlineData(
        "files",
        "{\"image.onnx\": {\"bytes\": 3, \"sha256\": \"\"}, \"text.onnx\": {\"bytes\": 3, \"sha256\": \"\"}, \"../secret\": "
            + "{\"bytes\": 3, \"sha256\": \"\"}}",
        "'../secret', which lies outside it: do not use this package"
    )]
    [InlineData(
        "files",
        "{\"image.onnx\": {\"bytes\": 3, \"sha256\": \"\"}, \"text.onnx\": {\"bytes\": 3, \"sha256\": \"\"}, \"/etc/hostname\": "
            + "{\"bytes\": 3, \"sha256\": \"\"}}",
        "'/etc/hostname', which lies outside it"
    )]
    [InlineData("calibrations", "{\"*\": null}", "an empty calibration for '*'")]
    [InlineData("architecture", "{}", "cannot be read as a model description")]
    [InlineData("architecture", "null", "cannot be read as a model description")]
    [InlineData("preprocessing", "{\"size\": 98, \"mean\": [0, 0, 0], \"std\": [1, 1, 1]}", "has preprocessing size 98 but imageSize 112")]
    [InlineData("provenance", null, "provenance")]
    [InlineData("name", "\"../other\"", "has the name '../other'")]
    [InlineData("version", "\"\"", "and the version ''")]
    public void A_description_that_cannot_be_used_says_what_is_wrong(string key, string? value, string expected)
    {
        string package = Copy();
        string path = Path.Combine(package, ModelManifest.FileName);
        JsonObject json = JsonNode.Parse(File.ReadAllText(path))!.AsObject(); // written by the importer
        if (value is null)
            json.Remove(key);
        else
            json[key] = JsonNode.Parse(value);
        // A value with a slash
        File.WriteAllText(path, key == "files" && value!.Contains('/') ? Sized(json, package) : json.ToJsonString());

        InvalidDataException e = Assert.Throws<InvalidDataException>(() => Load(package).Dispose());

        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.Contains(package, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"imageSize\": 112", "\"imageSize\": 8176", "takes image of 3 x 112 x 112, but its model.json says 3 x 8176 x 8176")]
    [InlineData("\"embed\": 32", "\"embed\": 30", "takes anchors of 32 x 2, but its model.json says 30 x 2")]
    public void A_description_of_another_model_is_refused_before_it_takes_memory(string from, string to, string expected)
    {
        string package = Copy();
        string path = Path.Combine(package, ModelManifest.FileName);
        string json = File.ReadAllText(path);
        Assert.Contains(from, json, StringComparison.Ordinal);
        File.WriteAllText(
            path,
            json.Replace(from, to, StringComparison.Ordinal)
                .Replace(
                    "\"size\": 112",
                    to.Contains("imageSize", StringComparison.Ordinal) ? "\"size\": 8176" : "\"size\": 112",
                    StringComparison.Ordinal
                )
        );

        InvalidDataException e = Assert.Throws<InvalidDataException>(() => Load(package).Dispose());

        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not json")]
    [InlineData("null")]
    [InlineData("[1, 2]")]
    [InlineData("{\"schemaVersion\": 1}")]
    [InlineData("{\"schemaVersion\": 1")]
    [InlineData("\0\0\0\0")]
    public void Junk_in_place_of_the_description_is_refused_by_name(string content)
    {
        string package = Copy();
        File.WriteAllText(Path.Combine(package, ModelManifest.FileName), content);

        InvalidDataException e = Assert.Throws<InvalidDataException>(() => Load(package).Dispose());

        Assert.Contains("cannot be read as a model description", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_graph_that_does_not_load_is_an_error_of_the_package_also_when_hashes_are_not_compared()
    {
        string package = Copy();
        string graph = Path.Combine(package, ModelPackage.ImageGraph);
        byte[] bytes = File.ReadAllBytes(graph);
        bytes.AsSpan(0, 64).Fill(0xFF);
        File.WriteAllBytes(graph, bytes);

        InvalidDataException e = Assert.Throws<InvalidDataException>(() =>
            AnomalyScorer.Load(package, new ScorerOptions { Provider = Provider.Cpu, Verify = false }).Dispose()
        );

        Assert.Contains($"ONNX Runtime cannot load '{graph}'", e.Message, StringComparison.Ordinal);
        Assert.Contains("Import the model again", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_trailing_slash_changes_nothing()
    {
        using AnomalyScorer scorer = Load(TinyPackage.Random() + "/");

        Assert.Equal("tiny", scorer.Model.Name);
    }

    [Fact]
    public void Anchors_that_the_description_does_not_list_are_not_used()
    {
        string package = Copy();
        AaClip.Scoring.Tensors.SafetensorsFile.Write(
            Path.Combine(package, ModelPackage.Anchors),
            [new("bottle", ([32, 2], new float[64]))]
        );

        using AnomalyScorer scorer = Load(package);

        Assert.Contains(scorer.AnchorsOf("bottle"), v => v != 0);
    }

    [Fact]
    public void Cuda_is_an_error_with_its_remedy_where_there_is_none_and_auto_takes_the_processor()
    {
        Assert.SkipWhen(CudaProbe.IsUsable(), "This machine has CUDA.");
        RecordingLogger logger = new();

        InvalidOperationException e = Assert.Throws<InvalidOperationException>(() =>
            AnomalyScorer.Load(TinyPackage.Random(), new ScorerOptions { Provider = Provider.Cuda }).Dispose()
        );
        using AnomalyScorer auto = AnomalyScorer.Load(
            TinyPackage.Random(),
            new ScorerOptions { Provider = Provider.Auto, Logger = logger }
        );

        Assert.Contains("CUDA was asked for and cannot be used", e.Message, StringComparison.Ordinal);
        Assert.Contains("Install the CUDA provider and driver, or choose --provider cpu or auto.", e.Message, StringComparison.Ordinal);
        Assert.Equal("cpu", auto.Provider);
        Assert.Contains(logger.Lines, l => l.StartsWith("Information CUDA cannot be used, running on CPU:", StringComparison.Ordinal));
    }

    [Fact]
    public void A_float16_package_works_on_the_processor_with_a_warning()
    {
        RecordingLogger logger = new();

        using AnomalyScorer scorer = AnomalyScorer.Load(
            TinyPackage.Random(Precision.Fp16),
            new ScorerOptions
            {
                Provider = Provider.Cpu,
                Logger = logger,
                CacheFolder = TinyPackage.Cache,
            }
        );
        ImageScore score = scorer.Score(Pictures.Draw(1), "bottle", cancellation: TestContext.Current.CancellationToken);

        Assert.True(float.IsFinite(score.MapMax));
        Assert.Contains(
            logger.Lines,
            l =>
                l.StartsWith("Warning", StringComparison.Ordinal)
                && l.Contains("import it again with --precision int8", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void An_int8_package_says_how_its_products_are_made()
    {
        RecordingLogger logger = new();
        ScorerOptions options = new()
        {
            Provider = Provider.Cpu,
            Logger = logger,
            CacheFolder = TinyPackage.Cache,
        };

        using AnomalyScorer scorer = AnomalyScorer.Load(TinyPackage.Random(Precision.Int8), options);
        using AnomalyScorer unsigned = AnomalyScorer.Load(
            TinyPackage.Random(Precision.Int8),
            options with
            {
                Int8Kernel = Int8Kernel.U8U8,
            }
        );
        using AnomalyScorer floats = AnomalyScorer.Load(TinyPackage.Random(), options);

        Assert.Equal([Int8Probe.ForThisMachine, Int8Kernel.U8U8, null], [scorer.Int8Kernel, unsigned.Int8Kernel, floats.Int8Kernel]);
        string[] lines =
        [
            .. logger.Lines.Where(l => l.StartsWith($"Information Int8 products of model {scorer.Model.Id}: ", StringComparison.Ordinal)),
        ];
        Assert.Equal(2, lines.Length);
        Assert.Contains($": {scorer.Int8Kernel}", lines[0], StringComparison.OrdinalIgnoreCase);
        Assert.Contains(": u8u8 (", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_cache_that_cannot_be_written_is_a_warning_and_no_error()
    {
        RecordingLogger logger = new();
        string file = _folder.Write("a-file", "");

        using AnomalyScorer scorer = AnomalyScorer.Load(
            TinyPackage.Random(),
            new ScorerOptions
            {
                Provider = Provider.Cpu,
                Logger = logger,
                CacheFolder = Path.Combine(file, "cache"),
            }
        );
        float[] anchors = scorer.AnchorsOf("bottle");

        Assert.Equal(64, anchors.Length);
        Assert.Single(logger.Lines, l => l.Contains("Text anchors cannot be kept", StringComparison.Ordinal));
    }

    private static AnomalyScorer Load(string package) =>
        AnomalyScorer.Load(package, new ScorerOptions { Provider = Provider.Cpu, CacheFolder = TinyPackage.Cache });

    // Gives the true sizes to the files that are there, so that the name alone is at fault.
    private static string Sized(JsonObject json, string package)
    {
        foreach ((string name, JsonNode? file) in json["files"]!.AsObject()) // put there by the caller
            if (File.Exists(Path.Combine(package, name)))
                file!["bytes"] = new FileInfo(Path.Combine(package, name)).Length;
        return json.ToJsonString();
    }

    private static void Flip(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    private string Copy(string name = "package")
    {
        string from = TinyPackage.Random(),
            to = _folder.File(name);
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!); // below the test's folder
            File.Copy(file, copy);
        }

        return to;
    }

    private sealed class RecordingLogger : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => Lines.Add($"{logLevel} {formatter(state, exception)}");
    }
}
