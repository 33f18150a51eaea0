using System.Numerics.Tensors;
using AaClip.Graphs;
using AaClip.Import.Clip;
using AaClip.Import.Torch;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Tensors;

namespace AaClip.Import.Methods;

/// <summary>
/// The weights of C2P-CLIP (arXiv 2408.09647): CLIP's image tower in Hugging Face's naming, and a linear layer "fc" on its feature. Two
/// forms of one model: the released one, and what the training code writes, where queries, keys and values are a base layer and a LoRA
/// layer that is to be merged, and the tower stands in the file three times (the first, "model.", is read). A text tower is ignored.
/// </summary>
internal sealed class C2pClip : IDisposable
{
    /// <summary>Exact in the authors' inference.py: OpenAI's CLIP has QuickGELU.</summary>
    public const Activation PublishedActivation = Activation.QuickGelu;

    private const string Remedy =
        "pass the released C2P_CLIP_release_20240901.zip, what is in it, or a checkpoint of the published training code";
    private const string Base = ".base_layer",
        LoraA = ".lora_A.default.weight",
        LoraB = ".lora_B.default.weight";
    private static readonly string[] TextTower = ["text_model.", "text_projection."];

    private readonly Checkpoint _checkpoint;
    private readonly Dictionary<string, Weight> _weights;
    private readonly Dictionary<string, List<Lora>> _lora;

    private C2pClip(
        Checkpoint checkpoint,
        VisionArchitecture architecture,
        Dictionary<string, Weight> weights,
        Dictionary<string, List<Lora>> lora
    ) => (_checkpoint, Architecture, _weights, _lora) = (checkpoint, architecture, weights, lora);

    /// <summary>Path of the file.</summary>
    public string Path => _checkpoint.Path;

    /// <summary>Every file that was read.</summary>
    public IEnumerable<string> Files => _checkpoint.Files;

    /// <summary>Sizes, derived from the tensors.</summary>
    public VisionArchitecture Architecture { get; }

    /// <summary>Number of weights.</summary>
    public int Count => _weights.Count;

