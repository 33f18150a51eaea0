using System.Globalization;
using AaClip.Graphs;
using AaClip.Import.Clip;
using AaClip.Import.Torch;
using AaClip.Scoring.Tensors;

namespace AaClip.Import.Adapters;

/// <summary>
/// The trained adapters of AA-CLIP, read from the checkpoints of its training (image_adapter_N.pth, text_adapter.pth; train.py and
/// model/adapter.py of the published code) or from one safetensors file with both. Names have a prefix and are the same with and without
/// the published code's --relu: image_adapter.layer_adapters.{i}.fc.0.weight, image_adapter.seg_proj.{level}.fc.weight,
/// image_adapter.det_proj.fc.weight, text_adapter.{i}.fc.0.weight. The last text adapter is the text projection.
/// </summary>
public sealed class AdapterWeights : IDisposable
{
    /// <summary>Number of vision tower blocks whose patches are scored.</summary>
    public const int Levels = 4;

    private const string ImagePrefix = "image_adapter.";
    private const string TextPrefix = "text_adapter.";
    private const string Remedy = "the adapters were trained for another CLIP model, pass the one they were trained with";

    private readonly IReadOnlyList<Checkpoint> _checkpoints;

    private AdapterWeights(IReadOnlyList<Checkpoint> checkpoints, string choice, ClipArchitecture model)
    {
        _checkpoints = checkpoints;
        Choice = choice;

        // 1. Tensors of image and text adapters; optimizer states are used only for training
        Dictionary<string, StoredTensor> stored = new(StringComparer.Ordinal);
        foreach (Checkpoint checkpoint in checkpoints)
        foreach ((string name, StoredTensor tensor) in checkpoint.Tensors)
            if (
                !name.StartsWith("image_optimizer.", StringComparison.Ordinal)
                && !name.StartsWith("text_optimizer.", StringComparison.Ordinal)
                && !stored.TryAdd(name, tensor)
            )
                throw new InvalidDataException(
                    $"Tensor '{Text.Shorten(name)}' is in '{checkpoint.Path}' and in '{tensor.File}': pass it once."
                );
        ImageEpoch = Epoch(checkpoints, ImagePrefix);
        TextEpoch = Epoch(checkpoints, TextPrefix);

        // 2. Number of adapters
        Relu = stored.ContainsKey(ImagePrefix + "det_proj.fc.0.weight");
        ImageLayers = CountUp(stored, i => $"{ImagePrefix}layer_adapters.{i}.fc.0.weight");
        TextLayers = Math.Max(0, CountUp(stored, i => $"{TextPrefix}{i}.fc.0.weight") - 1);
        HasText = stored.Keys.Any(n => n.StartsWith(TextPrefix, StringComparison.Ordinal));

        // 3. Check that each tensor has the expected shape, and that there are no others
        Tensors = Collect(stored, model);
    }

    /// <summary>Weights by name; valid until this object is disposed.</summary>
    public IReadOnlyDictionary<string, Weight> Tensors { get; }

    /// <summary>Whether the level and image projections are followed by a LeakyReLU (trained with --relu).</summary>
    public bool Relu { get; }

    /// <summary>Number of vision blocks, from the first, that are followed by an adapter: 6 as published.</summary>
    public int ImageLayers { get; }

    /// <summary>Number of text blocks, from the first, that are followed by an adapter: 3 as published; 0 without text adapters.</summary>
    public int TextLayers { get; }

    /// <summary>Whether the text tower has adapters; if not, CLIP's own text tower is used.</summary>
    public bool HasText { get; }

    /// <summary>Completed epochs of the image adapters; null if the checkpoint has no epoch.</summary>
    public long? ImageEpoch { get; }

    /// <summary>Completed epochs of the text adapters; null if the checkpoint has no epoch.</summary>
    public long? TextEpoch { get; }

    /// <summary>The files that were read.</summary>
    public IEnumerable<string> Files => _checkpoints.SelectMany(c => c.Files);

    /// <summary>Which files were used and why, for the log.</summary>
    public string Choice { get; }

