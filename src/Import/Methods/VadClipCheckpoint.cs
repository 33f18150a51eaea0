using System.Globalization;
using AaClip.Import.Torch;
using AaClip.Scoring.Events;
using AaClip.Scoring.Tensors;

namespace AaClip.Import.Methods;

/// <summary>
/// The learned part of VadCLIP (arXiv 2308.11681): the head and the rows of the class sentences. The published files contain CLIP, too,
/// below "clipmodel."; checkpoints that 'aaclip train-events' writes do not.
/// </summary>
internal sealed class VadClipCheckpoint
{
    /// <summary>Prefix of CLIP's tensors in a published file.</summary>
    public const string ClipPrefix = "clipmodel.";

    private const string Running = "model_state_dict."; // in the checkpoint of a training that is not complete
    private const string Unused = "disAdj.sigma"; // in the file, and nowhere else

    private VadClipCheckpoint(string path, TemporalHead head, int context, int textWidth, Dictionary<string, float[]> weights) =>
        (Path, Head, Context, TextWidth, Weights) = (path, head, context, textWidth, weights);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Sizes of the head; the window is that of the caller.</summary>
    public TemporalHead Head { get; }

    /// <summary>Tokens of a sentence: 77.</summary>
    public int Context { get; }

    /// <summary>Width of the text tower: 512.</summary>
    public int TextWidth { get; }

    /// <summary>Values by the checkpoint's names.</summary>
    public IReadOnlyDictionary<string, float[]> Weights { get; }

    /// <summary>Whether a tensor of this name is in such checkpoints only.</summary>
    public static bool IsVadClip(string name) => name is "frame_position_embeddings.weight" or Running + "frame_position_embeddings.weight";

    /// <summary>Whether a checkpoint contains CLIP, too.</summary>
    public static bool HasClip(string path)
    {
        using Checkpoint checkpoint = Checkpoint.Open(path);
        return checkpoint.Tensors.Keys.Any(n => n is ClipPrefix + "visual.conv1.weight" or Running + ClipPrefix + "visual.conv1.weight");
    }

    /// <summary>Every trained tensor with its shape, in the order of the published code.</summary>
    /// <param name="context">Tokens of a sentence.</param>
    /// <param name="textWidth">Width of the text tower.</param>
    public static IEnumerable<(string Name, int[] Shape)> Tensors(TemporalHead head, int context, int textWidth)
    {
        (int width, int hidden, int graph) = (head.Width, head.MlpWidth, head.GraphWidth);
        for (int n = 0; n < head.Blocks; n++)
        {
            string block = string.Create(CultureInfo.InvariantCulture, $"temporal.resblocks.{n}.");
            yield return ($"{block}attn.in_proj_weight", [3 * width, width]);
            yield return ($"{block}attn.in_proj_bias", [3 * width]);
            yield return ($"{block}attn.out_proj.weight", [width, width]);
            yield return ($"{block}attn.out_proj.bias", [width]);
            foreach (string norm in (string[])["ln_1", "ln_2"])
            {
                yield return ($"{block}{norm}.weight", [width]);
                yield return ($"{block}{norm}.bias", [width]);
            }

            foreach ((string, int[]) layer in Mlp($"{block}mlp"))
                yield return layer;
        }

        foreach (string branch in (string[])["gc1", "gc3"])
        {
            yield return ($"{branch}.weight", [width, graph]); // used as x·W
            yield return ($"{branch}.residual.weight", [graph, width, TemporalHead.Kernel]);
            yield return ($"{branch}.residual.bias", [graph]);
        }

        yield return ("gc2.weight", [graph, graph]);
        yield return ("gc4.weight", [graph, graph]);
        yield return ("linear.weight", [width, 2 * graph]);
        yield return ("linear.bias", [width]);
        foreach ((string, int[]) layer in Mlp("mlp1").Concat(Mlp("mlp2")))
            yield return layer;
        yield return ("classifier.weight", [1, width]);
        yield return ("classifier.bias", [1]);
        yield return ("frame_position_embeddings.weight", [head.Length, width]);
        yield return ("text_prompt_embeddings.weight", [context, textWidth]);

        IEnumerable<(string, int[])> Mlp(string name) =>
            [
                ($"{name}.c_fc.weight", [hidden, width]),
                ($"{name}.c_fc.bias", [hidden]),
                ($"{name}.c_proj.weight", [width, hidden]),
                ($"{name}.c_proj.bias", [width]),
            ];
    }

