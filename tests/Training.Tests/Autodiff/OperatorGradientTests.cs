using AaClip.Graphs;
using AaClip.Graphs.Proto;
using AaClip.Scoring.Sessions;
using AaClip.Training.Autodiff;
using AaClip.Training.Optimization;
using Microsoft.ML.OnnxRuntime;
using static AaClip.Graphs.Proto.TensorProto.Types;

namespace AaClip.Training.Tests.Autodiff;

/// <summary>
/// Every operator of the tape against numeric gradients: the central difference of a random weighted sum of its outputs. In float32 with
/// values near 1 and steps of 1/128 the difference is good to about 1e-3 of the largest gradient; a wrong formula misses by far more.
/// </summary>
public sealed class OperatorGradientTests
{
    private const float StepWidth = 1f / 128;
    private const double Limit = 4e-3;

    public static TheoryData<string> Operators => [.. Cases.Keys];

    private static readonly Dictionary<string, (int[][] Inputs, Func<Tape, GraphWriter, Tensor[], Tensor> Write)> Cases = new()
    {
        ["Add, repeated"] = (
            [
                [2, 3, 4],
                [4],
            ],
            (t, _, x) => t.Add(x[0], x[1])
        ),
        ["Add, repeated inside"] = (
            [
                [2, 3, 4],
                [2, 1, 4],
            ],
            (t, _, x) => t.Add(x[0], x[1])
        ),
        ["Subtract"] = (
            [
                [3, 4],
                [2, 3, 4],
            ],
            (t, _, x) => t.Subtract(x[0], x[1])
        ),
        ["Multiply"] = (
            [
                [2, 3],
                [3],
            ],
            (t, _, x) => t.Multiply(x[0], x[1])
        ),
        ["Divide"] = (
            [
                [2, 3],
                [2, 1],
            ],
            (t, _, x) => t.Divide(x[0], t.Shift(t.Square(x[1]), 1))
        ),
        ["Convolution"] = (
            [
                [2, 6, 3],
                [4, 3, 5],
            ],
            (t, _, x) => t.Convolution(x[0], x[1])
        ),
        ["Abs"] = (
            [
                [2, 3],
            ],
            (t, _, x) => t.Abs(t.Subtract(t.Scalar(-0.5f), t.Square(x[0])))
        ),
        ["Largest"] = (
            [
                [2, 3, 4],
            ],
            (t, _, x) => t.Largest(x[0], t.Constant("order", [2, 3, 4], [.. Enumerable.Range(0, 24).Select(i => i * 7 % 24f)]), 2)
        ),
        ["Used twice"] = (
            [
                [2, 3],
            ],
            (t, _, x) => t.Add(t.Multiply(x[0], x[0]), x[0])
        ),
        ["Scale and shift"] = (
            [
                [5],
            ],
            (t, _, x) => t.Shift(t.Scale(x[0], -2.5), 3)
        ),
        ["Negate"] = (
            [
                [5],
            ],
            (t, _, x) => t.Negate(x[0])
        ),
        ["Exp"] = (
            [
                [5],
            ],
            (t, _, x) => t.Exp(x[0])
        ),
        ["Log"] = (
            [
                [5],
            ],
            (t, _, x) => t.Log(t.Shift(t.Square(x[0]), 0.5))
        ),
        ["Square"] = (
            [
                [5],
            ],
            (t, _, x) => t.Square(x[0])
        ),
        ["Sigmoid"] = (
            [
                [5],
            ],
            (t, _, x) => t.Sigmoid(x[0])
        ),
        ["Softplus"] = (
            [
                [5],
            ],
            (t, _, x) => t.Softplus(x[0])
        ),
        ["AtLeast"] = (
            [
                [50],
            ],
            (t, _, x) => t.AtLeast(x[0], 0.25f)
        ),
        ["LeakyRelu"] = (
            [
                [50],
            ],
            (t, _, x) => t.LeakyRelu(x[0], 0.01f)
        ),
        ["Gelu"] = (
            [
                [50],
            ],
            (t, _, x) => t.Gelu(x[0])
        ),
        ["QuickGelu"] = (
            [
                [50],
            ],
            (t, _, x) => t.QuickGelu(x[0])
        ),
        ["Reshape"] = (
            [
                [2, 6],
            ],
            (t, _, x) => t.Square(t.Reshape(x[0], 3, 4))
        ),
        ["Transpose"] = (
            [
                [2, 3, 4],
            ],
            (t, _, x) => t.Square(t.Transpose(x[0], 2, 0, 1))
        ),
        ["Slice"] = (
            [
                [3, 5],
            ],
            (t, _, x) => t.Slice(x[0], 1, 1, 3)
        ),
        ["Split"] = (
            [
                [2, 6],
            ],
            (t, _, x) => t.Split(x[0], 1, 3) is [var a, var b, _] ? t.Multiply(a, b) : throw new InvalidOperationException()
        ),
        ["Concat"] = (
            [
                [2, 3],
                [2, 2],
            ],
            (t, _, x) => t.Square(t.Concat(1, x[0], x[1]))
        ),
        ["Expand"] = (
            [
                [1, 3],
            ],
            (t, _, x) => t.Square(t.Expand(x[0], 2, 4, 3))
        ),
        ["Rows"] = (
            [
                [4, 3],
            ],
            (t, g, x) => t.Rows(x[0], g.Integers(2, 0, 2), 3)
        ),
        ["Product"] = (
            [
                [3, 4],
                [4, 2],
            ],
            (t, _, x) => t.Product(x[0], x[1])
        ),
        ["Product, b transposed"] = (
            [
                [3, 4],
                [2, 4],
            ],
            (t, _, x) => t.Product(x[0], x[1], transposeB: true)
        ),
        ["Product, a transposed"] = (
            [
                [4, 3],
                [4, 2],
            ],
            (t, _, x) => t.Product(x[0], x[1], transposeA: true)
        ),
        ["Product, both transposed"] = (
            [
                [4, 3],
                [2, 4],
            ],
            (t, _, x) => t.Product(x[0], x[1], true, true)
        ),
        ["Product of stacks, scaled"] = (
            [
                [2, 3, 4],
                [2, 5, 4],
            ],
            (t, _, x) => t.Product(x[0], x[1], transposeB: true, scale: 0.5)
        ),
        ["Product of a stack with one"] = (
            [
                [2, 3, 4],
                [4, 5],
            ],
            (t, _, x) => t.Product(x[0], x[1])
        ),
        ["Product of a stack with one, transposed, scaled"] = (
            [
                [2, 3, 4],
                [5, 4],
            ],
            (t, _, x) => t.Product(x[0], x[1], transposeB: true, scale: 0.5)
        ),
        ["Sum over axes"] = (
            [
                [2, 3, 4],
            ],
            (t, _, x) => t.Square(t.Sum(x[0], 0, 2))
        ),
        ["Mean"] = (
            [
                [2, 3, 4],
            ],
            (t, _, x) => t.Square(t.Mean(x[0], 1))
        ),
        ["Mean of all"] = (
            [
                [2, 3],
            ],
            (t, _, x) => t.Scale(t.Mean(x[0]), 6)
        ),
        ["Norm"] = (
            [
                [3, 8],
            ],
            (t, _, x) => t.Norm(x[0])
        ),
        ["Normalise"] = (
            [
                [3, 8],
            ],
            (t, _, x) => t.Normalise(x[0])
        ),
        ["Normalise, bounded"] = (
            [
                [3, 8],
            ],
            (t, _, x) => t.Normalise(x[0], 1e-12f)
        ),
        ["Softmax"] = (
            [
                [3, 5],
            ],
            (t, _, x) => t.Softmax(x[0])
        ),
        ["LogSoftmax"] = (
            [
                [3, 5],
            ],
            (t, _, x) => t.LogSoftmax(x[0])
        ),
        ["LayerNorm"] = (
            [
                [2, 3, 8],
                [8],
                [8],
            ],
            (t, _, x) => t.LayerNorm(x[0], x[1], x[2], 1e-5f)
        ),
        ["Recomputed"] = (
            [
                [2, 3, 4],
                [2, 5, 4],
                [2, 5, 4],
            ],
            (t, _, x) => t.Recompute(i => Attend(t, i), x)
        ),
        ["Recomputed, inputs used elsewhere"] = (
            [
                [2, 3],
                [3],
            ],
            (t, _, x) => t.Add(t.Recompute(i => t.Exp(t.Multiply(i[0], i[1])), x[0], t.Square(x[1])), t.Multiply(x[0], x[1]))
        ),
        ["Recomputed, one after the other"] = (
            [
                [2, 3],
            ],
            (t, _, x) => t.Recompute(i => t.Gelu(i[0]), t.Recompute(i => t.Exp(i[0]), x[0]))
        ),
    };

