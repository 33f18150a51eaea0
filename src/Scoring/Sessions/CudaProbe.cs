using Microsoft.ML.OnnxRuntime;

namespace AaClip.Scoring.Sessions;

/// <summary>Tells whether CUDA can be used, by trying: the list of providers only names what was compiled in.</summary>
public static class CudaProbe
{
    /// <summary>Whether the CUDA provider loads on this machine.</summary>
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

    /// <summary>Puts CUDA before the CPU; products of float32 stay float32, for TF32 has ten bits of mantissa.</summary>
    internal static void Append(SessionOptions options)
    {
        using OrtCUDAProviderOptions cuda = new();
        cuda.UpdateOptions(new Dictionary<string, string> { ["device_id"] = "0", ["use_tf32"] = "0" });
        options.AppendExecutionProvider_CUDA(cuda);
    }
}
