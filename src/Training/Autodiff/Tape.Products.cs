using AaClip.Graphs;
using static AaClip.Graphs.GraphWriter;

namespace AaClip.Training.Autodiff;

/// <summary>Matrix products, reductions, and operators built from them.</summary>
internal sealed partial class Tape
{
    /// <summary>
    /// scale · a·b, where each operand may be transposed in its last two axes. Either the leading axes are equal, or b has two axes and is
    /// multiplied with every matrix of a (then a must not be transposed).
    /// </summary>
    public Tensor Product(Tensor a, Tensor b, bool transposeA = false, bool transposeB = false, double scale = 1)
    {
        int inner = a.Shape[transposeA ? ^2 : ^1];
        if (
            inner != b.Shape[transposeB ? ^1 : ^2]
            || (b.Rank > 2 && !a.Shape.AsSpan(0, a.Rank - 2).SequenceEqual(b.Shape.AsSpan(0, b.Rank - 2)))
        )
            throw new ArgumentException($"{a}{(transposeA ? "ᵀ" : "")} and {b}{(transposeB ? "ᵀ" : "")} cannot be multiplied.");
        int[] shape = [.. a.Shape[..^2], a.Shape[transposeA ? ^1 : ^2], b.Shape[transposeB ? ^2 : ^1]];
        bool plain = !transposeA && !transposeB && scale == 1;
        Value value = plain
            ? graph.Node("MatMul", Next(), [a.Value, b.Value])
            : graph.Fused(
                "FusedMatMul",
                Next(),
                [a.Value, b.Value],
                Int("transA", transposeA ? 1 : 0),
                Int("transB", transposeB ? 1 : 0),
                Float("alpha", (float)scale)
            );
        return Record(
            value,
            shape,
            [a, b],
            (g, _) =>
            {
                if (a.Differentiable)
                    Accumulate(
                        a,
                        transposeA
                            ? Product(b, g, transposeB, true, scale) // (aᵀb)' by a: b·gᵀ
                            : Product(g, b, false, !transposeB, scale)
                    ); // g·bᵀ
                if (b.Differentiable)
                {
                    (Tensor left, Tensor right) = b.Rank == 2 && a.Rank > 2 ? (Rows2(a), Rows2(g)) : (a, g);
                    Accumulate(
                        b,
                        transposeB
                            ? Product(right, left, true, transposeA, scale) // gᵀ·a
                            : Product(left, right, !transposeA, false, scale)
                    ); // aᵀ·g
                }
            }
        );
    }

    /// <summary>Sum over axes, which are kept with length 1.</summary>
    public Tensor Sum(Tensor x, params int[] axes)
    {
        int[] shape = [.. x.Shape.Select((n, i) => axes.Contains(i) ? 1 : n)];
        Value value = graph.Node("ReduceSum", Next(), [x.Value, graph.Integers(Longs(axes))], Int("keepdims", 1));
        return Record(value, shape, [x], (g, _) => Accumulate(x, Expand(g, x.Shape)));
    }

    /// <summary>Sum of all elements, as a tensor without axes.</summary>
    public Tensor Sum(Tensor x) => Reshape(Sum(x, [.. Enumerable.Range(0, x.Rank)]));

    /// <summary>Mean over axes, which are kept with length 1.</summary>
    public Tensor Mean(Tensor x, params int[] axes) => Scale(Sum(x, axes), 1.0 / axes.Aggregate(1, (n, axis) => n * x.Shape[axis]));

    /// <summary>Mean of all elements, as a tensor without axes.</summary>
    public Tensor Mean(Tensor x) => Scale(Sum(x), 1.0 / x.Count);

    /// <summary>L2 norm over the last axis, which is kept with length 1.</summary>
    public Tensor Norm(Tensor x)
    {
        Value value = graph.Node("ReduceL2", Next(), [x.Value, graph.Integers(x.Rank - 1)], Int("keepdims", 1));
        return Record(value, [.. x.Shape[..^1], 1], [x], (g, norm) => Accumulate(x, Multiply(x, Divide(g, norm))));
    }

    /// <summary>x / ‖x‖ over the last axis; with a lower bound for the norm, as in PyTorch's normalize.</summary>
    public Tensor Normalise(Tensor x, float least = 0) => Divide(x, least > 0 ? AtLeast(Norm(x), least) : Norm(x));

    /// <summary>
    /// 1-D convolution over the second axis, with zeros beyond both ends, as one product: the neighbours of a row stand side by side.
    /// </summary>
    /// <param name="x">[B, T, inputs].</param>
    /// <param name="kernel">[outputs, inputs, size], the size odd, as a checkpoint holds it.</param>
    /// <returns>[B, T, outputs].</returns>
    public Tensor Convolution(Tensor x, Tensor kernel)
    {
        int size = kernel.Shape[2],
            outputs = kernel.Shape[0],
            inputs = kernel.Shape[1],
            length = x.Shape[1];
        Tensor zeros = Zeros([x.Shape[0], size / 2, inputs]);
        Tensor padded = Concat(1, zeros, x, zeros);
        Tensor neighbours = Concat(2, [.. Enumerable.Range(0, size).Select(i => Slice(padded, 1, i, length))]); // [B, T, size·inputs]
        Tensor weights = Reshape(Transpose(kernel, 0, 2, 1), outputs, size * inputs);
        return Product(neighbours, weights, transposeB: true);
    }

    /// <summary>Softmax over the last axis.</summary>
    public Tensor Softmax(Tensor x) =>
        Record(
            graph.Node("Softmax", Next(), [x.Value], Int("axis", -1)),
            x.Shape,
            [x],
            (g, y) => Accumulate(x, Multiply(Subtract(g, Sum(Multiply(g, y), x.Rank - 1)), y)) // y(g − Σ g·y)
        );

    /// <summary>Logarithm of the softmax over the last axis.</summary>
    public Tensor LogSoftmax(Tensor x) =>
        Record(
            graph.Node("LogSoftmax", Next(), [x.Value], Int("axis", -1)),
            x.Shape,
            [x],
            (g, y) => Accumulate(x, Subtract(g, Multiply(Exp(y), Sum(g, x.Rank - 1))))
        );

    /// <summary>Layer normalisation over the last axis, with gain and offset.</summary>
    public Tensor LayerNorm(Tensor x, Tensor gain, Tensor offset, float epsilon)
    {
        Value[] values = graph.Nodes(
            "LayerNormalization",
            "",
            Next(),
            3,
            [x.Value, gain.Value, offset.Value],
            Int("axis", -1),
            Float("epsilon", epsilon)
        );
        int[] rows = [.. x.Shape[..^1], 1];
        Tensor mean = new(values[1], rows, false),
            inverse = new(values[2], rows, false); // 1 / standard deviation
        return Record(
            values[0],
            x.Shape,
            [x, gain, offset],
            (g, _) =>
            {
                Tensor unit = Multiply(Subtract(x, mean), inverse);
                if (gain.Differentiable)
                    Accumulate(gain, Unbroadcast(Multiply(g, unit), gain.Shape));
                Accumulate(offset, Unbroadcast(g, offset.Shape));
                if (!x.Differentiable)
                    return;
                Tensor scaled = Multiply(g, gain);
                int last = x.Rank - 1;
                Tensor inward = Add(Mean(scaled, last), Multiply(unit, Mean(Multiply(scaled, unit), last)));
                Accumulate(x, Multiply(Subtract(scaled, inward), inverse));
            }
        );
    }

    // [.., n] → [rows, n].
    private Tensor Rows2(Tensor x) => Reshape(x, x.Count / x.Shape[^1], x.Shape[^1]);
}
