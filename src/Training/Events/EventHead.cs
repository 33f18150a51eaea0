using AaClip.Graphs;
using AaClip.Scoring.Events;
using AaClip.Scoring.Packages;
using AaClip.Training.Autodiff;
using AaClip.Training.Towers;

namespace AaClip.Training.Events;

/// <summary>VadCLIP's head with gradients; <see cref="TemporalHeadGraph"/> writes the same with fused operators.</summary>
internal static class EventHead
{
    private const double SmallNorm = 1e-20; // src/model.py, adj4

    /// <summary>Adds the head.</summary>
    /// <param name="features">[B, T, D].</param>
    /// <param name="columns">[B, 1, T]: 0 for valid snippets, a very low number for others.</param>
    /// <param name="rows">[B, T, 1]: 1 for valid snippets, else 0.</param>
    /// <param name="classes">[C, D].</param>
    /// <returns>The logits of both branches, [B, T, 1] and [B, T, C].</returns>
    public static (Tensor Binary, Tensor Alignment) Write(
        TransformerTape layers,
        TemporalHead head,
        Tensor features,
        Tensor columns,
        Tensor rows,
        Tensor classes
    )
    {
        Tape tape = layers.Tape;
        (int batch, int length, int width) = (features.Shape[0], head.Length, head.Width);

        // Blocks: attention inside windows only
        Tensor x = tape.Add(features, layers.Weights["frame_position_embeddings.weight", length, width]);
        x = tape.Reshape(x, batch * length / head.Window, head.Window, width);
        TowerShape tower = new(width, head.Blocks, 1, head.MlpWidth);
        for (int block = 0; block < head.Blocks; block++)
            x = layers.Block(x, tower, FormattableString.Invariant($"temporal.resblocks.{block}."));
        x = tape.Reshape(x, batch, length, width);

        // Graphs: similar snippets, and near ones
        Tensor norm = tape.Norm(x);
        Tensor norms = tape.Shift(tape.Product(norm, norm, transposeB: true), SmallNorm);
        Tensor cosine = tape.Divide(tape.Product(x, x, transposeB: true), norms); // [B, T, T]
        Tensor kept = tape.Multiply(cosine, tape.Where(cosine, TemporalHead.SimilarityBound, 1, 0));
        Tensor similar = tape.Multiply(tape.Softmax(tape.Add(kept, columns)), rows);
        Tensor near = tape.Expand(tape.Constant("const/distances", [1, length, length], head.Distances()), batch, length, length);
        Tensor joined = tape.Concat(2, Branch(layers, head, x, similar, "gc1", "gc2"), Branch(layers, head, x, near, "gc3", "gc4"));
        Tensor v = layers.Linear(joined, "linear.weight", "linear.bias", 2 * head.GraphWidth, width);

        // Branches
        Tensor binary = layers.Linear(Residual(layers, head, v, "mlp2"), "classifier.weight", "classifier.bias", width, 1);
        Tensor prompt = tape.Normalise(tape.Product(binary, v, transposeA: true)); // [B, 1, D]: raw logits, over all positions
        Tensor names = tape.Add(tape.Reshape(classes, 1, classes.Shape[0], width), prompt);
        names = Residual(layers, head, names, "mlp1"); // [B, C, D]
        Tensor alignment = tape.Product(
            tape.Normalise(v),
            tape.Normalise(names),
            transposeB: true,
            scale: 1 / (double)TemporalHead.Temperature
        );
        return (binary, alignment);
    }

    private static Tensor Branch(TransformerTape layers, TemporalHead head, Tensor x, Tensor weights, string first, string second)
    {
        Tape tape = layers.Tape;
        (int width, int graph) = (head.Width, head.GraphWidth);
        Tensor residual = tape.Add(
            tape.Convolution(x, layers.Weights[$"{first}.residual.weight", graph, width, TemporalHead.Kernel]),
            layers.Weights[$"{first}.residual.bias", graph]
        );
        Tensor y = tape.QuickGelu(tape.Add(Mixed(x, first, width), residual));
        return tape.QuickGelu(tape.Add(Mixed(y, second, graph), y));

        Tensor Mixed(Tensor from, string name, int inputs) =>
            tape.Product(weights, tape.Product(from, layers.Weights[$"{name}.weight", inputs, graph]));
    }

    // x + mlp(x)
    private static Tensor Residual(TransformerTape layers, TemporalHead head, Tensor x, string name)
    {
        Tensor hidden = layers.Linear(x, $"{name}.c_fc.weight", $"{name}.c_fc.bias", head.Width, head.MlpWidth);
        hidden = layers.Tape.QuickGelu(hidden);
        return layers.Tape.Add(x, layers.Linear(hidden, $"{name}.c_proj.weight", $"{name}.c_proj.bias", head.MlpWidth, head.Width));
    }
}
