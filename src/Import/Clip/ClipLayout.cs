using AaClip.Import.Torch;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Tensors;

namespace AaClip.Import.Clip;

/// <summary>
/// The naming of CLIP's weights in a checkpoint: OpenAI's (also used by OpenCLIP) or Hugging Face's, with an optional prefix such as
/// "model.".
/// </summary>
internal sealed class ClipLayout
{
    private const string OpenAiMark = "visual.conv1.weight";
    private const string HuggingFaceMark = "vision_model.embeddings.patch_embedding.weight";
    private const string ResNetMark = "visual.layer1.0.conv1.weight";

    private const int MaxAxis = 1 << 20;

    // Tensors that no score depends on, whatever their shape. Counters, masks and settings that some versions of these programs save follow
    // from the architecture. The temperature and, with a sigmoid loss, the bias are used only to train CLIP.
    private static readonly string[] Ignored =
    [
        "input_resolution",
        "context_length",
        "vocab_size",
        "attn_mask",
        ".position_ids",
        "logit_scale",
        "logit_bias",
    ];

    private readonly Checkpoint _checkpoint;
    private readonly string _prefix;
    private readonly bool _huggingFace;

    private ClipLayout(Checkpoint checkpoint, string prefix, bool huggingFace)
    {
        _checkpoint = checkpoint;
        _prefix = prefix;
        _huggingFace = huggingFace;
    }

    /// <summary>Detects the naming.</summary>
    /// <exception cref="InvalidDataException">The checkpoint has no ViT CLIP model, or more than one.</exception>
    public static ClipLayout Of(Checkpoint checkpoint)
    {
        if (checkpoint.Tensors.Keys.Any(n => EndsWithName(n, ResNetMark)))
            throw new InvalidDataException(
                $"'{checkpoint.Path}' is a CLIP model with a ResNet, expected a vision transformer: pass a ViT model, such as "
                    + $"ViT-L-14-336px.pt."
            );

        ClipLayout[] found =
        [
            .. checkpoint
                .Tensors.Keys.Where(n => EndsWithName(n, OpenAiMark))
                .Select(n => new ClipLayout(checkpoint, n[..^OpenAiMark.Length], false)),
            .. checkpoint
                .Tensors.Keys.Where(n => EndsWithName(n, HuggingFaceMark))
                .Select(n => new ClipLayout(checkpoint, n[..^HuggingFaceMark.Length], true)),
        ];
        return found switch
        {
            [var one] => one,
            [] => throw new InvalidDataException(
                $"'{checkpoint.Path}' has neither '{OpenAiMark}' nor '{HuggingFaceMark}' among its {checkpoint.Tensors.Count} "
                    + $"tensors, so it is not a ViT CLIP model: pass one, such as ViT-L-14-336px.pt."
            ),
            _ => throw new InvalidDataException(
                $"'{checkpoint.Path}' has {found.Length} CLIP models, below "
                    + $"{string.Join(" and ", found.Take(3).Select(l => $"'{Text.Shorten(l._prefix)}'"))}: save the wanted one alone."
            ),
        };
    }

    /// <summary>The checkpoint's names of the tensors that form a weight, and whether they are transposed.</summary>
    public (string[] Names, bool Transposed) Sources(string name)
    {
        (string[] names, bool transposed) = _huggingFace ? HuggingFaceNames.Of(name) : ([name], false);
        return ([.. names.Select(n => _prefix + n)], transposed);
    }

    /// <summary>The shape of a weight under OpenAI's name, derived from the checkpoint's tensors.</summary>
    /// <param name="name">OpenAI's name.</param>
    /// <param name="axes">The expected number of axes.</param>
    /// <exception cref="InvalidDataException">
    /// A tensor is missing or has another number of axes, or the length of an axis is 0 or too large.
    /// </exception>
    public int[] Shape(string name, int axes)
    {
        (string[] names, bool transposed) = Sources(name);
        if (!_checkpoint.Tensors.TryGetValue(names[0], out StoredTensor? tensor))
            throw new InvalidDataException(
                $"'{_checkpoint.Path}' has no tensor '{names[0]}', which CLIP needs: it is not a whole CLIP model."
            );
        if (tensor.Shape.Count != axes || tensor.Shape.Any(n => n is < 1 or > MaxAxis))
            throw new InvalidDataException(
                $"Tensor '{names[0]}' in '{_checkpoint.Path}' has shape {tensor.ShapeText}, expected {axes} axes of 1 to {MaxAxis}: "
                    + $"pass a ViT CLIP model."
            );
        int[] shape = [.. tensor.Shape.Select(n => (int)n)];
        if (transposed)
            Array.Reverse(shape);
        return shape;
    }

    /// <summary>The sizes of the image tower.</summary>
    /// <param name="path">Path of the weights.</param>
    /// <param name="heads">Attention heads; null for those of config.json or of the width.</param>
    /// <exception cref="InvalidDataException">A tensor is missing, or its shape is that of no image tower.</exception>
    public VisionArchitecture ImageTower(string path, int? heads)
    {
        int[] conv = Shape("visual.conv1.weight", 4); // [width, 3, patch, patch]
        int[] table = Shape("visual.positional_embedding", 2);
        int grid = (int)Math.Sqrt(table[0] - 1);
        if (grid < 1 || 1 + grid * grid != table[0])
            throw new InvalidDataException(
                $"The positional embedding in '{path}' has {table[0]} rows, expected 1 for the class token and a square number for "
                    + $"the patches: {ClipWeights.Remedy}."
            );
        return new VisionArchitecture(grid * conv[2], conv[2], Tower(conv[0], vision: true, heads, path), Shape("visual.proj", 2)[1]);
    }

    /// <summary>The sizes of a tower of a known width; see above.</summary>
    public TowerShape Tower(int width, bool vision, int? heads, string path) =>
        new(
            width,
            Blocks(vision),
            ClipHeads.Of(heads, vision ? "vision_config" : "text_config", width, path),
            Shape((vision ? ClipNames.VisionBlocks : ClipNames.TextBlocks) + "0.mlp.c_fc.weight", 2)[0]
        );

    /// <summary>The checkpoint's name of a tensor beside CLIP's, such as "fc.weight".</summary>
    public string Beside(string name) => _prefix + name;

    /// <summary>Number of different blocks in the checkpoint.</summary>
    public int Blocks(bool vision)
    {
        string blocks =
            _prefix
            + (
                _huggingFace
                    ? vision
                        ? HuggingFaceNames.VisionBlocks
                        : HuggingFaceNames.TextBlocks
                    : vision
                        ? ClipNames.VisionBlocks
                        : ClipNames.TextBlocks
            );
        return _checkpoint
            .Tensors.Keys.Where(n => n.StartsWith(blocks, StringComparison.Ordinal))
            .Select(n => n[blocks.Length..].Split('.')[0])
            .Distinct(StringComparer.Ordinal)
            .Count();
    }

    /// <summary>Tensors of the model that are neither used nor ignored.</summary>
    public IEnumerable<string> Unexpected(HashSet<string> used) =>
        _checkpoint.Tensors.Keys.Where(n =>
            n.StartsWith(_prefix, StringComparison.Ordinal)
            && !used.Contains(n)
            && !Ignored.Any(i => n.EndsWith(i, StringComparison.Ordinal))
        );

    private static bool EndsWithName(string full, string name) =>
        full.EndsWith(name, StringComparison.Ordinal) && (full.Length == name.Length || full[^(name.Length + 1)] == '.');
}
