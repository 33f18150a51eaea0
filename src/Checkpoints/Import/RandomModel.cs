using AaClip.Scoring.Packages;
using AaClip.Scoring.Tensors;
using AaClip.Scoring.Text;

namespace AaClip.Checkpoints.Import;

/// <summary>
/// A small model of random weights, so that a machine without any weights can show how the pipeline runs. It goes through the same importer
/// as a real one; what it says of an image means nothing. The same program always makes the same model.
/// </summary>
public static class RandomModel
{
    /// <summary>Name of the model, as results carry it.</summary>
    public const string Name = "random";

    private const int Width = 64, Blocks = 4, Patch = 14, Grid = 5, TextWidth = 32, TextBlocks = 2, Embed = 32, Context = 77, Size = 112, Heads = 4, Merges = 100;

    /// <summary>Makes the package.</summary>
    /// <param name="output">Folder of the package; must not exist.</param>
    /// <exception cref="IOException">The folder exists, or cannot be written.</exception>
    public static ModelPackage Create(string output, CancellationToken cancellation = default)
    {
        string sources = Directory.CreateTempSubdirectory("aaclip-random-").FullName;
        try
        {
            string clip = Path.Combine(sources, "clip.safetensors"), adapters = Path.Combine(sources, "adapters.safetensors"), vocabulary = Path.Combine(sources, "bpe_simple_vocab_16e6.txt.gz");
            (IReadOnlyList<string> normal, IReadOnlyList<string> abnormal) = PromptEnsemble.Default.Sentences(ClassNames.AnyObject);
            int words = VocabularyTrainer.Train(normal.Concat(abnormal), Merges, vocabulary);
            SafetensorsFile.Write(clip, Fill(Clip(words), seed: 1));
            SafetensorsFile.Write(adapters, Fill(Adapters(), seed: 2));
            return ModelImporter.Import(
                new ImportOptions
                {
                    Clip = clip,
                    Adapters = adapters,
                    Vocabulary = vocabulary,
                    Output = output,
                    Name = Name,
                    Size = Size,
                    VisionHeads = Heads,
                    TextHeads = Heads,
                    Classes = [ClassNames.AnyObject],
                },
                cancellation: cancellation);
        }
        finally
        {
            Directory.Delete(sources, recursive: true);
        }
    }

    private static IEnumerable<(string Name, long[] Shape)> Clip(int words) =>
    [
        ("visual.conv1.weight", [Width, 3, Patch, Patch]),
        ("visual.class_embedding", [Width]),
        ("visual.positional_embedding", [1 + Grid * Grid, Width]),
        .. Norm("visual.ln_pre", Width),
        .. Enumerable.Range(0, Blocks).SelectMany(i => Block($"visual.transformer.resblocks.{i}", Width)),
        .. Norm("visual.ln_post", Width),
        ("visual.proj", [Width, Embed]),
        ("token_embedding.weight", [words, TextWidth]),
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
                values[i] = (float)((norm ? 1 : 0) + spread * Math.Sqrt(12) * (random.NextDouble() - 0.5)); // uniform, of that deviation
            return (t.Shape, values);
        });
    }
}
