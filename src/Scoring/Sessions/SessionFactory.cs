using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;

namespace AaClip.Scoring.Sessions;

/// <summary>Makes ONNX Runtime sessions: the one place that knows session options and providers.</summary>
internal sealed partial class SessionFactory(Provider wanted, int threads, bool memoryMapped, ILogger logger, bool training = false)
{
    /// <summary>"cuda" or "cpu": what the newest session really runs on.</summary>
    public string Provider { get; private set; } = "cpu";

    /// <summary>Opens a graph, on CUDA where that is wanted and possible.</summary>
    /// <param name="kernel">How int8 products are made, which are the CPU's even on CUDA; null where the graph has none.</param>
    /// <exception cref="InvalidOperationException">CUDA was demanded and cannot be used.</exception>
    /// <exception cref="InvalidDataException">The graph cannot be loaded.</exception>
    public InferenceSession Open(string path, Int8Kernel? kernel = null)
    {
        if (wanted != Sessions.Provider.Cpu)
        {
            try
            {
                // The list of providers names what was compiled in, not what works: only a session tells.
                using SessionOptions options = Options(kernel);
                CudaProbe.Append(options);
                if (!training && kernel is null) // biases into GELU, sums into norms: 13 % faster on an H100
                    options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL;
                InferenceSession session = new(path, options);
                Provider = "cuda";
                return session;
            }
            catch (Exception e) when (e is OnnxRuntimeException or DllNotFoundException or EntryPointNotFoundException)
            {
                if (wanted == Sessions.Provider.Cuda)
                    throw new InvalidOperationException(
                        $"CUDA was asked for and cannot be used: {FirstLine(e.Message)} Install the CUDA provider and driver, or "
                            + $"choose --provider cpu or auto.",
                        e
                    );
                Log.NoCuda(logger, FirstLine(e.Message));
            }
        }

        try
        {
            using SessionOptions options = Options(kernel);
            InferenceSession session = new(path, options);
            Provider = "cpu";
            return session;
        }
        catch (OnnxRuntimeException e)
        {
            throw new InvalidDataException($"ONNX Runtime cannot load '{path}': {FirstLine(e.Message)} Import the model again.", e);
        }
    }

    /// <summary>ONNX Runtime explains at length; what matters comes first.</summary>
    public static string FirstLine(string text) => text.Split('\n', 2)[0].Trim();

    private SessionOptions Options(Int8Kernel? kernel)
    {
        SessionOptions options = new()
        {
            // The graphs are written fused; more rewriting costs start-up time and changes roundings.
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_BASIC,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, // failures arrive as exceptions
        };
        if (threads > 0)
            options.IntraOpNumThreads = threads;
        else if (training)
            // ONNX Runtime counts physical cores, of which some virtual machines show half
            options.IntraOpNumThreads = Environment.ProcessorCount;
        if (training)
            options.EnableMemoryPattern = false; // planned memory is never given back: 21 GiB instead of 13 for a full-size step
        if (memoryMapped)
            options.AddSessionConfigEntry("session.disable_prepacking", "1"); // weights stay in the mapped file
        if (kernel is { } int8)
            Int8Probe.Apply(int8, options);
        return options;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "CUDA cannot be used, running on CPU: {Reason}")]
        public static partial void NoCuda(ILogger logger, string reason);
    }
}