    /// <summary>Reads a checkpoint.</summary>
    /// <param name="window">
    /// Snippets that attend to each other; it is not in the file. Null takes the published one for the file's blocks.
    /// </param>
    /// <exception cref="InvalidDataException">It is damaged or of another method, or the window does not fit.</exception>
    public static VadClipCheckpoint Open(string path, int? window)
    {
        using Checkpoint checkpoint = Checkpoint.Open(path);
        string remedy = $"'{path}' is no checkpoint of VadCLIP; pass model_ucf.pth, model_xd.pth, or what 'aaclip train-events' wrote";
        string prefix = checkpoint.Tensors.ContainsKey(Running + "frame_position_embeddings.weight") ? Running : "";
        long[] positions = Axes("frame_position_embeddings.weight", 2),
            sentence = Axes("text_prompt_embeddings.weight", 2);
        int blocks = 0;
        while (
            checkpoint.Tensors.ContainsKey(string.Create(CultureInfo.InvariantCulture, $"{prefix}temporal.resblocks.{blocks}.ln_1.weight"))
        )
            blocks++;
        if (blocks == 0)
            throw new InvalidDataException($"'{path}' has no block 'temporal.resblocks.0': {remedy}.");
        int length = checked((int)positions[0]);
        int own = window ?? Published(blocks, length, path);
        if (own < 1 || length % own != 0)
            throw new InvalidDataException(
                $"--window {own} does not divide the {length} snippets that the head sees: the published files need 8 (UCF-Crime) or 64 "
                    + "(XD-Violence), and others what they were trained with."
            );
        TemporalHead head = new(
            length,
            own,
            blocks,
            checked((int)positions[1]),
            checked((int)Axes("mlp1.c_fc.weight", 2)[0]),
            checked((int)Axes("gc1.weight", 2)[1])
        );

        Dictionary<string, float[]> weights = new(StringComparer.Ordinal);
        foreach ((string name, int[] shape) in Tensors(head, (int)sentence[0], (int)sentence[1]))
        {
            float[] values = Find(name).Expect(remedy, [.. shape.Select(n => (long)n)]).ExpectFloat(remedy).ToFloat32();
            if (!Array.TrueForAll(values, float.IsFinite))
                throw new InvalidDataException(
                    $"Tensor '{name}' in '{path}' holds values that are not finite numbers: the training diverged or the file is damaged; "
                        + "take another checkpoint."
                );
            weights[name] = values;
        }

        if (
            checkpoint.Tensors.Keys.FirstOrDefault(n => n.StartsWith(prefix, StringComparison.Ordinal) && Extra(n[prefix.Length..])) is
            { } extra
        )
            throw new InvalidDataException($"Tensor '{Text.Shorten(extra)}' in '{path}' does not belong to the others: {remedy}.");
        return new VadClipCheckpoint(path, head, (int)sentence[0], (int)sentence[1], weights);

        bool Extra(string name) => name != Unused && !name.StartsWith(ClipPrefix, StringComparison.Ordinal) && !weights.ContainsKey(name);

        StoredTensor Find(string name) =>
            checkpoint.Tensors.GetValueOrDefault(prefix + name)
            ?? throw new InvalidDataException($"Tensor '{name}' is missing in '{path}': {remedy}.");

        long[] Axes(string name, int count) =>
            Find(name).Shape is var shape && shape.Count == count && shape.All(n => n is > 0 and < 1 << 20)
                ? [.. shape]
                : throw new InvalidDataException($"Tensor '{name}' in '{path}' has shape {Find(name).ShapeText}: {remedy}.");
    }

    /// <summary>
    /// Writes a checkpoint without CLIP, in the format of torch.save; after a crash the path has the old file or the new one.
    /// </summary>
    /// <param name="weights">Values by name, as in <see cref="Tensors"/>.</param>
    public static void Write(string path, TemporalHead head, int context, int textWidth, IReadOnlyDictionary<string, float[]> weights)
    {
        PickleDictionary state = new() { Ordered = true };
        foreach ((string name, int[] shape) in Tensors(head, context, textWidth))
            state.Add(name, new TorchTensor(shape, weights[name]));
        TorchWriter.Write(path, state);
    }

    private static int Published(int blocks, int length, string path) =>
        (blocks, length) switch
        {
            (2, 256) => 8,
            (1, 256) => 64,
            _ => throw new InvalidDataException(
                $"'{path}' has {blocks} blocks and {length} snippets, unlike the published files: say with --window how many "
                    + $"snippets attend "
                    + "to each other."
            ),
        };
}
