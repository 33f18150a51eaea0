using System.Collections.Concurrent;
using AaClip.Checkpoints.Import;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Tensors;
using AaClip.Scoring.Text;

namespace AaClip.Tests;

/// <summary>
/// Model packages small enough for tests, made by the product's own importer: each once in a process, removed when it ends. All have
/// an input of 112 px and a grid of 8 × 8 unless another size is asked for.
/// </summary>
internal static class TinyPackage
{
    private const int Width = 64, Blocks = 4, Patch = 14, NativeGrid = 5, TextWidth = 32, TextBlocks = 2, Embed = 32, Context = 77;

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
        return Once($"reference-{precision}-{(adapters ? "adapted" : "plain")}-{activation}", output => new ImportOptions
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
        });
    }

    /// <summary>A model of random weights with a small learned vocabulary and random adapters: needs no file at all.</summary>
    /// <returns>The package's folder.</returns>
    public static string Random(Precision precision = Precision.Fp32, int size = 112) =>
        Once($"random-{precision}-{size}", output => RandomOptions(output) with { Precision = precision, Size = size });

    /// <summary>The options that <see cref="Random"/> is imported with, for tests that import by themselves.</summary>
    public static ImportOptions RandomOptions(string output) => new()
    {
        Clip = Path.Combine(RandomSources, "clip.safetensors"),
        Adapters = Path.Combine(RandomSources, "adapters.safetensors"),
        Vocabulary = Path.Combine(RandomSources, "bpe_simple_vocab_16e6.txt.gz"),
        Output = output,
        Name = "tiny",
        Size = 112,
        VisionHeads = 4,
        TextHeads = 4,
    };

    /// <summary>Folder with the weights of <see cref="Random"/>: clip.safetensors, adapters.safetensors and a vocabulary.</summary>
    public static string RandomSources => Once("sources", WriteSources);

    private static string Once(string name, Func<string, ImportOptions> options) =>
        Once(name, (Action<string>)(folder => ModelImporter.Import(options(folder))));

    private static string Once(string name, Action<string> make) => Made.GetOrAdd(name, n => new Lazy<string>(() =>
    {
        string folder = Path.Combine(Root.Value, n);
        make(folder);
        return folder;
    })).Value;

    private static void WriteSources(string folder)
    {
        Directory.CreateDirectory(folder);
        IEnumerable<string> sentences = from name in (string[])["bottle", "metal nut", "object"]
                                        let s = PromptEnsemble.Default.Sentences(name)
                                        from sentence in s.Normal.Concat(s.Abnormal)
                                        select sentence;
        int vocabulary = VocabularyTrainer.Train(sentences, 100, Path.Combine(folder, "bpe_simple_vocab_16e6.txt.gz"));
        SafetensorsFile.Write(Path.Combine(folder, "clip.safetensors"), Fill(Clip(vocabulary), seed: 1));
        SafetensorsFile.Write(Path.Combine(folder, "adapters.safetensors"), Fill(Adapters(), seed: 2));
    }

    private static IEnumerable<(string Name, long[] Shape)> Clip(int vocabulary) =>
    [
        ("visual.conv1.weight", [Width, 3, Patch, Patch]),
        ("visual.class_embedding", [Width]),
        ("visual.positional_embedding", [1 + NativeGrid * NativeGrid, Width]),
        .. Norm("visual.ln_pre", Width),
        .. Enumerable.Range(0, Blocks).SelectMany(i => Block($"visual.transformer.resblocks.{i}", Width)),
        .. Norm("visual.ln_post", Width),
        ("visual.proj", [Width, Embed]),
        ("token_embedding.weight", [vocabulary, TextWidth]),
        ("positional_embedding", [Context, TextWidth]),
        .. Enumerable.Range(0, TextBlocks).SelectMany(i => Block($"transformer.resblocks.{i}", TextWidth)),
        .. Norm("ln_final", TextWidth),
        ("text_projection", [TextWidth, Embed]),
        ("logit_scale", []),
    ];

    private static IEnumerable<(string Name, long[] Shape)> Adapters() =>
    [
        .. Enumerable.Range(0, 2).Select(i => ($"image_adapter.layer_adapters.{i}.fc.0.weight", (long[])[Width, Width])),
        .. Enumerable.Range(0, 4).Select(i => ($"image_adapter.seg_proj.{i}.fc.weight", (long[])[Embed, Width])),
        ("image_adapter.det_proj.fc.weight", [Embed, Width]),
        ("text_adapter.0.fc.0.weight", [TextWidth, TextWidth]),
        ("text_adapter.1.fc.0.weight", [Embed, TextWidth]),
    ];

    private static IEnumerable<(string Name, long[] Shape)> Block(string name, int width) =>
    [
        .. Norm($"{name}.ln_1", width),
        ($"{name}.attn.in_proj_weight", [3 * width, width]),
        ($"{name}.attn.in_proj_bias", [3 * width]),
        ($"{name}.attn.out_proj.weight", [width, width]),
        ($"{name}.attn.out_proj.bias", [width]),
        .. Norm($"{name}.ln_2", width),
        ($"{name}.mlp.c_fc.weight", [4 * width, width]),
        ($"{name}.mlp.c_fc.bias", [4 * width]),
        ($"{name}.mlp.c_proj.weight", [width, 4 * width]),
        ($"{name}.mlp.c_proj.bias", [width]),
    ];

    private static IEnumerable<(string Name, long[] Shape)> Norm(string name, int width) => [($"{name}.weight", [width]), ($"{name}.bias", [width])];

    // Sizes at which no layer drowns another: matrices keep the norm of what they multiply, norms are near 1, all else is small.
    private static Dictionary<string, (long[] Shape, float[] Values)> Fill(IEnumerable<(string Name, long[] Shape)> tensors, int seed)
    {
        Random random = new(seed);
        return tensors.ToDictionary(t => t.Name, t =>
        {
            bool norm = t.Name.Contains("ln_", StringComparison.Ordinal) && t.Name.EndsWith(".weight", StringComparison.Ordinal);
            double spread = t.Shape.Length < 2 ? 0.1 : 1 / Math.Sqrt(t.Shape[1..].Aggregate((a, b) => a * b));
            float[] values = new float[t.Shape.Aggregate(1L, (a, b) => a * b)];
            for (int i = 0; i < values.Length; i++)
                values[i] = (float)((norm ? 1 : 0) + spread * Math.Sqrt(12) * (random.NextDouble() - 0.5));
            return (t.Shape, values);
        });
    }

    private static string MakeRoot()
    {
        string folder = Directory.CreateTempSubdirectory("aaclip-tiny-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        return folder;
    }
}
