namespace AaClip.Scoring.Sessions;

/// <summary>What runs the graphs.</summary>
public enum Provider
{
    /// <summary>CUDA where it can be used, else CPU; the result says which it was.</summary>
    Auto,

    /// <summary>The processor.</summary>
    Cpu,

    /// <summary>An NVIDIA card; an error when it cannot be used.</summary>
    Cuda,
}
