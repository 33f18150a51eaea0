namespace AaClip.Scoring.Images.Files;

/// <summary>What a frame header of a JPEG says (ITU-T T.81, B.2.2).</summary>
internal sealed record JpegFrame(bool Progressive, int Width, int Height, JpegComponent[] Components)
{
    /// <summary>Units of interleaved blocks along a row and down the picture.</summary>
    public (int Wide, int High) Mcus { get; } =
        (Ceiling(Width, 8 * Components.Max(c => c.H)), Ceiling(Height, 8 * Components.Max(c => c.V)));

    /// <summary>Blocks along a row and down the picture in a scan of this component alone.</summary>
    public (int Wide, int High) Blocks(JpegComponent component) =>
        (Ceiling(Width * component.H, 8 * Components.Max(c => c.H)), Ceiling(Height * component.V, 8 * Components.Max(c => c.V)));

    private static int Ceiling(int value, int divisor) => (value + divisor - 1) / divisor;
}

/// <summary>One colour component of a frame.</summary>
/// <param name="Id">What scans call it.</param>
/// <param name="H">Blocks along a row of an interleaved unit, 1 to 4.</param>
/// <param name="V">Blocks down an interleaved unit, 1 to 4.</param>
/// <param name="Quantization">Which quantization table it uses.</param>
internal sealed record JpegComponent(byte Id, int H, int V, int Quantization)
{
    /// <summary>The lowest bit of each coefficient that has come so far; 255 before the first.</summary>
    public byte[] LowestBit { get; } = [.. Enumerable.Repeat((byte)255, 64)];

    /// <summary>Progressive: for each block a bit for each coefficient that is not zero so far.</summary>
    public ulong[] NonZero { get; set; } = [];

    /// <summary>True once every bit of every coefficient has come.</summary>
    public bool Complete => LowestBit.AsSpan().IndexOfAnyExcept((byte)0) < 0;
}
