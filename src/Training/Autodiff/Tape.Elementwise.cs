using AaClip.Graphs;
using static AaClip.Graphs.GraphWriter;

namespace AaClip.Training.Autodiff;

/// <summary>Elementwise operators, with broadcasting as in NumPy.</summary>
internal sealed partial class Tape
{
    private const double InverseRootTwo = 0.70710678118654752;
    private const double InverseRootTwoPi = 0.39894228040143268;

    public Tensor Add(Tensor a, Tensor b) =>
        Binary(
            "Add",
            a,
            b,
            (g, _) =>
            {
                Accumulate(a, Unbroadcast(g, a.Shape));
                Accumulate(b, Unbroadcast(g, b.Shape));
            }
        );

    public Tensor Subtract(Tensor a, Tensor b) =>
        Binary(
            "Sub",
            a,
            b,
            (g, _) =>
            {
                Accumulate(a, Unbroadcast(g, a.Shape));
                if (b.Differentiable)
                    Accumulate(b, Unbroadcast(Negate(g), b.Shape));
            }
        );

    public Tensor Multiply(Tensor a, Tensor b) =>
        Binary(
            "Mul",
            a,
            b,
            (g, _) =>
            {
                if (a.Differentiable)
                    Accumulate(a, Unbroadcast(Multiply(g, b), a.Shape));
                if (b.Differentiable)
                    Accumulate(b, Unbroadcast(Multiply(g, a), b.Shape));
            }
        );

    public Tensor Divide(Tensor a, Tensor b) =>
        Binary(
            "Div",
            a,
            b,
            (g, quotient) =>
            {
                Tensor share = Divide(g, b);
                Accumulate(a, Unbroadcast(share, a.Shape));
                if (b.Differentiable)
                    Accumulate(b, Unbroadcast(Negate(Multiply(share, quotient)), b.Shape)); // d(a/b)/db = −(a/b)/b
            }
        );

    public Tensor Scale(Tensor x, double factor) => Multiply(x, Scalar((float)factor));

    public Tensor Shift(Tensor x, double offset) => Add(x, Scalar((float)offset));

    public Tensor Negate(Tensor x) => Unary("Neg", x, (g, _) => Negate(g));

    public Tensor Exp(Tensor x) => Unary("Exp", x, Multiply);

    public Tensor Log(Tensor x) => Unary("Log", x, (g, _) => Divide(g, x));

    public Tensor Square(Tensor x) =>
        Record(graph.Node("Mul", Next(), [x.Value, x.Value]), x.Shape, [x], (g, _) => Accumulate(x, Multiply(Scale(g, 2), x)));

    public Tensor Sigmoid(Tensor x) => Unary("Sigmoid", x, (g, y) => Multiply(g, Subtract(y, Square(y)))); // y(1 − y)

    /// <summary>ln(1 + eˣ).</summary>
    public Tensor Softplus(Tensor x) => Unary("Softplus", x, (g, _) => Multiply(g, Sigmoid(x)));

    /// <summary>max(x, least) for a constant; the gradient is 0 where x is below it.</summary>
    public Tensor AtLeast(Tensor x, float least) =>
        Record(
            graph.Node("Max", Next(), [x.Value, graph.Scalar(least)]),
            x.Shape,
            [x],
            (g, _) => Accumulate(x, Multiply(g, Where(x, least, 1, 0)))
        );

    /// <summary>The magnitude of x; its gradient is −1 at 0.</summary>
    public Tensor Abs(Tensor x) => Multiply(x, Where(x, 0, 1, -1));

    /// <summary>x where positive, slope·x elsewhere.</summary>
    public Tensor LeakyRelu(Tensor x, float slope) =>
        Record(
            graph.Node("LeakyRelu", Next(), [x.Value], Float("alpha", slope)),
            x.Shape,
            [x],
            (g, _) => Accumulate(x, Multiply(g, Where(x, 0, 1, slope)))
        );

    /// <summary>Exact GELU, x·Φ(x) with Φ(x) = ½(1 + erf(x/√2)); its derivative is Φ(x) + x·φ(x).</summary>
    public Tensor Gelu(Tensor x)
    {
        Value scaled = graph.Node("Mul", Next(), [x.Value, graph.Scalar((float)InverseRootTwo)]);
        Value erf = graph.Node("Erf", Next(), [scaled]);
        Value half = graph.Node("Mul", Next(), [erf, graph.Scalar(0.5f)]);
        Tensor cumulative = new(graph.Node("Add", Next(), [half, graph.Scalar(0.5f)]), x.Shape, false);
        return Record(
            graph.Node("Mul", Next(), [x.Value, cumulative.Value]),
            x.Shape,
            [x],
            (g, _) =>
            {
                Tensor density = Scale(Exp(Scale(Square(x), -0.5)), InverseRootTwoPi);
                Accumulate(x, Multiply(g, Add(cumulative, Multiply(x, density))));
            }
        );
    }

    /// <summary>x·σ(1.702 x), the activation of OpenAI's CLIP.</summary>
    public Tensor QuickGelu(Tensor x) => Multiply(x, Sigmoid(Scale(x, 1.702)));

    /// <summary>One number where x is above a bound, another elsewhere; not differentiable.</summary>
    public Tensor Where(Tensor x, float bound, float high, float low)
    {
        Value above = graph.Node("Greater", Next(), [x.Value, graph.Scalar(bound)]);
        return new Tensor(graph.Node("Where", Next(), [above, graph.Scalar(high), graph.Scalar(low)]), x.Shape, false);
    }

    private Tensor Unary(string op, Tensor x, Func<Tensor, Tensor, Tensor> pullback) =>
        Record(graph.Node(op, Next(), [x.Value]), x.Shape, [x], (g, y) => Accumulate(x, pullback(g, y)));

    private Tensor Binary(string op, Tensor a, Tensor b, Action<Tensor, Tensor> pullback) =>
        Record(graph.Node(op, Next(), [a.Value, b.Value]), Broadcast(a, b), [a, b], pullback);

    private static int[] Broadcast(Tensor a, Tensor b)
    {
        int rank = Math.Max(a.Rank, b.Rank);
        int[] shape = new int[rank];
        for (int i = 0; i < rank; i++)
        {
            int left = i < rank - a.Rank ? 1 : a.Shape[i - rank + a.Rank];
            int right = i < rank - b.Rank ? 1 : b.Shape[i - rank + b.Rank];
            if (left != right && left != 1 && right != 1)
                throw new ArgumentException($"{a} and {b} do not fit each other.");
            shape[i] = left == 1 ? right : left;
        }

        return shape;
    }

    // Sums a gradient over the axes along which its tensor was broadcast.
    private Tensor Unbroadcast(Tensor gradient, int[] shape)
    {
        if (gradient.Shape.AsSpan().SequenceEqual(shape))
            return gradient;
        int extra = gradient.Rank - shape.Length;
        int[] axes = [.. Enumerable.Range(0, gradient.Rank).Where(i => i < extra || (shape[i - extra] == 1 && gradient.Shape[i] != 1))];
        return Reshape(Sum(gradient, axes), shape);
    }
}
