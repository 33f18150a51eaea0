using System.Runtime.Intrinsics.X86;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;

namespace AaClip.Checkpoints.Import;

/// <summary>Which precision suits a machine.</summary>
/// <param name="Precision">The precision to import with.</param>
/// <param name="Reason">Why, as half a sentence.</param>
public sealed record Recommendation(Precision Precision, string Reason)
{
    /// <summary>Looks at the card and the processor.</summary>
    public static Recommendation ForThisMachine()
    {
        if (CudaProbe.IsUsable())
            return new(Precision.Fp16, "CUDA can be used here, and runs float16 fastest");
        return HasByteDotProducts()
            ? new(Precision.Int8, "no CUDA here, and the processor multiplies bytes directly (VNNI): int8 takes less than half the time and memory of fp32, with small differences in the map")
            : new(Precision.Fp32, "no CUDA here, and the processor has no byte dot products (VNNI), without which int8 gains little and may saturate");
    }

    // CPUID leaf 7: AVX-512 VNNI is bit 11 of ECX in sub-leaf 0, AVX-VNNI bit 4 of EAX in sub-leaf 1.
    private static bool HasByteDotProducts()
    {
        if (!X86Base.IsSupported)
            return System.Runtime.Intrinsics.Arm.Dp.IsSupported;
        if (X86Base.CpuId(0, 0).Eax < 7)
            return false; // an old processor would answer with its last leaf
        (_, _, int ecx, _) = X86Base.CpuId(7, 0);
        (int eax, _, _, _) = X86Base.CpuId(7, 1);
        return (ecx & (1 << 11)) != 0 || (eax & (1 << 4)) != 0;
    }
}
