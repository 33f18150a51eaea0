using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.OnnxRuntime;

namespace AaClip.Scoring.Sessions;

/// <summary>
/// Tests which int8 kernel is exact on this machine: runs one product with a known result in the same runtime that scores.
/// </summary>
public static class Int8Probe
{
    private const int Rows = 7; // odd, because kernels process rows in blocks
    private const int Inner = 64;
    private const int Columns = 16;

    private static readonly Lazy<Int8Kernel?> Found = new(Probe);

    /// <summary>
    /// The fastest kernel that is exact on this machine; null if there is none. Tested once per process: 50 ms on a busy machine.
    /// </summary>
    public static Int8Kernel? ForThisMachine => Found.Value;

    /// <summary>Describes a kernel to a user who chose int8, as half a sentence.</summary>
    public static string Describe(Int8Kernel? kernel) =>
        kernel switch
        {
            Int8Kernel.U8S8 => "u8s8 (this processor sums byte products without loss)",
            Int8Kernel.U8U8 => "u8u8 (this processor has no byte dot products (VNNI), so weights are made unsigned: same scores, slower)",
            _ => $"none (ONNX Runtime {OrtEnv.Instance().GetVersionString()} has no exact one for this processor: import the model "
                + $"again with --precision fp32)",
        };

    /// <summary>Configures a session to use a kernel.</summary>
    internal static void Apply(Int8Kernel kernel, SessionOptions options)
    {
        if (kernel == Int8Kernel.U8S8)
            return;
        options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_EXTENDED; // the level with the passes that convert the weights
        options.AddSessionConfigEntry("session.x64quantprecision", "1");
        // The only other change at that level; turn it off
        options.AddSessionConfigEntry("optimization.disable_specified_optimizers", "MatMulScaleFusion");
    }

    /// <summary>Whether a kernel gives 64 for 64 products of 1 and 1, stored as 255 and 127; saturated sums give 32.4.</summary>
    internal static bool IsExact(Int8Kernel kernel)
    {
        using SessionOptions options = new() { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        Apply(kernel, options);
        using InferenceSession session = new(Graph(), options);
        float[] ones = new float[Rows * Inner];
        Array.Fill(ones, 1f);
        using OrtValue x = OrtValue.CreateTensorValueFromMemory(ones, [Rows, Inner]);
        using RunOptions run = new();
        using IDisposableReadOnlyCollection<OrtValue> results = session.Run(run, ["x"], [x], ["y"]);
        foreach (float y in results[0].GetTensorDataAsSpan<float>())
            if (!(Math.Abs(y - Inner) < 0.01f))
                return false;
        return true;
    }

    private static Int8Kernel? Probe() =>
        IsExact(Int8Kernel.U8S8) ? Int8Kernel.U8S8
        : IsExact(Int8Kernel.U8U8) ? Int8Kernel.U8U8
        : null;

    // y [7, 16] = DynamicQuantizeMatMul(x [7, 64], w [64, 16] of 127 with scale 1/127), as protobuf. The field numbers are those of
    // onnx.proto.
    private static byte[] Graph()
    {
        sbyte[] weights = new sbyte[Inner * Columns];
        Array.Fill(weights, sbyte.MaxValue);
        byte[] node =
        [
            .. Field(1, "x"),
            .. Field(1, "w"),
            .. Field(1, "scale"),
            .. Field(2, "y"),
            .. Field(4, "DynamicQuantizeMatMul"),
            .. Field(7, "com.microsoft"),
        ];
        byte[] graph =
        [
            .. Field(1, node),
            .. Field(2, "probe"),
            .. Field(5, Tensor("w", 3, MemoryMarshal.AsBytes(weights.AsSpan()), Inner, Columns)), // 3 = INT8
            .. Field(5, Tensor("scale", 1, BitConverter.GetBytes(1f / sbyte.MaxValue), 1)), // 1 = FLOAT
            .. Field(11, Matrix("x", Rows, Inner)),
            .. Field(12, Matrix("y", Rows, Columns)),
        ];
        byte[] onnx = [.. Field(1, ""), .. Field(2, 17)]; // operator sets
        byte[] contributed = [.. Field(1, "com.microsoft"), .. Field(2, 1)];
        return [.. Field(1, 8), .. Field(7, graph), .. Field(8, onnx), .. Field(8, contributed)];
    }

    private static byte[] Tensor(string name, int type, ReadOnlySpan<byte> data, params ReadOnlySpan<int> shape)
    {
        List<byte> tensor = [];
        foreach (int length in shape)
            tensor.AddRange(Field(1, length));
        return [.. tensor, .. Field(2, type), .. Field(8, name), .. Field(9, data)];
    }

    private static byte[] Matrix(string name, int rows, int columns)
    {
        byte[] shape = [.. Field(1, Field(1, rows)), .. Field(1, Field(1, columns))];
        byte[] type = Field(1, [.. Field(1, 1), .. Field(2, shape)]); // element type FLOAT
        return [.. Field(1, name), .. Field(2, type)];
    }

    private static byte[] Field(int number, string text) => Field(number, Encoding.UTF8.GetBytes(text));

    private static byte[] Field(int number, ReadOnlySpan<byte> bytes) => [(byte)(number << 3 | 2), .. Varint(bytes.Length), .. bytes];

    private static byte[] Field(int number, int value) => [(byte)(number << 3), .. Varint(value)];

    private static byte[] Varint(int value) => value < 0x80 ? [(byte)value] : [(byte)(value & 0x7f | 0x80), .. Varint(value >> 7)];
}