    /// <summary>Opens the adapters and checks them against the model.</summary>
    /// <param name="path">
    /// A training folder, or one file with image and text adapters or with image adapters only; null or empty for none.
    /// </param>
    /// <param name="model">The CLIP model that the adapters were trained for.</param>
    /// <param name="epoch">Epoch N, which selects image_adapter_N.pth of a folder; by default the highest.</param>
    /// <returns>Null if there is no path: CLIP is used without adapters.</returns>
    /// <exception cref="FileNotFoundException">The file or folder does not exist.</exception>
    /// <exception cref="InvalidDataException">Files or tensors are missing, unexpected, or do not fit the model.</exception>
    public static AdapterWeights? Open(string? path, ClipArchitecture model, int? epoch = null)
    {
        if (string.IsNullOrEmpty(path))
            return null;

        List<string> files = [path];
        string choice = Path.GetFileName(path);
        if (Directory.Exists(path))
        {
            AdapterFiles found = AdapterFiles.Find(path, epoch);
            files = found.Text is null ? [found.Image] : [found.Image, found.Text];
            choice = found.Choice;
        }
        else if (epoch is not null)
        {
            throw new ArgumentException(
                $"Epoch {epoch} is asked for, but '{path}' is one file: give its folder, or no epoch.",
                nameof(epoch)
            );
        }

        List<Checkpoint> checkpoints = [];
        try
        {
            foreach (string file in files)
                checkpoints.Add(Checkpoint.OpenFile(file, mayBeIndex: false));
            return new AdapterWeights(checkpoints, choice, model);
        }
        catch
        {
            checkpoints.ForEach(c => c.Dispose());
            throw;
        }
    }

    /// <summary>A weight's elements in row-major order as float32.</summary>
    /// <exception cref="ArgumentException">There is no weight of that name.</exception>
    public float[] Read(string name) =>
        Tensors.TryGetValue(name, out Weight? weight)
            ? weight.Read()
            : throw new ArgumentException($"The adapters have no weight '{name}'.", nameof(name));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Checkpoint checkpoint in _checkpoints)
            checkpoint.Dispose();
    }

    private Dictionary<string, Weight> Collect(Dictionary<string, StoredTensor> stored, ClipArchitecture model)
    {
        string where = $"'{string.Join("' and '", _checkpoints.Select(c => c.Path))}'";
        Dictionary<string, Weight> tensors = new(StringComparer.Ordinal);
        foreach ((string name, string source, long[] shape) in Expected(model))
        {
            if (!stored.Remove(source, out StoredTensor? tensor))
                throw new InvalidDataException(
                    $"Tensor '{source}' is missing in {where}: pass checkpoints of AA-CLIP's training, with image adapters."
                );
            tensors.Add(name, new Weight(name, shape, [tensor.Expect(Remedy, shape).ExpectFloat(Remedy)], transposed: false));
        }

        if (stored.Count > 0)
            throw new InvalidDataException(
                $"{where} has {stored.Count} tensors that AA-CLIP's adapters have not, such as "
                    + $"'{Text.Shorten(stored.Keys.First())}': pass checkpoints of AA-CLIP's training."
            );
        if (ImageLayers > model.Vision.Layers || TextLayers > model.Text.Layers)
            throw new InvalidDataException(
                $"{where} adapts {ImageLayers} vision and {TextLayers} text blocks, but the CLIP model has {model.Vision.Layers} "
                    + $"and {model.Text.Layers}: {Remedy}."
            );
        return tensors;
    }

    private IEnumerable<(string Name, string Source, long[] Shape)> Expected(ClipArchitecture model)
    {
        string projection = Relu ? "fc.0.weight" : "fc.weight";
        long vision = model.Vision.Width,
            text = model.Text.Width,
            embed = model.EmbedDim;

        for (int i = 0; i < ImageLayers; i++)
            yield return Same($"{ImagePrefix}layer_adapters.{i}.fc.0.weight", [vision, vision]);
        for (int level = 0; level < Levels; level++)
            yield return ($"{ImagePrefix}seg_proj.{level}.fc.weight", $"{ImagePrefix}seg_proj.{level}.{projection}", [embed, vision]);
        yield return ($"{ImagePrefix}det_proj.fc.weight", $"{ImagePrefix}det_proj.{projection}", [embed, vision]);
        for (int i = 0; HasText && i < TextLayers; i++)
            yield return Same($"{TextPrefix}{i}.fc.0.weight", [text, text]);
        if (HasText)
            yield return Same($"{TextPrefix}{TextLayers}.fc.0.weight", [embed, text]); // replaces CLIP's text projection

        static (string, string, long[]) Same(string name, long[] shape) => (name, name, shape);
    }

    private static int CountUp(Dictionary<string, StoredTensor> stored, Func<string, string> name)
    {
        int count = 0;
        while (stored.ContainsKey(name(count.ToString(CultureInfo.InvariantCulture))))
            count++;
        return count;
    }

    private static long? Epoch(IReadOnlyList<Checkpoint> checkpoints, string prefix) =>
        checkpoints
            .Where(c => c.Tensors.Keys.Any(n => n.StartsWith(prefix, StringComparison.Ordinal)))
            .Select(c => c.Values.GetValueOrDefault("epoch") as long?)
            .FirstOrDefault();
}
