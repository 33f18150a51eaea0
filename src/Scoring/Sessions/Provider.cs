namespace AaClip.Scoring.Sessions;

/// <summary>The device that runs the graphs.</summary>
public enum Provider
{
    /// <summary>CUDA if it can be used, otherwise the CPU; the result says which was used.</summary>
    Auto,

    /// <summary>The CPU.</summary>
    Cpu,

    /// <summary>CUDA on an NVIDIA GPU; an error if it cannot be used.</summary>
    Cuda,

    /// <summary>
    /// TensorRT on an NVIDIA GPU, for the parts of a graph that it knows, and CUDA for the others; an error if it cannot be used. Never
    /// measured here.
    /// </summary>
    TensorRt,
}
