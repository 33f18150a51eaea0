using System.Numerics.Tensors;
using AaClip.Graphs;
using AaClip.Import.Clip;
using AaClip.Scoring.Anchors;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Tensors;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.ML.OnnxRuntime;

namespace AaClip.Import.Methods;

/// <summary>
/// Learned prompts of Crane and AnomalyCLIP (docs/methods.md): one normal and one abnormal sentence, [start, learned rows, "object." or
/// "damaged object.", end, padding], and deep prompts that overwrite rows inside the text tower.
/// </summary>
internal sealed class LearnedPrompts
{
    private const string Prefix = "prompt_learner.";
    private const double HalfPrecision = 1.0 / 1024; // relative step of float16

    private LearnedPrompts(float[] rows, long[] ends, IReadOnlyList<float[]> deep, string path)
    {
        Rows = rows;
        Ends = ends;
        Deep = deep;
        Path = path;
    }

    /// <summary>[2, context, width]: token embeddings without positions; normal first.</summary>
    public float[] Rows { get; }

    /// <summary>[2]: positions of the end marks.</summary>
    public long[] Ends { get; }

    /// <summary>Deep prompts, [n, width] each, rounded to float16 as the published code does.</summary>
    public IReadOnlyList<float[]> Deep { get; }

    /// <summary>The checkpoint.</summary>
    public string Path { get; }

    /// <summary>Whether a tensor of this name is in such checkpoints only.</summary>
    public static bool IsLearned(string name) => name is "ctx_pos" or Prefix + "ctx_pos";

    /// <summary>
    /// Reads the prompts, and compares the rows of CLIP's vocabulary that the checkpoint contains with those of the given CLIP.
    /// </summary>
    /// <exception cref="InvalidDataException">The checkpoint is damaged, of another kind, or for another CLIP.</exception>
    public static LearnedPrompts Open(string path, ClipWeights clip)
    {
        using Checkpoint checkpoint = Checkpoint.Open(path);
        int width = clip.Architecture.Text.Width,
            context = clip.Architecture.Context;
        string remedy = $"'{path}' was trained with another CLIP model than '{clip.Path}', or is no checkpoint of Crane or AnomalyCLIP";
        StoredTensor Find(string name) =>
            checkpoint.Tensors.GetValueOrDefault(Prefix + name)
            ?? checkpoint.Tensors.GetValueOrDefault(name)
            ?? throw new InvalidDataException(
                $"Tensor '{Prefix}{name}' is missing in '{path}': pass a checkpoint of Crane or AnomalyCLIP."
            );

        float[] table = clip.Read("token_embedding.weight"); // [vocabulary, width]
        float[] rows = new float[2 * context * width];
        long[] ends = new long[2];
        foreach ((int side, string name) in (ReadOnlySpan<(int, string)>)[(0, "pos"), (1, "neg")])
        {
            long[] tokens = Find($"tokenized_prompts_{name}").Expect(remedy, 1, 1, context).ToInt64();
            float[] learned = Numbers(Find($"ctx_{name}"));
            int count = learned.Length / width;
            if (count == 0 || count > context - 2 || learned.Length % width != 0)
                throw new InvalidDataException(
                    $"Tensor 'ctx_{name}' in '{path}' has {learned.Length} values, not rows of {width}: {remedy}."
                );
            float[] start = Numbers(Find($"token_prefix_{name}").Expect(remedy, 1, 1, 1, width)),
                rest = Numbers(Find($"token_suffix_{name}").Expect(remedy, 1, 1, context - 1 - count, width));
            RequireSame(start, tokens.AsSpan(0, 1), table, width, path, clip.Path);
            RequireSame(rest, tokens.AsSpan(1 + count), table, width, path, clip.Path);
            float[] all = [.. start, .. learned, .. rest];
            all.CopyTo(rows.AsSpan(side * all.Length));
            ends[side] = Array.IndexOf(tokens, tokens.Max()); // the end mark is the largest id
        }

        List<float[]> deep = [];
        string Deep() => $"compound_prompts_text.{deep.Count}";
        while (checkpoint.Tensors.ContainsKey(Prefix + Deep()) || checkpoint.Tensors.ContainsKey(Deep()))
        {
            float[] values = Numbers(Find(Deep()));
            if (values.Length % width != 0 || values.Length / width > context - 1 || deep.Count + 1 >= clip.Architecture.Text.Layers)
                throw new InvalidDataException($"Tensor '{Deep()}' in '{path}' does not fit the text tower: {remedy}.");
            deep.Add([.. values.Select(v => (float)(Half)v)]); // the published code casts them to half precision
        }

        return new LearnedPrompts(rows, ends, deep, path);

        float[] Numbers(StoredTensor tensor)
        {
            float[] values = tensor.ExpectFloat(remedy).ToFloat32();
            return Array.TrueForAll(values, float.IsFinite)
                ? values
                : throw new InvalidDataException(
                    $"Tensor '{tensor.Name}' in '{path}' holds values that are not finite numbers: the file is damaged; take another."
                );
        }
    }

    /// <summary>Runs the text tower on both prompts.</summary>
    /// <param name="folder">Folder for the temporary graph.</param>
    /// <returns>Anchors [E, 2]: column 0 normal, column 1 abnormal; each of norm 1.</returns>
    public float[] Anchors(ModelArchitecture shape, Activation activation, Func<string, float[]> read, string folder)
    {
        float[] features = Features(shape, activation, read, folder);
        return ClassAnchors.FromFeatures(features.AsSpan(0, shape.Embed), features.AsSpan(shape.Embed), shape.Embed);
    }

    /// <summary>Features of both prompts, [2, E], not normalised.</summary>
    internal float[] Features(ModelArchitecture shape, Activation activation, Func<string, float[]> read, string folder)
    {
        string path = System.IO.Path.Combine(folder, "prompts.onnx");
        PromptedTextGraph.Write(path, shape, activation, Deep, read);
        try
        {
            using InferenceSession session = new SessionFactory(Provider.Cpu, 0, false, NullLogger.Instance).Open(path);
            using RunOptions run = new();
            using OrtValue prompts = OrtValue.CreateTensorValueFromMemory(Rows, [2, shape.Context, shape.Text.Width]);
            using OrtValue ends = OrtValue.CreateTensorValueFromMemory(Ends, [2, 1]);
            using IDisposableReadOnlyCollection<OrtValue> result = session.Run(run, ["prompts", "ends"], [prompts, ends], ["features"]);
            return result[0].GetTensorDataAsSpan<float>().ToArray();
        }
        finally
        {
            File.Delete(path);
            File.Delete(System.IO.Path.ChangeExtension(path, ".weights"));
        }
    }

    private static void RequireSame(
        ReadOnlySpan<float> rows,
        ReadOnlySpan<long> tokens,
        ReadOnlySpan<float> table,
        int width,
        string path,
        string clip
    )
    {
        for (int i = 0; i < tokens.Length; i++)
        {
            ReadOnlySpan<float> row = rows.Slice(i * width, width);
            bool known = tokens[i] >= 0 && tokens[i] < table.Length / width;
            ReadOnlySpan<float> own = known ? table.Slice((int)tokens[i] * width, width) : default;
            for (int d = 0; d < width; d++)
                if (!known || Math.Abs(row[d] - own[d]) > HalfPrecision * Math.Max(Math.Abs(own[d]), 1e-3))
                    throw new InvalidDataException(
                        $"The prompts in '{path}' were learned with another CLIP model than '{clip}': the embedding of token {tokens[i]} "
                            + $"differs. Crane and AnomalyCLIP need OpenAI's ViT-L-14-336px.pt."
                    );
        }
    }
}
