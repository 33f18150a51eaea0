namespace AaClip.Scoring.Sessions;

/// <summary>
/// How ONNX Runtime multiplies the u8 activations of an int8 package with its weights. Both kernels give the same integer sums; the
/// operations between the products are float32, with the usual rounding.
/// </summary>
public enum Int8Kernel
{
    /// <summary>
    /// Signed weights, as stored in the package. Faster. Exact if the processor sums byte products in 32 bits (AVX-VNNI, AVX-512 VNNI, AMX,
    /// ARM). Other x86 processors sum two products in 16 bits with saturation, which gives wrong scores.
    /// </summary>
    U8S8,

    /// <summary>
    /// Weights converted to unsigned when the package is loaded (w + 128, zero point 128): exact on every processor. Needs memory for the
    /// copy, and more time per image than <see cref="U8S8"/>.
    /// </summary>
    U8U8,
}
