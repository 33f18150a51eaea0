using AaClip.Import.Clip;
using AaClip.Import.Torch;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Tensors;

namespace AaClip.Import.Methods;

/// <summary>The learned part of AdaCLIP: static prompts of both towers, the layers that make dynamic prompts, and projections.</summary>
internal sealed class AdaClipCheckpoint
{
    private const string Prefix = "clip_model.";
    private const string Signature = Prefix + "dynamic_visual_prompt_generator.";

    /// <summary>Blocks that are compared with the anchors, each with a projection.</summary>
    public const int Levels = 4;

    private AdaClipCheckpoint(string path, int blocks, int rows, Dictionary<string, float[]> weights) =>
        (Path, Blocks, Rows, Weights) = (path, blocks, rows, weights);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Blocks, from the first, with learned prompts: 4 as published.</summary>
    public int Blocks { get; }

    /// <summary>Prompt rows of a block: 5 as published.</summary>
    public int Rows { get; }

    /// <summary>Values by name, without the prefix "clip_model.".</summary>
    public IReadOnlyDictionary<string, float[]> Weights { get; }

    /// <summary>Whether a tensor of this name is in such checkpoints only.</summary>
    public static bool IsAdaClip(string name) => name.StartsWith(Signature, StringComparison.Ordinal);

    /// <summary>Every tensor with its shape, named without the prefix.</summary>
    /// <param name="blocks">Blocks with learned prompts.</param>
    /// <param name="rows">Prompt rows of a block.</param>
    public static IEnumerable<(string Name, long[] Shape)> Tensors(ClipArchitecture clip, int blocks, int rows)
    {
        long vision = clip.Vision.Width,
            text = clip.Text.Width,
            embed = clip.EmbedDim;
        for (int i = 0; i < blocks; i++)
        {
            yield return ($"text_prompter.static_prompts.{i}", [rows, text]);
            yield return ($"visual_prompter.static_prompts.{i}", [rows, vision]);
        }

        IEnumerable<(string Name, long Outputs, long Inputs)> layers =
        [
            .. Enumerable.Range(0, Levels).Select(i => ($"patch_token_layer.head.{i}", embed, vision)),
            ("cls_token_layer.head.0", embed, embed),
            .. Enumerable.Range(0, rows).Select(i => ($"dynamic_visual_prompt_generator.head.{i}", vision, embed)),
            .. Enumerable.Range(0, rows).Select(i => ($"dynamic_text_prompt_generator.head.{i}", text, embed)),
        ];
        foreach ((string name, long outputs, long inputs) in layers)
        {
            yield return ($"{name}.weight", [outputs, inputs]);
            yield return ($"{name}.bias", [outputs]);
        }
    }

    /// <summary>Reads the checkpoint, and compares its shapes with CLIP's.</summary>
    /// <exception cref="InvalidDataException">
    /// It is damaged, of another method, or for another CLIP; the message names the tensor.
    /// </exception>
    public static AdaClipCheckpoint Open(string path, ClipWeights clip)
    {
        using Checkpoint checkpoint = Checkpoint.Open(path);
        string remedy =
            $"'{path}' was trained with another CLIP model than '{clip.Path}', or is no checkpoint of AdaCLIP; it needs OpenAI's "
            + "ViT-L-14-336px.pt";
        int blocks = Count("visual_prompter.static_prompts.{0}"),
            rows = Count("dynamic_visual_prompt_generator.head.{0}.weight");
        ClipArchitecture shape = clip.Architecture;
        if (blocks == 0 || rows == 0 || blocks > Math.Min(shape.Vision.Layers, shape.Text.Layers) || rows > shape.Context - 1)
            throw new InvalidDataException(
                $"'{path}' has prompts for {blocks} blocks, with {rows} rows each: expected 1 to "
                    + $"{Math.Min(shape.Vision.Layers, shape.Text.Layers)} blocks and 1 to {shape.Context - 1} rows. {remedy}."
            );

        Dictionary<string, float[]> weights = new(StringComparer.Ordinal);
        foreach ((string name, long[] wanted) in Tensors(shape, blocks, rows))
        {
            StoredTensor tensor =
                checkpoint.Tensors.GetValueOrDefault(Prefix + name)
                ?? throw new InvalidDataException($"Tensor '{Prefix}{name}' is missing in '{path}': pass a whole checkpoint of AdaCLIP.");
            weights[name] = tensor.Expect(remedy, wanted).ExpectFloat(remedy).ToFloat32();
        }

        if (
            checkpoint.Tensors.Keys.FirstOrDefault(n =>
                n.StartsWith(Prefix, StringComparison.Ordinal) && !weights.ContainsKey(n[Prefix.Length..])
            ) is
            { } extra
        )
            throw new InvalidDataException($"Tensor '{Text.Shorten(extra)}' in '{path}' does not belong to the others: {remedy}.");
        return new AdaClipCheckpoint(path, blocks, rows, weights);

        int Count(string format)
        {
            int count = 0;
            while (checkpoint.Tensors.ContainsKey(Prefix + string.Format(System.Globalization.CultureInfo.InvariantCulture, format, count)))
                count++;
            return count;
        }
    }
}
