using AaClip.Import.Adapters;
using AaClip.Import.Clip;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Tensors;
using AaClip.Scoring.Text;

namespace AaClip.Import.Packages;

/// <summary>
/// CLIP-shaped models with random weights, adapters and a small learned vocabulary. They show the pipeline on a machine without weights,
/// and serve for tests and speed measurements (speed does not depend on the values). They use the same importer as real models. Their
/// scores have no meaning. The same version of the program always makes the same model.
/// </summary>
public static class RandomModel
{
    /// <summary>Name of the model, as it appears in results.</summary>
    public const string Name = "random";

    private const int Merges = 100;
    private static readonly string[] VocabularyClasses = ["bottle", "metal nut", ClassNames.AnyObject];

    /// <summary>Scores hundreds of images per second; input of 112 px.</summary>
    public static ClipArchitecture Small { get; } = new(70, 14, new TowerShape(64, 4, 4, 256), new TowerShape(32, 2, 4, 128), 77, 0, 32);

    /// <summary>ViT-L/14-336.</summary>
    public static ClipArchitecture Full { get; } =
        new(336, 14, new TowerShape(1024, 24, 16, 4096), new TowerShape(768, 12, 12, 3072), 77, 0, 768);

    /// <summary>Creates the package of a small model.</summary>
    /// <param name="output">Folder of the package; must not exist.</param>
    /// <exception cref="IOException">The folder exists, or cannot be written.</exception>
    public static ModelPackage Create(string output, CancellationToken cancellation = default)
    {
        string sources = Directory.CreateTempSubdirectory("aaclip-random-").FullName;
        try
        {
            WriteSources(sources, Small, imageBlocks: 2, textBlocks: 1);
            return ModelImporter.Import(
                Options(sources, Small, output) with
                {
                    Size = 112,
                    Classes = [ClassNames.AnyObject],
                },
                cancellation: cancellation
            );
        }
        finally
        {
            Directory.Delete(sources, recursive: true);
        }
    }

    /// <summary>Writes the source files of a model: clip.safetensors, adapters.safetensors and a vocabulary.</summary>
    /// <param name="folder">An existing folder.</param>
    /// <param name="shape">Sizes of the model. Its vocabulary size is ignored: the size of the learned vocabulary is used.</param>
    /// <param name="imageBlocks">Number of image blocks with an adapter.</param>
    /// <param name="textBlocks">Number of text blocks with an adapter.</param>
    public static void WriteSources(string folder, ClipArchitecture shape, int imageBlocks, int textBlocks)
    {
        IEnumerable<string> sentences = VocabularyClasses
            .Select(PromptEnsemble.Default.Sentences)
            .SelectMany(s => s.Normal.Concat(s.Abnormal));
        int words = VocabularyTrainer.Train(sentences, Merges, Vocabulary(folder));
        Write(Clip(folder), ClipNames.All(shape with { Vocabulary = words }), seed: 1);
        Write(Adapters(folder), AdapterTensors(shape, imageBlocks, textBlocks), seed: 2);
    }

    /// <summary>Options that import what <see cref="WriteSources"/> wrote, with the published input size.</summary>
    /// <param name="output">Folder of the package.</param>
    public static ImportOptions Options(string folder, ClipArchitecture shape, string output)
    {
        return new ImportOptions
        {
            Clip = Clip(folder),
            Adapters = Adapters(folder),
            Vocabulary = Vocabulary(folder),
            Output = output,
            Name = Name,
            VisionHeads = shape.Vision.Heads,
            TextHeads = shape.Text.Heads,
        };
    }

    private static string Clip(string folder) => Path.Combine(folder, "clip.safetensors");

    private static string Adapters(string folder) => Path.Combine(folder, "adapters.safetensors");

    private static string Vocabulary(string folder) => Path.Combine(folder, "bpe_simple_vocab_16e6.txt.gz");

    private static IEnumerable<(string Name, long[] Shape)> AdapterTensors(ClipArchitecture shape, int imageBlocks, int textBlocks)
    {
        long vision = shape.Vision.Width,
            text = shape.Text.Width,
            embed = shape.EmbedDim;
        for (int i = 0; i < imageBlocks; i++)
            yield return ($"image_adapter.layer_adapters.{i}.fc.0.weight", [vision, vision]);
        for (int i = 0; i < AdapterWeights.Levels; i++)
            yield return ($"image_adapter.seg_proj.{i}.fc.weight", [embed, vision]);
        yield return ("image_adapter.det_proj.fc.weight", [embed, vision]);
        for (int i = 0; i < textBlocks; i++)
            yield return ($"text_adapter.{i}.fc.0.weight", [text, text]);
        yield return ($"text_adapter.{textBlocks}.fc.0.weight", [embed, text]);
    }

    private static void Write(string path, IEnumerable<(string Name, long[] Shape)> tensors, int seed)
    {
        Random random = new(seed);
        SafetensorsFile.Write(
            path,
            tensors.Select(t => new KeyValuePair<string, (long[], float[])>(t.Name, (t.Shape, Values(t.Name, t.Shape, random))))
        );
    }

    // Value ranges at which all layers contribute: matrices keep the norm of their input, gains are near 1, other values are small.
    private static float[] Values(string name, long[] shape, Random random)
    {
        bool gain = name.Contains("ln_", StringComparison.Ordinal) && name.EndsWith(".weight", StringComparison.Ordinal);
        double deviation = shape.Length < 2 ? 0.1 : 1 / Math.Sqrt(shape[1..].Aggregate((a, b) => a * b));
        float width = (float)(deviation * Math.Sqrt(12)); // of the uniform distribution with this standard deviation
        float[] values = new float[shape.Aggregate(1L, (a, b) => a * b)];
        for (int i = 0; i < values.Length; i++)
            values[i] = (gain ? 1 : 0) + width * (random.NextSingle() - 0.5f);
        return values;
    }
}
