using AaClip.Checkpoints.Adapters;
using AaClip.Checkpoints.Clip;
using AaClip.Checkpoints.Import;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Tensors;
using AaClip.Scoring.Text;

namespace AaClip.Bench;

/// <summary>A full-size ViT-L/14-336 with adapters and random weights: as slow as the real one, and free to make.</summary>
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
            Write(adapters, AdapterTensors(), seed: 2);
        }

        Console.Error.WriteLine($"Importing it as {precision} ...");
        ModelImporter.Import(new ImportOptions { Clip = clip, Adapters = adapters, Vocabulary = vocabulary, Precision = precision, Output = output });
        return output;
    }

    private static IEnumerable<(string Name, long[] Shape)> AdapterTensors()
    {
        for (int i = 0; i < 6; i++)
            yield return ($"image_adapter.layer_adapters.{i}.fc.0.weight", [1024, 1024]);
        for (int i = 0; i < AdapterWeights.Levels; i++)
            yield return ($"image_adapter.seg_proj.{i}.fc.weight", [768, 1024]);
        yield return ("image_adapter.det_proj.fc.weight", [768, 1024]);
        for (int i = 0; i < 4; i++)
            yield return ($"text_adapter.{i}.fc.0.weight", [768, 768]);
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
