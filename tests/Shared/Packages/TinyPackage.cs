using System.Collections.Concurrent;
using AaClip.Import.Packages;
using AaClip.Import.Temporal;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Tensors;

namespace AaClip.Tests;

/// <summary>
/// Model packages small enough for tests, made by the product's own importer: each once in a process, removed when it ends. All have
/// an input of 112 px and a grid of 8 × 8 unless another size is asked for.
/// </summary>
internal static class TinyPackage
{
    private static readonly Lazy<string> Root = new(MakeRoot);
    private static readonly ConcurrentDictionary<string, Lazy<string>> Made = [];

    /// <summary>
    /// The small model whose golden numbers the published code gave, with its adapters. Needs the published vocabulary: without it the
    /// calling test is skipped.
    /// </summary>
    /// <returns>The package's folder.</returns>
    public static string Reference(Precision precision = Precision.Fp32, bool adapters = true, Activation activation = Activation.Gelu)
    {
        string vocabulary = Parity.File("tokenizer/bpe_simple_vocab_16e6.txt.gz");
        return Once(
            $"reference-{precision}-{(adapters ? "adapted" : "plain")}-{activation}",
            output => new ImportOptions
            {
                Clip = Parity.File("tiny/clip-tiny.safetensors"),
                Adapters = adapters ? Parity.File("tiny/adapters.safetensors") : null,
                Vocabulary = vocabulary,
                Output = output,
                Name = "tiny",
                Size = 112,
                Precision = precision,
                Activation = activation,
                VisionHeads = 4,
                TextHeads = 4,
            }
        );
    }

    /// <summary>
    /// The small model with another method, as the goldens of parity/methods have it: the correlation path in the last five blocks.
    /// </summary>
    /// <param name="method">Name, such as "crane".</param>
    /// <param name="checkpoint">File below parity/methods; null for methods without one.</param>
    /// <returns>The package's folder.</returns>
    public static string Method(string method, string? checkpoint, Precision precision = Precision.Fp32, int? views = null)
    {
        string vocabulary = Parity.File("tokenizer/bpe_simple_vocab_16e6.txt.gz");
        return Once(
            $"{method}-{precision}-{views}",
            output => new ImportOptions
            {
                Clip = Parity.File("tiny/clip-tiny.safetensors"),
                Method = method,
                Checkpoint = checkpoint is null ? null : Parity.File($"methods/{checkpoint}"),
                Vocabulary = vocabulary,
                Output = output,
                Name = "tiny",
                Size = 112,
                FirstBlock = method switch
                {
                    "anovl" => 1,
                    "adaclip" => null,
                    _ => 4,
                },
                Precision = precision,
                Views = views,
                VisionHeads = 4,
                TextHeads = 4,
            }
        );
    }

    /// <summary>A temporal package of the small VadCLIP model whose golden numbers the published code gave.</summary>
    /// <param name="name">"ucf" or "xd".</param>
    /// <returns>The package's folder.</returns>
    public static string Temporal(string name) =>
        Once($"temporal-{name}", (Action<string>)(folder => TemporalImporter.Import(TemporalOptions(name, folder))));

    /// <summary>The options that <see cref="Temporal"/> is imported with.</summary>
    public static TemporalImportOptions TemporalOptions(string name, string output) =>
        new()
        {
            Checkpoint = Parity.File($"methods/vadclip/{(name == "ucf" ? "model_ucf_tiny.pth" : "model_xd_tiny.safetensors")}"),
            Clip = name == "ucf" ? null : Parity.File("methods/vadclip/model_ucf_tiny.pth"), // both were made with the same CLIP
            Vocabulary = Parity.File("tokenizer/bpe_simple_vocab_16e6.txt.gz"),
            Output = output,
            Name = "tiny",
            Classes = [name],
            Window = name == "ucf" ? 8 : 16,
            VisionHeads = 4,
            TextHeads = 2,
        };

    /// <summary>A model of random weights with a small learned vocabulary and random adapters: needs no file at all.</summary>
    /// <returns>The package's folder.</returns>
    public static string Random(Precision precision = Precision.Fp32, int size = 112) =>
        Once($"random-{precision}-{size}", output => RandomOptions(output) with { Precision = precision, Size = size });

