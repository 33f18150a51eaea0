using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AaClip.Scoring.Sessions;

/// <summary>Creates ONNX Runtime sessions. Session options and providers are set only here.</summary>
/// <param name="profile">Begin of the name of a file that gets the times of all nodes; null for none.</param>
internal sealed partial class SessionFactory(
    Provider wanted,
    int threads,
    bool memoryMapped,
    ILogger logger,
    bool training = false,
    string? profile = null
)
{
    /// <summary>"cuda", "tensorrt" or "cpu": the provider of the most recent session.</summary>
    public string Provider { get; private set; } = "cpu";

    /// <summary>Opens a graph; on a GPU if wanted and available.</summary>
    /// <param name="kernel">Kernel for int8 products, which run on the CPU even with CUDA; null if the graph has none.</param>
    /// <exception cref="InvalidOperationException">CUDA or TensorRT is required and cannot be used.</exception>
    /// <exception cref="InvalidDataException">The graph cannot be loaded.</exception>
    public InferenceSession Open(string path, Int8Kernel? kernel = null)
    {
        if (training && wanted == Sessions.Provider.TensorRt)
            throw new InvalidOperationException("TensorRT cannot train: choose --provider cuda or cpu.");
        if (wanted != Sessions.Provider.Cpu)
        {
            try
            {
                // The list of providers shows what was compiled in. Whether it works is known only after a session is created.
                using SessionOptions options = Options(kernel);
                if (wanted == Sessions.Provider.TensorRt)
                    CudaProbe.AppendTensorRt(options);
                CudaProbe.Append(options);
                if (!training && kernel is null) // fuses biases into GELU in float32 and older graphs
                    options.GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL;
                InferenceSession session = new(path, options);
                Provider = wanted == Sessions.Provider.TensorRt ? "tensorrt" : "cuda";
                return session;
            }
            catch (Exception e) when (e is OnnxRuntimeException or DllNotFoundException or EntryPointNotFoundException)
            {
                if (wanted != Sessions.Provider.Auto)
                {
                    string name = wanted == Sessions.Provider.TensorRt ? "TensorRT" : "CUDA";
                    throw new InvalidOperationException(
                        $"{name} was asked for and cannot be used: {FirstLine(e.Message)} Install the {name} provider and driver, or "
                            + $"choose --provider cpu or auto.",
                        e
                    );
                }

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

    /// <summary>
    /// Memory for a session's images. A GPU reads bytes best from pinned memory. It reads floats there in place, several times in a
    /// convolution, which costs more than a copy (9 % of a run on an H200). Dispose of it before the session.
    /// </summary>
    /// <param name="type">Type of the pixels.</param>
    public OrtAllocator Staging(InferenceSession session, TensorElementType type)
    {
        if (Provider == "cpu" || type != TensorElementType.UInt8)
            return new OrtAllocator(session, OrtMemoryInfo.DefaultInstance);
        using OrtMemoryInfo pinned = new(OrtMemoryInfo.allocatorCUDA_PINNED, OrtAllocatorType.DeviceAllocator, 0, OrtMemType.CpuOutput);
        return new OrtAllocator(session, pinned);
    }

    /// <summary>The first line of a long ONNX Runtime message; it has the relevant part.</summary>
    public static string FirstLine(string text) => text.Split('\n', 2)[0].Trim();

    private SessionOptions Options(Int8Kernel? kernel)
    {
        SessionOptions options = new()
        {
            // The graphs are already written with fused operators. More optimisation costs start-up time and changes rounding.
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_BASIC,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, // errors are reported as exceptions
        };
        if (threads > 0)
            options.IntraOpNumThreads = threads;
        else if (training)
            // ONNX Runtime uses the number of physical cores; some virtual machines report only half of them
            options.IntraOpNumThreads = Environment.ProcessorCount;
        // Threads that wait for work would keep the processor busy: a third of the processor time of a small model, which decoding, storage
        // and other processes need. Waking them costs microseconds.
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        if (training)
            // otherwise planned memory is never released: 21 GiB instead of 13 for a full-size training step
            options.EnableMemoryPattern = false;
        if (profile is not null)
            (options.EnableProfiling, options.ProfileOutputPathPrefix) = (true, profile);
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
