using Microsoft.ML.OnnxRuntime;

namespace AaClip.Bench;

/// <summary>ONNX Runtime settings that the product does not use, to measure their effect.</summary>
internal static class CudaVariants
{
    /// <param name="Name">Name of the setting.</param>
    /// <param name="Level">Level of graph optimisation.</param>
    /// <param name="Cuda">Options of the CUDA provider in addition to the product's.</param>
    /// <param name="Session">Entries of the session configuration.</param>
    public sealed record Variant(
        string Name,
        GraphOptimizationLevel Level,
        Dictionary<string, string> Cuda,
        Dictionary<string, string> Session
    );

    private const GraphOptimizationLevel Product = GraphOptimizationLevel.ORT_ENABLE_ALL;

    /// <summary>Variants, each with one change.</summary>
    public static IReadOnlyList<Variant> All { get; } =
    [
        new("no node on the CPU", Product, [], new() { ["session.disable_cpu_ep_fallback"] = "1" }),
        new("graph run as it is written", GraphOptimizationLevel.ORT_ENABLE_BASIC, [], []),
        new("ONNX Runtime's flash attention in place of cuDNN's", Product, new() { ["sdpa_kernel"] = "1" }, []),
        new("CUDA graph", Product, new() { ["enable_cuda_graph"] = "1" }, []),
        new("GELU by tanh in place of erf", Product, [], new() { ["optimization.enable_gelu_approximation"] = "1" }),
        new("TF32 products", Product, new() { ["use_tf32"] = "1" }, []),
    ];

    /// <summary>Opens a graph on the GPU.</summary>
    public static InferenceSession Open(Variant variant, string path)
    {
        using SessionOptions options = new()
        {
            GraphOptimizationLevel = variant.Level,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
        };
        foreach ((string key, string value) in variant.Session)
            options.AddSessionConfigEntry(key, value);
        using OrtCUDAProviderOptions cuda = new();
        cuda.UpdateOptions(new() { ["device_id"] = "0", ["use_tf32"] = variant.Cuda.GetValueOrDefault("use_tf32", "0") });
        cuda.UpdateOptions(variant.Cuda);
        options.AppendExecutionProvider_CUDA(cuda);
        return new InferenceSession(path, options);
    }
}
