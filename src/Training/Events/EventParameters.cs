using AaClip.Import.Methods;
using AaClip.Scoring.Events;
using AaClip.Synthesis.Drawing;
using AaClip.Training.Optimization;

namespace AaClip.Training.Events;

/// <summary>The weights that are trained: the head, and the learned rows of the class sentences.</summary>
internal sealed class EventParameters
{
    private const double Small = 0.01; // deviation of positions and learned rows, src/model.py, initialize_parameters

    /// <param name="values">Values by the checkpoint's names; not copied.</param>
    public EventParameters(TemporalHead head, int context, int textWidth, Func<string, int[], float[]> values) =>
        All = [.. VadClipCheckpoint.Tensors(head, context, textWidth).Select(t => new Parameter(t.Name, t.Shape, values(t.Name, t.Shape)))];

    /// <summary>All of them, in the order of <see cref="VadClipCheckpoint.Tensors"/>.</summary>
    public IReadOnlyList<Parameter> All { get; }

    /// <summary>Values by name.</summary>
    public IReadOnlyDictionary<string, float[]> Values => All.ToDictionary(p => p.Name, p => p.Values);

    /// <summary>Copies of a checkpoint's weights.</summary>
    public static EventParameters Of(VadClipCheckpoint checkpoint) =>
        new(checkpoint.Head, checkpoint.Context, checkpoint.TextWidth, (name, _) => [.. checkpoint.Weights[name]]);

    /// <summary>
    /// Weights to begin with, of the distributions that the published code begins with: Xavier for attention and graphs, PyTorch's uniform
    /// one for other layers, small normal numbers for positions and learned rows.
    /// </summary>
    public static EventParameters Fresh(TemporalHead head, int context, int textWidth, int seed)
    {
        SeededRandom random = new(seed, head.Width);
        Dictionary<string, int> inputs = []; // of the layer that a bias belongs to
        return new EventParameters(head, context, textWidth, Make);

        float[] Make(string name, int[] shape)
        {
            float[] values = new float[shape.Aggregate(1, (a, b) => a * b)];
            bool attention = name.Contains(".attn.", StringComparison.Ordinal);
            if (name.EndsWith("embeddings.weight", StringComparison.Ordinal))
                Fill(values, () => Small * random.Normal());
            else if (name.Contains(".ln_", StringComparison.Ordinal))
                values.AsSpan().Fill(name.EndsWith(".weight", StringComparison.Ordinal) ? 1 : 0);
            else if (shape.Length == 1) // an attention's bias begins at 0
                Uniform(values, attention ? 0 : 1 / Math.Sqrt(inputs[name[..name.LastIndexOf('.')]]));
            else if (name.EndsWith("in_proj_weight", StringComparison.Ordinal) || IsGraph(name))
                Uniform(values, Math.Sqrt(6.0 / (shape[0] + shape[1])));
            else
            {
                int own = inputs[name[..name.LastIndexOf('.')]] = shape[1..].Aggregate(1, (a, b) => a * b);
                Uniform(values, 1 / Math.Sqrt(own));
            }

            return values;
        }

        static bool IsGraph(string name) => name is "gc1.weight" or "gc2.weight" or "gc3.weight" or "gc4.weight";

        void Uniform(float[] values, double bound) => Fill(values, () => random.Between(-bound, bound));

        static void Fill(float[] values, Func<double> next)
        {
            for (int i = 0; i < values.Length; i++)
                values[i] = (float)next();
        }
    }
}
