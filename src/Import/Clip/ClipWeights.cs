using AaClip.Graphs;
using AaClip.Import.Torch;
using AaClip.Scoring.Packages;

namespace AaClip.Import.Clip;

/// <summary>
/// The weights of a ViT CLIP model under OpenAI's names, from a checkpoint of OpenAI, OpenCLIP or Hugging Face. Before any data is read, it
/// is checked that each tensor is expected and has the expected shape.
/// </summary>
public sealed class ClipWeights : IDisposable
{
    private const int MaxNamesShown = 5;
    internal const string Remedy = "pass a ViT CLIP model, such as ViT-L-14-336px.pt";

    private readonly Checkpoint _checkpoint;

    private ClipWeights(Checkpoint checkpoint, ClipArchitecture architecture, Dictionary<string, Weight> tensors)
    {
        _checkpoint = checkpoint;
        Architecture = architecture;
        Tensors = tensors;
    }

    /// <summary>Path of the checkpoint file.</summary>
    public string Path => _checkpoint.Path;

    /// <summary>Every file that was read.</summary>
    public IEnumerable<string> Files => _checkpoint.Files;

    /// <summary>The model's sizes, derived from the tensors.</summary>
    public ClipArchitecture Architecture { get; }

    /// <summary>All weights by OpenAI's names, in the order of <see cref="ClipNames.All"/>; valid until this object is disposed.</summary>
    public IReadOnlyDictionary<string, Weight> Tensors { get; }

    /// <summary>Opens a CLIP checkpoint in any container that <see cref="Checkpoint.Open"/> supports.</summary>
    /// <param name="path">A file or model folder.</param>
    /// <param name="visionHeads">
    /// Attention heads of the vision tower; by default from config.json in the weights' folder, otherwise width / 64.
    /// </param>
    /// <param name="textHeads">The same for the text tower.</param>
    /// <exception cref="InvalidDataException">
    /// The checkpoint is not a ViT CLIP model, or tensors are missing, unexpected or of another shape.
    /// </exception>
    public static ClipWeights Open(string path, int? visionHeads = null, int? textHeads = null)
    {
        Checkpoint checkpoint = Checkpoint.Open(path);
        try
        {
            // 1. Naming, 2. architecture, 3. all weights of the architecture
            ClipLayout layout = ClipLayout.Of(checkpoint);
            ClipArchitecture architecture = Derive(layout, checkpoint.Path, visionHeads, textHeads);
            return new ClipWeights(checkpoint, architecture, Collect(checkpoint, layout, architecture));
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>A weight's elements in row-major order as float32.</summary>
    /// <exception cref="ArgumentException">There is no weight of that name.</exception>
    public float[] Read(string name) =>
        Tensors.TryGetValue(name, out Weight? weight)
            ? weight.Read()
            : throw new ArgumentException($"CLIP has no weight '{name}'.", nameof(name));

    /// <inheritdoc/>
    public void Dispose() => _checkpoint.Dispose();

    private static ClipArchitecture Derive(ClipLayout layout, string path, int? visionHeads, int? textHeads)
    {
        VisionArchitecture image = layout.ImageTower(path, visionHeads);
        int[] words = layout.Shape("token_embedding.weight", 2);
        return new ClipArchitecture(
            image.ImageSize,
            image.Patch,
            image.Vision,
            Text: layout.Tower(words[1], vision: false, textHeads, path),
            Context: layout.Shape("positional_embedding", 2)[0],
            Vocabulary: words[0],
            EmbedDim: image.Embed
        );
    }

    private static Dictionary<string, Weight> Collect(Checkpoint checkpoint, ClipLayout layout, ClipArchitecture architecture)
    {
        // 1. Which tensors are needed
        List<(string Name, long[] Shape, string[] Sources, bool Transposed)> wanted = [];
        foreach ((string name, long[] shape) in ClipNames.All(architecture))
        {
            (string[] sources, bool transposed) = layout.Sources(name);
            wanted.Add((name, shape, sources, transposed));
        }

        HashSet<string> used = new(wanted.SelectMany(w => w.Sources), StringComparer.Ordinal);
        string[] missing = [.. used.Where(n => !checkpoint.Tensors.ContainsKey(n))];
        string[] unexpected = [.. layout.Unexpected(used)];
        if (missing.Length + unexpected.Length > 0)
            throw new InvalidDataException(
                $"'{checkpoint.Path}' is not a whole ViT CLIP model: {Count(missing, "missing")}, "
                    + $"{Count(unexpected, "not expected")}: {Remedy}."
            );

        // 2. Check shapes and types
        Dictionary<string, Weight> tensors = new(StringComparer.Ordinal);
        foreach ((string name, long[] shape, string[] sources, bool transposed) in wanted)
        {
            long[] there = [.. transposed ? shape.Reverse() : shape];
            if (sources.Length > 1)
                there[0] /= sources.Length;
            tensors.Add(
                name,
                new Weight(
                    name,
                    shape,
                    [.. sources.Select(s => checkpoint.Tensors[s].Expect(Remedy, there).ExpectFloat(Remedy))],
                    transposed
                )
            );
        }

        return tensors;
    }

    internal static string Count(string[] names, string what) =>
        names.Length == 0
            ? $"no tensor is {what}"
            : $"{names.Length} {(names.Length == 1 ? "tensor is" : "tensors are")} {what} "
                + $"({string.Join(", ", names.Take(MaxNamesShown).Select(n => $"'{Text.Shorten(n)}'"))}"
                + $"{(names.Length > MaxNamesShown ? ", ..." : "")})";
}
