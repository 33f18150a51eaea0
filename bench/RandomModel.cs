using AaClip.Checkpoints.Adapters;
using AaClip.Checkpoints.Clip;
using AaClip.Checkpoints.Import;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Tensors;
using AaClip.Scoring.Text;

namespace AaClip.Bench;

/// <summary>Models with random weights: a full-size ViT-L/14-336 with adapters, as slow as the real one and free to make, and a very small one.</summary>
internal static class RandomModel
{
    private const float Deviation = 0.02f; // as transformers are initialised; keeps activations in their usual range

    private static readonly ModelArchitecture Full = new()
    {
        ImageSize = 518,
        NativeImageSize = 336,
        Patch = 14,
        Vision = new TowerShape(1024, 24, 16, 4096),
        Text = new TowerShape(768, 12, 12, 3072),
        Context = 77,
        Vocabulary = 0, // what the vocabulary below comes to
        Embed = 768,
        Levels = [6, 12, 18, 24],
    };

    private static readonly ModelArchitecture Tiny = Full with
    {
        ImageSize = 112,
        NativeImageSize = 70,
        Vision = new TowerShape(64, 4, 4, 256),
        Text = new TowerShape(32, 2, 4, 128),
        Embed = 32,
        Levels = [1, 2, 3, 4],
    };

    /// <summary>A model of 112 px and four thin blocks, for measuring what is not scoring.</summary>
    /// <returns>The package's folder.</returns>
    public static string Small(string scratch)
    {
        string output = Path.Combine(scratch, "small");
        if (Directory.Exists(output))
            return output;
        Directory.CreateDirectory(scratch);
        string vocabulary = Path.Combine(scratch, "small-vocabulary.txt.gz");
        string clip = Path.Combine(scratch, "small-clip.safetensors");
        string adapters = Path.Combine(scratch, "small-adapters.safetensors");
        int words = VocabularyTrainer.Train(ClassNames.Published.Select(ClassNames.Resolve), 300, vocabulary);
        Write(clip, ClipNames.All(new ClipArchitecture(Tiny.NativeImageSize, Tiny.Patch, Tiny.Vision, Tiny.Text, Tiny.Context, words, Tiny.Embed)), seed: 1);
        Write(adapters, AdapterTensors(Tiny, imageLayers: 2, textLayers: 1), seed: 2);
        ModelImporter.Import(new ImportOptions { Clip = clip, Adapters = adapters, Vocabulary = vocabulary, Output = output, Size = Tiny.ImageSize, VisionHeads = Tiny.Vision.Heads, TextHeads = Tiny.Text.Heads });
        return output;
    }

    /// <summary>Writes a checkpoint and imports it, unless the package is there already.</summary>
    /// <returns>The package's folder.</returns>
    public static string Package(string scratch, Precision precision)
    {
        string output = Path.Combine(scratch, $"vitl-{precision.ToString().ToLowerInvariant()}");
        if (Directory.Exists(output))
            return output;
        string vocabulary = Path.Combine(scratch, "vocabulary.txt.gz");
        string clip = Path.Combine(scratch, "clip.safetensors");
        string adapters = Path.Combine(scratch, "adapters.safetensors");
        if (!File.Exists(adapters))
        {
            Directory.CreateDirectory(scratch);
            Console.Error.WriteLine("Writing a full-size checkpoint with random weights (1.5 GiB) ...");
            int words = VocabularyTrainer.Train(ClassNames.Published.Select(ClassNames.Resolve), 300, vocabulary);
            ClipArchitecture shape = new(Full.NativeImageSize, Full.Patch, Full.Vision, Full.Text, Full.Context, words, Full.Embed);
            Write(clip, ClipNames.All(shape), seed: 1);
            Write(adapters, AdapterTensors(Full, imageLayers: 6, textLayers: 3), seed: 2);
        }

        Console.Error.WriteLine($"Importing it as {precision} ...");
        ModelImporter.Import(new ImportOptions { Clip = clip, Adapters = adapters, Vocabulary = vocabulary, Precision = precision, Output = output });
        return output;
    }

    private static IEnumerable<(string Name, long[] Shape)> AdapterTensors(ModelArchitecture model, int imageLayers, int textLayers)
    {
        (int vision, int text) = (model.Vision.Width, model.Text.Width);
        for (int i = 0; i < imageLayers; i++)
            yield return ($"image_adapter.layer_adapters.{i}.fc.0.weight", [vision, vision]);
        for (int i = 0; i < AdapterWeights.Levels; i++)
            yield return ($"image_adapter.seg_proj.{i}.fc.weight", [model.Embed, vision]);
        yield return ("image_adapter.det_proj.fc.weight", [model.Embed, vision]);
        for (int i = 0; i < textLayers; i++)
            yield return ($"text_adapter.{i}.fc.0.weight", [text, text]);
        yield return ($"text_adapter.{textLayers}.fc.0.weight", [model.Embed, text]);
    }

    private static void Write(string path, IEnumerable<(string Name, long[] Shape)> tensors, int seed)
    {
        Random random = new(seed);
        SafetensorsFile.Write(path, tensors.Select(t => new KeyValuePair<string, (long[], float[])>(t.Name, (t.Shape, Values(t.Name, t.Shape, random)))));
    }

    private static float[] Values(string name, long[] shape, Random random)
    {
        float[] values = new float[shape.Aggregate(1L, (a, b) => a * b)];
        bool gain = name.Contains("ln_", StringComparison.Ordinal) && name.EndsWith("weight", StringComparison.Ordinal);
        for (int i = 0; i < values.Length; i++)
            values[i] = (gain ? 1 : 0) + (random.NextSingle() + random.NextSingle() + random.NextSingle() - 1.5f) * (2 * Deviation); // nearly normal, variance 1/4 before
        return values;
    }
}
