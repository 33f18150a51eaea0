namespace AaClip.Scoring.Sessions;

/// <summary>
/// How ONNX Runtime multiplies the activations (u8) of an int8 package with its weights. Both give the same integer sums; what is between
/// the products is float32 and rounds as everywhere.
/// </summary>
public enum Int8Kernel
{
    /// <summary>
    /// Signed weights, as the package stores them. The fast one, exact where the processor sums byte products in 32 bits (AVX-VNNI,
    /// AVX-512 VNNI, AMX, ARM). Other x86 processors sum two products in 16 bits, which saturate: scores would be wrong.
    /// </summary>
    U8S8,

    /// <summary>
    /// Weights made unsigned when the package is loaded (w + 128, zero point 128): exact on every processor. The copy takes memory, and
    /// each image more time than with <see cref="U8S8"/>.
    /// </summary>
    U8U8,
}
