using System.Globalization;
using AaClip.Import.Torch;

namespace AaClip.Import.Methods;

/// <summary>
/// Writes learned prompts as the published code of Crane and AnomalyCLIP does: a dictionary with "prompt_learner", an ordered dictionary.
/// <see cref="LearnedPrompts"/> reads it.
/// </summary>
internal sealed record PromptCheckpoint
{
    private const int ProjectionOutputs = 896; // of the published code

    /// <summary>Normal first, then abnormal.</summary>
    public required IReadOnlyList<PromptSide> Sides { get; init; }

    /// <summary>Deep prompts, [rows, width] each, not rounded.</summary>
    public required IReadOnlyList<float[]> Deep { get; init; }

    /// <summary>Width of the text tower.</summary>
    public required int Width { get; init; }

    /// <summary>
    /// Whether to write AnomalyCLIP's compound_prompt_projections. No result depends on them, but the published code loads no file without
    /// them, and the importer tells AnomalyCLIP by them. They are zero.
    /// </summary>
    public bool Projections { get; init; }

    /// <summary>Writes the file; after a crash the path has either the old file or the new one.</summary>
    public void Write(string path)
    {
        PickleDictionary prompts = new() { Ordered = true };
        Each("ctx", s => Rows(s.Learned));
        foreach (PromptSide side in Sides)
        {
            prompts.Add($"token_prefix_{side.Name}", Rows(side.Start));
            prompts.Add($"token_suffix_{side.Name}", Rows(side.Rest));
        }

        Each("tokenized_prompts", s => new TorchTensor([1, 1, s.Tokens.Length], s.Tokens));
        for (int i = 0; i < Deep.Count; i++)
            prompts.Add(Name("compound_prompts_text", i), new TorchTensor([Deep[i].Length / Width, Width], Deep[i]));
        for (int i = 0; Projections && i < Deep.Count; i++)
        {
            string name = Name("compound_prompt_projections", i);
            prompts.Add($"{name}.weight", new TorchTensor([ProjectionOutputs, Width], new float[ProjectionOutputs * Width]));
            prompts.Add($"{name}.bias", new TorchTensor([ProjectionOutputs], new float[ProjectionOutputs]));
        }

        TorchWriter.Write(path, new PickleDictionary { ["prompt_learner"] = prompts });

        void Each(string name, Func<PromptSide, TorchTensor> value)
        {
            foreach (PromptSide side in Sides)
                prompts.Add($"{name}_{side.Name}", value(side));
        }

        TorchTensor Rows(float[] values) => new([1, 1, values.Length / Width, Width], values);
    }

    private static string Name(string name, int i) => string.Create(CultureInfo.InvariantCulture, $"{name}.{i}");
}

/// <summary>One of the two sentences: [start, learned rows, rest] is as long as CLIP's context.</summary>
/// <param name="Name">"pos" for the normal one, "neg" for the abnormal one, as in the published names.</param>
/// <param name="Tokens">[context]: the ids, with "X" in place of the learned rows.</param>
/// <param name="Start">[1, width]: CLIP's row of the start mark.</param>
/// <param name="Learned">[n, width].</param>
/// <param name="Rest">[context − 1 − n, width]: CLIP's rows of the words, the end mark and the padding.</param>
internal sealed record PromptSide(string Name, int[] Tokens, float[] Start, float[] Learned, float[] Rest);
