using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AaClip.Scoring.Images;

/// <summary>
/// The two passes of Pillow's 8-bit resize: int32 sums of bytes times weights of 22 fractional bits, then rounded, shifted and clamped. The
/// order of integer additions does not matter, so SIMD gives the same result.
/// </summary>
internal static class ResamplingPasses
{
    private const int Bits = 22; // Pillow: 32 bits, minus 8 for the byte and 2 for overshoot
    private const int Half = 1 << (Bits - 1);
    private const int Group = 2; // pixels per 256-bit vector, four int32 each; 512-bit vectors were measured to be slower
    private const int Slack = 3 * Group + 16; // bytes that vectors may read after the end of a row; their weight is 0

    /// <summary>Resizes rows: those of the window to [height, outputs, 3].</summary>
    /// <param name="axis">The weights of the window's columns.</param>
    public static void Horizontal(ImageWindow window, AxisWeights axis, byte[] target)
    {
        (byte[] source, int width, int height) = (window.Image.Pixels, window.Image.Width, window.Height);
        int left = 3 * window.X;
        int outputs = axis.First.Length;
        int taps = (axis.Taps + Group - 1) / Group * Group;
        int[] shares = new int[outputs * taps * 4]; // [outputs, taps, 4]: the same weight for R, G, B and the unused lane
        for (int i = 0; i < outputs; i++)
        for (int k = 0; k < axis.Count[i]; k++)
            shares.AsSpan((i * taps + k) * 4, 4).Fill(Fixed(axis.Values[i * axis.Taps + k]));

        RowBands.Run(
            height,
            (long)height * outputs * taps,
            (begin, end) =>
            {
                int stride = 3 * width;
                byte[] padded = ArrayPool<byte>.Shared.Rent(stride + Slack);
                for (int y = begin; y < end; y++)
                {
                    int start = (window.Y + y) * stride;
                    ref byte row = ref source[start + left];
                    if ((long)start + stride + Slack > source.Length)
                    {
                        source.AsSpan(start, stride).CopyTo(padded);
                        row = ref padded[left];
                    }

                    Row(ref row, axis, taps, ref MemoryMarshal.GetArrayDataReference(shares), target.AsSpan(y * 3 * outputs, 3 * outputs));
                }

                ArrayPool<byte>.Shared.Return(padded);
            }
        );
    }

    /// <summary>Resizes columns: [inputs, stride] to [outputs, stride].</summary>
    public static void Vertical(byte[] source, int stride, AxisWeights axis, byte[] target)
    {
        int outputs = axis.First.Length;
        int[] shares = new int[axis.Values.Length]; // [outputs, taps]
        for (int i = 0; i < shares.Length; i++)
            shares[i] = Fixed(axis.Values[i]);

        RowBands.Run(
            outputs,
            (long)outputs * axis.Taps * stride / Vector<int>.Count,
            (begin, end) =>
            {
                for (int y = begin; y < end; y++)
                    Column(
                        ref source[axis.First[y] * stride],
                        stride,
                        shares.AsSpan(y * axis.Taps, axis.Count[y]),
                        target.AsSpan(y * stride, stride)
                    );
            }
        );
    }

    private static int Fixed(double share) => (int)(share * (1 << Bits) + (share < 0 ? -0.5 : 0.5)); // the cast truncates

    private static void Row(ref byte row, AxisWeights axis, int taps, ref int shares, Span<byte> target)
    {
        for (int i = 0; i < axis.First.Length; i++)
        {
            nuint at = 3 * (nuint)axis.First[i];
            nuint share = (nuint)(i * taps) * 4;
            int count = axis.Count[i];
            Vector128<int> sum = Vector128.Create(Half);
            if (Vector256.IsHardwareAccelerated)
            {
                Vector256<int> pair = Vector256<int>.Zero;
                for (int k = 0; k < count; k += 2, at += 6, share += 8)
                    pair += Spread(Vector256.Create(Vector128.LoadUnsafe(ref row, at))) * Vector256.LoadUnsafe(ref shares, share);
                sum += pair.GetLower() + pair.GetUpper();
            }
            else
            {
                for (int k = 0; k < count; k++, at += 3, share += 4)
                    sum += Spread(Vector128.LoadUnsafe(ref row, at)) * Vector128.LoadUnsafe(ref shares, share);
            }

            sum = Vector128.Clamp(sum >> Bits, Vector128<int>.Zero, Vector128.Create(255));
            int to = 3 * i;
            target[to + 2] = (byte)sum.GetElement(2);
            target[to + 1] = (byte)sum.GetElement(1);
            target[to] = (byte)sum.GetElement(0);
        }
    }

    // In each 128-bit lane, the first three bytes (one pixel) become int32 R, G, B, 0. Each lane takes the next pixel.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Spread(Vector128<byte> bytes) =>
        Vector128
            .Shuffle(bytes, Vector128.Create((byte)0, 255, 255, 255, 1, 255, 255, 255, 2, 255, 255, 255, 255, 255, 255, 255))
            .AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Spread(Vector256<byte> bytes) =>
        Vector256
            .Shuffle(
                bytes,
                Vector256.Create(
                    (byte)0,
                    255,
                    255,
                    255,
                    1,
                    255,
                    255,
                    255,
                    2,
                    255,
                    255,
                    255,
                    255,
                    255,
                    255,
                    255,
                    19,
                    255,
                    255,
                    255,
                    20,
                    255,
                    255,
                    255,
                    21,
                    255,
                    255,
                    255,
                    255,
                    255,
                    255,
                    255
                )
            )
            .AsInt32();

    private static void Column(ref byte source, int stride, ReadOnlySpan<int> shares, Span<byte> target)
    {
        int x = 0;
        Vector<int> half = new(Half);
        Vector<int> white = new(255);
        for (; x <= stride - Vector<byte>.Count; x += Vector<byte>.Count)
        {
            Vector<int> a = half,
                b = half,
                c = half,
                d = half;
            nuint at = (nuint)x;
            foreach (int share in shares)
            {
                Vector.Widen(Vector.LoadUnsafe(ref source, at), out Vector<ushort> low, out Vector<ushort> high);
                Vector.Widen(low, out Vector<uint> first, out Vector<uint> second);
                Vector.Widen(high, out Vector<uint> third, out Vector<uint> fourth);
                a += first.As<uint, int>() * share;
                b += second.As<uint, int>() * share;
                c += third.As<uint, int>() * share;
                d += fourth.As<uint, int>() * share;
                at += (nuint)stride;
            }

            Vector<ushort> left = Vector.Narrow(Byte(a), Byte(b));
            Vector<ushort> right = Vector.Narrow(Byte(c), Byte(d));
            Vector.Narrow(left, right).CopyTo(target[x..]);
        }

        for (; x < stride; x++)
        {
            int sum = Half;
            for (int k = 0; k < shares.Length; k++)
                sum += Unsafe.Add(ref source, (nint)k * stride + x) * shares[k];
            target[x] = (byte)Math.Clamp(sum >> Bits, 0, 255);
        }

        Vector<uint> Byte(Vector<int> sum) => Vector.Min(Vector.Max(sum >> Bits, Vector<int>.Zero), white).As<int, uint>();
    }
}
