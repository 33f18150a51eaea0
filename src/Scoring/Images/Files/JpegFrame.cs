namespace AaClip.Scoring.Images.Files;

/// <summary>A frame header of a JPEG (ITU-T T.81, B.2.2).</summary>
internal sealed record JpegFrame(bool Progressive, int Width, int Height, JpegComponent[] Components)
{
    /// <summary>Number of interleaved units (MCUs) per row and per column of the image.</summary>
    public (int Wide, int High) Mcus { get; } =
        (Ceiling(Width, 8 * Components.Max(c => c.H)), Ceiling(Height, 8 * Components.Max(c => c.V)));

    /// <summary>Number of blocks per row and per column in a scan of this component alone.</summary>
    public (int Wide, int High) Blocks(JpegComponent component) =>
        (Ceiling(Width * component.H, 8 * Components.Max(c => c.H)), Ceiling(Height * component.V, 8 * Components.Max(c => c.V)));

    private static int Ceiling(int value, int divisor) => (value + divisor - 1) / divisor;
}

/// <summary>One colour component of a frame.</summary>
/// <param name="Id">The component's number, used by scan headers.</param>
/// <param name="H">Blocks per interleaved unit horizontally, 1 to 4.</param>
/// <param name="V">Blocks per interleaved unit vertically, 1 to 4.</param>
/// <param name="Quantization">Number of its quantization table.</param>
internal sealed record JpegComponent(byte Id, int H, int V, int Quantization)
{
    /// <summary>The lowest bit received so far for each coefficient; 255 before the first scan.</summary>
    public byte[] LowestBit { get; } = [.. Enumerable.Repeat((byte)255, 64)];

    /// <summary>Progressive: for each block one bit per coefficient, set if the coefficient is not zero so far.</summary>
    public ulong[] NonZero { get; set; } = [];

    /// <summary>True if all bits of all coefficients have been received.</summary>
    public bool Complete => LowestBit.AsSpan().IndexOfAnyExcept((byte)0) < 0;
}