    [Theory, MemberData(nameof(Operators))]
    public void The_gradient_equals_the_numeric_one(string name)
    {
        (int[][] shapes, Func<Tape, GraphWriter, Tensor[], Tensor> write) = Cases[name];
        Random random = new(7);
        Parameter[] parameters = [.. shapes.Select((s, i) => new Parameter($"x{i}", s, Values(s, random)))];
        using Scratch folder = new();
        using TrainingGraph graph = Write(folder.Path, parameters, write, random);

        _ = graph.Run([], cancellation: TestContext.Current.CancellationToken);

        float[][] gradients = [.. parameters.Select(p => p.Gradient.ToArray())];
        double largest = gradients.SelectMany(g => g).Max(Math.Abs);
        Assert.True(largest > 0.01, "The gradient is zero, so nothing is compared.");
        for (int i = 0; i < parameters.Length; i++)
        for (int k = 0; k < parameters[i].Values.Length; k++)
            Assert.True(
                Math.Abs(Numeric(graph, parameters[i], k) - gradients[i][k]) <= Limit * Math.Max(1, largest),
                $"{name}: gradient {k} of input {i} is {gradients[i][k]}, numerically {Numeric(graph, parameters[i], k)}."
            );
    }

    /// <summary>The runtime merges equal steps; recomputed ones must stay apart, or their values would be kept after all.</summary>
    [Fact]
    public void Recomputed_steps_are_not_merged_with_the_first_ones_and_give_the_same_bits()
    {
        float[][] gradients = new float[2][];
        foreach ((int at, bool again) in new[] { (0, false), (1, true) })
        {
            Random random = new(3);
            Parameter x = new("x", [2, 6, 4], Values([2, 6, 4], random));
            using Scratch folder = new();
            using TrainingGraph graph = Write(
                folder.Path,
                [x],
                (t, _, i) => again ? t.Recompute(j => Attend(t, [j[0], j[0], j[0]]), i) : Attend(t, [i[0], i[0], i[0]]),
                random
            );
            _ = graph.Run([], cancellation: TestContext.Current.CancellationToken);
            gradients[at] = [.. x.Gradient];
            string path = Path.Combine(folder.Path, "operator.onnx");
            Assert.Equal(at + 1, SoftmaxesThatRun(path));
            GraphProto written = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path)).Graph;
            string[] used = [.. written.Node.SelectMany(n => n.Input), .. written.Output.Select(o => o.Name)];
            Assert.All(written.Node, n => Assert.Contains(n.Output, used.Contains)); // a step for nothing would keep its inputs
        }

        Assert.Equal(gradients[0], gradients[1]);
    }

    private static Tensor Attend(Tape tape, Tensor[] qkv) =>
        tape.Product(tape.Softmax(tape.Product(qkv[0], qkv[1], transposeB: true, scale: 0.5)), qkv[2]);

    private static int SoftmaxesThatRun(string path)
    {
        string optimised = path + ".optimised";
        using (SessionOptions options = new())
        {
            options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_BASIC; // as SessionFactory
            options.OptimizedModelFilePath = optimised;
            using InferenceSession session = new(path, options);
        }

        return ModelProto.Parser.ParseFrom(File.ReadAllBytes(optimised)).Graph.Node.Count(n => n.OpType == "Softmax");
    }

    private static double Numeric(TrainingGraph graph, Parameter parameter, int k)
    {
        float middle = parameter.Values[k];
        parameter.Values[k] = middle + StepWidth;
        double above = graph.Run([], cancellation: TestContext.Current.CancellationToken)["loss"][0];
        parameter.Values[k] = middle - StepWidth;
        double below = graph.Run([], cancellation: TestContext.Current.CancellationToken)["loss"][0];
        parameter.Values[k] = middle;
        return (above - below) / (2 * StepWidth);
    }

    private static TrainingGraph Write(
        string folder,
        Parameter[] parameters,
        Func<Tape, GraphWriter, Tensor[], Tensor> write,
        Random random
    )
    {
        string path = Path.Combine(folder, "operator.onnx");
        using (GraphWriter writer = new(path))
        {
            Tape tape = new(writer);
            Tensor result = write(tape, writer, [.. parameters.Select(p => tape.Parameter(p.Name, p.Shape))]);
            Tensor weights = tape.Constant("weights", result.Shape, Values(result.Shape, random));
            Tensor loss = tape.Sum(tape.Multiply(result, weights));
            tape.Output("loss", loss);
            tape.WriteGradients(loss);
            writer.Save();
        }

        return new TrainingGraph(path, parameters, Provider.Cpu, threads: 1);
    }

    // Away from 0 and from 0.25, where two of the operators bend.
    private static float[] Values(int[] shape, Random random)
    {
        float[] values = new float[shape.Aggregate(1, (a, b) => a * b)];
        for (int i = 0; i < values.Length; i++)
            do values[i] = 2.4f * (random.NextSingle() - 0.5f);
            while (Math.Abs(values[i]) < 2 * StepWidth || Math.Abs(values[i] - 0.25f) < 2 * StepWidth);
        return values;
    }
}
