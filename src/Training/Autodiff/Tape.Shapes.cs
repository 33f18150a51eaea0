using AaClip.Graphs;
using static AaClip.Graphs.GraphWriter;

namespace AaClip.Training.Autodiff;

/// <summary>Operators that move values without changing them.</summary>
internal sealed partial class Tape
{
    public Tensor Reshape(Tensor x, params int[] shape)
    {
        if (x.Shape.AsSpan().SequenceEqual(shape))
            return x;
        if (shape.Aggregate(1, (a, b) => a * b) != x.Count)
            throw new ArgumentException($"{x} cannot take the shape [{string.Join(", ", shape)}].");
        return Record(
            graph.Node("Reshape", Next(), [x.Value, graph.Integers(Longs(shape))]),
            shape,
            [x],
            (g, _) => Accumulate(x, Reshape(g, x.Shape))
        );
    }

    /// <summary>Axis i of the result is axis <paramref name="order"/>[i] of x.</summary>
    public Tensor Transpose(Tensor x, params int[] order)
    {
        int[] inverse = new int[order.Length];
        for (int i = 0; i < order.Length; i++)
            inverse[order[i]] = i;
        return Record(
            graph.Node("Transpose", Next(), [x.Value], Ints("perm", Longs(order))),
            [.. order.Select(i => x.Shape[i])],
            [x],
            (g, _) => Accumulate(x, Transpose(g, inverse))
        );
    }

    /// <summary>A range of one axis.</summary>
    public Tensor Slice(Tensor x, int axis, int start, int length)
    {
        int[] shape = [.. x.Shape];
        shape[axis] = length;
        Value value = graph.Slice(Next(), x.Value, start, start + length, axis);
        return Record(
            value,
            shape,
            [x],
            (g, _) =>
            {
                long[] pads = new long[2 * x.Rank];
                pads[axis] = start;
                pads[x.Rank + axis] = x.Shape[axis] - start - length;
                Accumulate(x, new Tensor(graph.Node("Pad", Next(), [g.Value, graph.Integers(pads)]), x.Shape, false));
            }
        );
    }

    /// <summary>Splits an axis into equal parts.</summary>
    public Tensor[] Split(Tensor x, int axis, int parts)
    {
        int[] shape = [.. x.Shape];
        shape[axis] /= parts;
        bool differentiable = _recording && x.Differentiable;
        Tensor[] outputs =
        [
            .. graph
                .Nodes("Split", "", Next(), parts, [x.Value], Int("axis", axis), Int("num_outputs", parts))
                .Select(v => new Tensor(v, shape, differentiable)),
        ];
        if (differentiable)
            _steps.Add(
                new Step(
                    outputs,
                    _scope,
                    gradients =>
                    {
                        Value[] each = [.. gradients.Select(g => (g ?? Zeros(shape)).Value)];
                        Accumulate(x, new Tensor(graph.Node("Concat", Next(), each, Int("axis", axis)), x.Shape, false));
                    }
                )
            );
        return outputs;
    }

    /// <summary>Concatenates along an axis.</summary>
    public Tensor Concat(int axis, params Tensor[] parts)
    {
        int[] shape = [.. parts[0].Shape];
        shape[axis] = parts.Sum(p => p.Shape[axis]);
        return Record(
            graph.Node("Concat", Next(), [.. parts.Select(p => p.Value)], Int("axis", axis)),
            shape,
            parts,
            (g, _) =>
            {
                int at = 0;
                foreach (Tensor part in parts)
                {
                    if (part.Differentiable)
                        Accumulate(part, Slice(g, axis, at, part.Shape[axis]));
                    at += part.Shape[axis];
                }
            }
        );
    }

    /// <summary>Broadcasts along axes of length 1, and adds leading axes.</summary>
    public Tensor Expand(Tensor x, params int[] shape) =>
        Record(
            graph.Node("Expand", Next(), [x.Value, graph.Integers(Longs(shape))]),
            shape,
            [x],
            (g, _) => Accumulate(x, Unbroadcast(g, x.Shape))
        );

    /// <summary>
    /// The largest values of the last axis, in descending order. The gradient flows through the chosen values alone.
    /// </summary>
    /// <param name="x">[.., n].</param>
    /// <param name="order">Of the shape of x: what is compared; not differentiable.</param>
    /// <param name="count">How many, at most n.</param>
    /// <returns>[.., count]: values of x.</returns>
    public Tensor Largest(Tensor x, Tensor order, int count)
    {
        int length = x.Shape[^1],
            rows = x.Count / length;
        Value flat = Reshape(order with { Differentiable = false }, rows, length).Value;
        Value[] top = graph.Nodes("TopK", "", Next(), 2, [flat, graph.Integers(count)], Int("axis", -1)); // indices [rows, count]
        Value first = graph.Node(
            "Reshape",
            Next(),
            [graph.Integers([.. Enumerable.Range(0, rows).Select(i => (long)i * length)]), graph.Integers(rows, 1)]
        );
        Value indices = graph.Node("Add", Next(), [top[1], first]);
        Tensor chosen = Rows(Reshape(x, x.Count, 1), indices, rows, count); // [rows, count, 1]
        return Reshape(chosen, [.. x.Shape[..^1], count]);
    }

    /// <summary>Gathers rows of a table [rows, width] by index: [.., width].</summary>
    /// <param name="indices">int64 input or constant of the given shape.</param>
    public Tensor Rows(Tensor table, Value indices, params int[] shape)
    {
        int width = table.Shape[1];
        return Record(
            graph.Node("Gather", Next(), [table.Value, indices], Int("axis", 0)),
            [.. shape, width],
            [table],
            (g, _) =>
            {
                int rows = shape.Aggregate(1, (a, b) => a * b);
                Value flat = graph.Node("Reshape", Next(), [indices, graph.Integers(rows, 1)]);
                Graphs.Proto.AttributeProto sum = GraphWriter.Text("reduction", "add");
                Accumulate(
                    table,
                    new Tensor(
                        graph.Node("ScatterND", Next(), [Zeros(table.Shape).Value, flat, Reshape(g, rows, width).Value], sum),
                        table.Shape,
                        false
                    )
                );
            }
        );
    }

    private Tensor Zeros(int[] shape)
    {
        Value value = graph.Node("ConstantOfShape", Next(), [graph.Integers(Longs(shape))]); // the default value is a float 0
        return new Tensor(value, shape, false);
    }
}