    /// <summary><see cref="Random"/> with another calibration, which gives every image a raw score near 0.5.</summary>
    /// <param name="threshold">Between 0 and 1: far below 0.5 every image is anomalous, far above it normal.</param>
    /// <param name="objectClass">The class that it is for; "*" is for all.</param>
    /// <returns>The package's folder.</returns>
    public static string Recalibrated(double threshold, string objectClass = "*") =>
        Once(
            FormattableString.Invariant($"recalibrated-{threshold}-{(objectClass == "*" ? "all" : objectClass)}"),
            (Action<string>)(
                folder =>
                {
                    Calibration calibration = new()
                    {
                        MapMin = -1000,
                        MapMax = 1000,
                        DetectionMin = -10,
                        DetectionMax = 10,
                        Threshold = threshold,
                        MapThreshold = 0,
                    };
                    ModelImporter.Recalibrate(
                        ModelPackage.Open(Random()),
                        new Dictionary<string, Calibration> { [objectClass] = calibration },
                        folder
                    );
                }
            )
        );

    /// <summary>A check for generated pictures, made of the image tower of <see cref="Random"/>; its input is 70 px.</summary>
    /// <param name="logit">The answer on every picture; null for answers that depend on the picture.</param>
    /// <returns>The package's folder.</returns>
    public static string Check(float? logit = null) =>
        Once(
            FormattableString.Invariant($"check-{logit}"),
            (Action<string>)(
                folder =>
                {
                    Random random = new(7);
                    Dictionary<string, (long[] Shape, float[] Values)> tensors = SafetensorsFile
                        .ReadAll(Path.Combine(RandomSources, "clip.safetensors"))
                        .Where(t => t.Key.StartsWith("visual.", StringComparison.Ordinal))
                        .ToDictionary();
                    tensors["fc.weight"] = (
                        [1, 32],
                        [.. Enumerable.Range(0, 32).Select(_ => logit is null ? 20 * (random.NextSingle() - 0.5f) : 0)]
                    );
                    tensors["fc.bias"] = ([1], [logit ?? 0]);
                    string weights = $"{folder}.safetensors";
                    SafetensorsFile.Write(weights, tensors);
                    CheckImporter.Import(
                        new CheckImportOptions
                        {
                            Check = weights,
                            Output = folder,
                            Name = "check",
                            Heads = 4,
                        }
                    );
                }
            )
        );

    /// <summary>The options that <see cref="Random"/> is imported with, for tests that import by themselves.</summary>
    public static ImportOptions RandomOptions(string output) =>
        RandomModel.Options(RandomSources, RandomModel.Small, output) with
        {
            Name = "tiny",
            Size = 112,
        };

    /// <summary>A copy of a package, to be changed.</summary>
    /// <returns>Its folder.</returns>
    public static string Copy(string package)
    {
        string folder = Path.Combine(Root.Value, Guid.NewGuid().ToString("N"));
        foreach (string file in Directory.EnumerateFiles(package, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(folder, Path.GetRelativePath(package, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!); // a file lies in a folder
            File.Copy(file, copy);
        }

        return folder;
    }

    /// <summary>A folder for anchors that goes with the packages, so that no test reads or fills the user's own.</summary>
    public static string Cache => Path.Combine(Root.Value, "anchors");

    /// <summary>Folder with the weights of <see cref="Random"/>: clip.safetensors, adapters.safetensors and a vocabulary.</summary>
    public static string RandomSources => Once("sources", WriteSources);

    private static string Once(string name, Func<string, ImportOptions> options) =>
        Once(name, (Action<string>)(folder => ModelImporter.Import(options(folder))));

    private static string Once(string name, Action<string> make) =>
        Made.GetOrAdd(
            name,
            n => new Lazy<string>(() =>
            {
                string folder = Path.Combine(Root.Value, n);
                make(folder);
                return folder;
            })
        ).Value;

    private static void WriteSources(string folder) =>
        RandomModel.WriteSources(Directory.CreateDirectory(folder).FullName, RandomModel.Small, imageBlocks: 2, textBlocks: 1);

    private static string MakeRoot()
    {
        string folder = Directory.CreateTempSubdirectory("aaclip-tiny-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        return folder;
    }
}
