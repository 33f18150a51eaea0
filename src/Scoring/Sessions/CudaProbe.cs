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
            options.AppendExecutionProvider_CUDA(0);
            return true;
        }
        catch (Exception e) when (e is OnnxRuntimeException or DllNotFoundException or EntryPointNotFoundException)
        {
            return false;
        }
    }
}
