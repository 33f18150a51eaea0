using Microsoft.ML.OnnxRuntime;

namespace AaClip.Scoring.Sessions;

/// <summary>Tests whether CUDA can be used by loading it; the list of providers only shows what was compiled in.</summary>
public static class CudaProbe
{
    /// <summary>Whether the CUDA provider can be loaded on this machine.</summary>
    public static bool IsUsable()
    {
        try
        {
            using SessionOptions options = new() { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
            Append(options);
            return true;
        }
        catch (Exception e) when (e is OnnxRuntimeException or DllNotFoundException or EntryPointNotFoundException)
        {
            return false;
        }
    }

    /// <summary>
    /// Adds TensorRT with a higher priority than CUDA. It builds an engine for each part of a graph that it knows, which takes minutes, and
    /// keeps it for the next start: in aaclip/tensorrt below the user's local application data, or below the temporary folder.
    /// </summary>
    internal static void AppendTensorRt(SessionOptions options)
    {
        string local = Environment.GetFolderPath(
                Environment.SpecialFolder.LocalApplicationData,
                Environment.SpecialFolderOption.DoNotVerify
            ),
            engines = Path.Combine(local.Length > 0 ? local : Path.GetTempPath(), "aaclip", "tensorrt");
        Directory.CreateDirectory(engines);
        using OrtTensorRTProviderOptions tensorRt = new();
        tensorRt.UpdateOptions(
            new Dictionary<string, string>
            {
                ["device_id"] = "0",
                ["trt_engine_cache_enable"] = "1",
                ["trt_engine_cache_path"] = engines,
                ["trt_timing_cache_enable"] = "1",
                ["trt_timing_cache_path"] = engines,
            }
        );
        options.AppendExecutionProvider_Tensorrt(tensorRt);
    }

    /// <summary>
    /// Adds CUDA with a higher priority than the CPU. TF32 is off, because its mantissa has only ten bits: float32 products stay float32.
    /// </summary>
    internal static void Append(SessionOptions options)
    {
        using OrtCUDAProviderOptions cuda = new();
        cuda.UpdateOptions(new Dictionary<string, string> { ["device_id"] = "0", ["use_tf32"] = "0" });
        options.AppendExecutionProvider_CUDA(cuda);
    }
}