    /// <summary>Opens a checkpoint of either form, also inside of a zip file.</summary>
    /// <param name="loraAlpha">α of unmerged LoRA layers, which the file does not say; null for the released form.</param>
    /// <param name="heads">Attention heads; null for those of config.json beside the file, else width / 64.</param>
    /// <exception cref="InvalidDataException">
    /// The file is none of both forms, tensors are missing, unexpected or of another shape, or <paramref name="loraAlpha"/> does not go
    /// with
    /// the form.
    /// </exception>
    public static C2pClip Open(string path, double? loraAlpha = null, int? heads = null)
    {
        Checkpoint checkpoint = Checkpoint.Open(path);
        try
        {
            ClipLayout layout = ClipLayout.Of(checkpoint);
            VisionArchitecture shape = layout.ImageTower(checkpoint.Path, heads);
            Dictionary<string, Weight> weights = new(StringComparer.Ordinal);
            Dictionary<string, List<Lora>> lora = new(StringComparer.Ordinal);
            HashSet<string> used = new(StringComparer.Ordinal);
            List<string> missing = [];
            (string, long[])[] last = [(CheckGraph.LastWeight, [1, shape.Embed]), (CheckGraph.LastBias, [1])];
            foreach ((string name, long[] axes) in ClipNames.Image(shape).Concat(last))
            {
                (string[] sources, bool transposed) = last.Any(l => l.Item1 == name)
                    ? ([layout.Beside(name)], false)
                    : layout.Sources(name);
                string[] found = [.. sources.Select(s => Find(checkpoint, s))];
                used.UnionWith(found);
                missing.AddRange(found.Where(n => !checkpoint.Tensors.ContainsKey(n)));
                if (missing.Count > 0)
                    continue;
                long[] there = [.. transposed ? axes.Reverse() : axes];
                there[0] /= sources.Length;
                weights.Add(
                    name,
                    new Weight(
                        name,
                        axes,
                        [.. found.Select(s => checkpoint.Tensors[s].Expect(Remedy, there).ExpectFloat(Remedy))],
                        transposed
                    )
                );
                List<Lora> merged = [.. sources.Select((s, i) => Lora.Of(checkpoint, s, i, there, used)).OfType<Lora>()];
                if (merged.Count > 0)
                    lora.Add(name, merged);
            }

            string[] unexpected =
            [
                .. layout.Unexpected(used).Where(n => !TextTower.Any(t => n.StartsWith(layout.Beside(t), StringComparison.Ordinal))),
            ];
            if (missing.Count + unexpected.Length > 0)
                throw new InvalidDataException(
                    $"'{checkpoint.Path}' is not a C2P-CLIP model: {ClipWeights.Count([.. missing], "missing")}, "
                        + $"{ClipWeights.Count(unexpected, "not expected")}: {Remedy}."
                );
            RequireAlpha(checkpoint.Path, lora.Values.FirstOrDefault()?[0], loraAlpha);
            foreach (Lora layer in lora.Values.SelectMany(l => l))
                layer.Alpha = loraAlpha!.Value; // required above
            return new C2pClip(checkpoint, shape, weights, lora);
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>A weight's elements in row-major order as float32, with its LoRA layers merged: W + α/r · B·A.</summary>
    /// <param name="name">OpenAI's name of CLIP's weight, or one of <see cref="CheckGraph"/>.</param>
    /// <exception cref="ArgumentException">There is no weight of that name.</exception>
    public float[] Read(string name)
    {
        if (!_weights.TryGetValue(name, out Weight? weight))
            throw new ArgumentException($"C2P-CLIP has no weight '{name}'.", nameof(name));
        float[] values = weight.Read();
        foreach (Lora layer in _lora.GetValueOrDefault(name) ?? [])
            layer.AddTo(values);
        return values;
    }

    /// <inheritdoc/>
    public void Dispose() => _checkpoint.Dispose();

    // The tensor itself, or the base of a LoRA layer: "…q_proj.weight" or "…q_proj.base_layer.weight".
    private static string Find(Checkpoint checkpoint, string name) =>
        !checkpoint.Tensors.ContainsKey(name) && Inside(name, Base) is var inner && checkpoint.Tensors.ContainsKey(inner) ? inner : name;

    private static string Inside(string name, string part) => name.LastIndexOf('.') is var dot ? name[..dot] + part + name[dot..] : name;

    private static void RequireAlpha(string path, Lora? layer, double? alpha)
    {
        if (layer is null && alpha is not null)
            throw new InvalidDataException($"'{path}' has no LoRA layers that could be merged: leave out --lora-alpha.");
        if (layer is not null && alpha is null)
            throw new InvalidDataException(
                $"'{path}' has LoRA layers of rank {layer.Rank} that are not merged, and does not say their alpha: give it "
                    + $"with --lora-alpha "
                    + "(6 in the published training scripts)."
            );
    }

    // A LoRA layer on one of the parts that a weight is joined from.
    private sealed record Lora(int Part, StoredTensor A, StoredTensor B)
    {
        public double Alpha { get; set; }

        public int Rank => (int)A.Shape[0];

        /// <param name="shape">Of the base layer, [outputs, inputs].</param>
        public static Lora? Of(Checkpoint checkpoint, string name, int part, long[] shape, HashSet<string> used)
        {
            const string Weight = ".weight";
            string a = name.Replace(Weight, LoraA, StringComparison.Ordinal),
                b = name.Replace(Weight, LoraB, StringComparison.Ordinal);
            if (!name.EndsWith(Weight, StringComparison.Ordinal) || !checkpoint.Tensors.TryGetValue(a, out StoredTensor? first))
                return null;
            if (!checkpoint.Tensors.TryGetValue(b, out StoredTensor? second))
                throw new InvalidDataException($"'{checkpoint.Path}' has '{Text.Shorten(a)}' without '{Text.Shorten(b)}': {Remedy}.");
            used.UnionWith([a, b]);
            long rank = first.Shape.Count == 2 ? first.Shape[0] : 0;
            if (rank < 1 || shape.Length != 2)
                throw new InvalidDataException(
                    $"Tensor '{Text.Shorten(a)}' in '{checkpoint.Path}' has shape {first.ShapeText}, expected rank x inputs: {Remedy}."
                );
            return new Lora(
                part,
                first.Expect(Remedy, rank, shape[1]).ExpectFloat(Remedy),
                second.Expect(Remedy, shape[0], rank).ExpectFloat(Remedy)
            );
        }

        public void AddTo(Span<float> values)
        {
            float[] a = A.ToFloat32(),
                b = B.ToFloat32();
            int inputs = (int)A.Shape[1],
                outputs = (int)B.Shape[0];
            Span<float> own = values.Slice(Part * outputs * inputs, outputs * inputs);
            float scale = (float)(Alpha / Rank);
            float[] row = new float[inputs];
            for (int o = 0; o < outputs; o++)
            {
                Array.Clear(row);
                for (int r = 0; r < Rank; r++)
                    TensorPrimitives.MultiplyAdd(a.AsSpan(r * inputs, inputs), b[o * Rank + r], row, row);
                Span<float> to = own.Slice(o * inputs, inputs);
                TensorPrimitives.MultiplyAdd(row, scale, to, to);
            }
        }
    }
}
