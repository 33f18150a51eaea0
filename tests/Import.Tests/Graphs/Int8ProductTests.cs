using AaClip.Graphs;
using AaClip.Scoring.Sessions;
using AaClip.Tests;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.ML.OnnxRuntime;
using static AaClip.Graphs.Proto.TensorProto.Types;

namespace AaClip.Import.Tests.Graphs;

/// <summary>
/// The one operator that int8 packages multiply with, against the sums of integers it stands for. Where the processor has no byte dot
/// products, signed weights give 32.4 instead of 64 in the first of these graphs.
/// </summary>
public sealed class Int8ProductTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(64, 16, 1, 1)]
    [InlineData(64, 16, 5, -1)]
    [InlineData(1024, 48, 3, 1)]
    public void Full_weights_give_the_full_sum(int inner, int columns, int rows, int sign)
    {
        string graph = Write("full", inner, columns, (_, _) => (sbyte)(sign * 127));
        float[] x = [.. Enumerable.Repeat(1f, rows * inner)];

        foreach (Int8Kernel kernel in Exact())
            Close.Assert(
                [.. Enumerable.Repeat((float)(sign * inner), rows * columns)],
                Multiply(graph, kernel, x, inner),
                0.01,
                $"{kernel}"
            );
    }

    [Theory]
    [InlineData(64, 16, 7)]
    [InlineData(70, 33, 1)]
    [InlineData(256, 64, 50)]
    public void Products_are_the_sums_of_integers(int inner, int columns, int rows)
    {
        Random random = new(inner);
        sbyte[,] weights = new sbyte[inner, columns];
        for (int i = 0; i < inner; i++)
        for (int c = 0; c < columns; c++)
            // Full steps, where sums saturate
            weights[i, c] = random.Next(3) > 0 ? (sbyte)(random.Next(2) * 254 - 127) : (sbyte)random.Next(-127, 128);
        string graph = Write("drawn", inner, columns, (i, c) => weights[i, c]);
        // Whole numbers in 255 steps: quantised without loss
        float[] x = [.. Enumerable.Range(0, rows * inner).Select(i => (float)random.Next(-55, 201))];
        (x[0], x[1]) = (-55, 200);
        float[] expected =
        [
            .. Enumerable
                .Range(0, rows)
                .SelectMany(r =>
                    Enumerable
                        .Range(0, columns)
                        .Select(c => Enumerable.Range(0, inner).Sum(i => (long)x[r * inner + i] * weights[i, c]) / 127f)
                ),
        ];

        foreach (Int8Kernel kernel in Exact())
            Close.AssertRelative(expected, Multiply(graph, kernel, x, inner), 1e-6, $"{kernel}");
    }

    [Fact]
    public void The_probe_takes_signed_weights_exactly_where_the_runtime_sums_them_without_loss()
    {
        string graph = Write("full", 64, 16, (_, _) => 127);

        float sum = Multiply(graph, Int8Kernel.U8S8, [.. Enumerable.Repeat(1f, 64)], 64)[0];

        Assert.Equal(Math.Abs(sum - 64) < 1 ? Int8Kernel.U8S8 : Int8Kernel.U8U8, Int8Probe.ForThisMachine);
    }

    // Unsigned weights always, for machines that need them are not at hand everywhere.
    private static IEnumerable<Int8Kernel> Exact() =>
        Int8Probe.ForThisMachine == Int8Kernel.U8S8 ? [Int8Kernel.U8S8, Int8Kernel.U8U8] : [Int8Kernel.U8U8];

    private string Write(string name, int inner, int columns, Func<int, int, sbyte> weight)
    {
        string path = _folder.File($"{name}.onnx");
        using GraphWriter graph = new(path);
        Value x = graph.Input("x", DataType.Float, "N", inner);
        Value w = graph.Weight(
            "w",
            [inner, columns],
            [.. Enumerable.Range(0, inner * columns).Select(i => weight(i / columns, i % columns))]
        );
        Value scale = graph.Weight("w.scale", [columns], [.. Enumerable.Repeat(1 / 127f, columns)]);
        graph.Output("y", graph.Fused("DynamicQuantizeMatMul", "/product", [x, w, scale]), DataType.Float, "N", columns);
        graph.Save();
        return path;
    }

    // As the scorer opens a package, with its weights laid out anew and left in the mapped file.
    private static float[] Multiply(string graph, Int8Kernel kernel, float[] x, int inner)
    {
        float[][] found =
        [
            .. new[] { false, true }.Select(mapped =>
            {
                using InferenceSession session = new SessionFactory(Provider.Cpu, 1, mapped, NullLogger.Instance).Open(graph, kernel);
                using OrtValue input = OrtValue.CreateTensorValueFromMemory(x, [x.Length / inner, inner]);
                using RunOptions run = new();
                using IDisposableReadOnlyCollection<OrtValue> results = session.Run(run, ["x"], [input], ["y"]);
                return results[0].GetTensorDataAsSpan<float>().ToArray();
            }),
        ];
        Assert.Equal(found[0], found[1]);
        return found[0];
    }
}
