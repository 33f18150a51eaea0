using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;

namespace AaClip.Import.Packages;

/// <summary>The recommended precision for a machine.</summary>
/// <param name="Precision">The precision for the import.</param>
/// <param name="Reason">The reason, as half a sentence.</param>
public sealed record Recommendation(Precision Precision, string Reason)
{
    /// <summary>Tests the GPU and the CPU of this machine.</summary>
    public static Recommendation ForThisMachine()
    {
        if (CudaProbe.IsUsable())
            return new(Precision.Fp16, "CUDA can be used here, and runs float16 fastest");
        return Int8Probe.ForThisMachine == Int8Kernel.U8S8
            ? new(
                Precision.Int8,
                "no CUDA here, and the processor sums byte products (VNNI): int8 takes less than half the time and memory of fp32, "
                    + "with small differences in the map"
            )
            : new(
                Precision.Fp32,
                "no CUDA here, and the processor has no byte dot products (VNNI): int8 would save half the memory but only a "
                    + "quarter of the time, with small differences in the map"
            );
    }
}
