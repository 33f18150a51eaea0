using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace AaClip.Scoring.Images.Files;

/// <content>Progressive scans (annex G).</content>
internal sealed partial record JpegScan
{
    private int WalkProgressive(ref JpegBits bits, int from, int to) =>
        First == 0 ? WalkDc(ref bits, from, to) : WalkAc(ref bits, from, to);

    private int WalkDc(ref JpegBits bits, int from, int to)
    {
        for (; from < to && !bits.Overdrawn; from++)
            foreach ((JpegComponent component, JpegCodes? dc, _) in Parts)
                for (int blocks = BlocksOf(component); blocks > 0; blocks--)
                {
                    bits.Fill();
                    int found = Refines ? 1 : dc!.Find(bits.Register);
                    if (found == 0)
                        return from;
                    bits.Skip((found & 0xFF) + (found >> 8));
                }

        return bits.Overdrawn ? from - 1 : from;
    }

    private int WalkAc(ref JpegBits bits, int from, int to)
    {
        (JpegComponent component, _, JpegCodes? codes) = Parts[0];
        ulong band = (ulong.MaxValue >> (63 - Last)) & (ulong.MaxValue << First);
        int idle = 0; // number of next blocks that have no new coefficient
        while (from < to && !bits.Overdrawn)
            if (idle > 0 && !Refines)
            {
                int jump = Math.Min(idle, to - from);
                idle -= jump;
                from += jump;
            }
            else if (idle > 0)
            {
                idle--;
                bits.SkipMany(BitOperations.PopCount(component.NonZero[from++] & band));
            }
            else if (SkipBand(ref bits, codes!, ref component.NonZero[from], band) is var run and >= 0)
            {
                idle = run;
                from++;
            }
            else
                return from;
        return bits.Overdrawn ? from - 1 : from;
    }

    /// <summary>
    /// Skips the band of one block (annex G.1.2.2 and G.1.2.3). In a refinement scan, each coefficient that was already non-zero has one
    /// correction bit when it is passed. Zeros are counted, and a new coefficient replaces the zero after them.
    /// </summary>
    /// <returns>Number of further blocks whose band is empty; -1 for a code that is not in the table.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int SkipBand(ref JpegBits bits, JpegCodes codes, ref ulong nonZero, ulong band)
    {
        ulong register = bits.Register,
            before = nonZero,
            known = before,
            left = band; // coefficients still to come
        int count = bits.Count,
            run = 0;
        bool refines = Refines;
        while (left != 0)
        {
            bits.Refill(ref register, ref count);
            int found = codes.Find(register);
            if (found == 0)
                return -1;
            int zeros = found >> 12,
                size = (found >> 8) & 15,
                length = found & 0xFF;
            ulong passed = left;
            if (size == 0 && zeros < 15)
            {
                run = (1 << zeros) + (int)(register << length >> 32 >> (32 - zeros)) - 1;
                length += zeros;
            }
            else
            {
                length += refines ? Math.Min(size, 1) : size;
                ulong target = BitAt(refines ? left & ~known : left, zeros); // 0 if the band has no such coefficient
                passed &= target == 0 ? ulong.MaxValue : target | (target - 1);
                known |= size > 0 ? target : 0;
            }

            length += refines ? BitOperations.PopCount(before & passed) : 0;
            left &= ~passed;
            for (; length > 48; length -= 32)
            {
                register <<= 32;
                count -= 32;
                bits.Refill(ref register, ref count);
            }

            register <<= length;
            count -= length;
        }

        nonZero = known;
        bits.Register = register;
        bits.Count = count;
        return run;
    }

    /// <summary>The set bit with the given number of set bits below it; 0 if there is none.</summary>
    private static ulong BitAt(ulong bits, int below)
    {
        if (Bmi2.X64.IsSupported)
            return Bmi2.X64.ParallelBitDeposit(1UL << below, bits);
        for (; below > 0; below--)
            bits &= bits - 1;
        return bits & (0 - bits);
    }
}
