using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AaClip.Scoring.Images.Files;

/// <summary>A scan header (ITU-T T.81, B.2.3) with the tables that were in force at it.</summary>
/// <param name="Parts">The components of the scan with their tables; one that the scan does not use may be null.</param>
/// <param name="First">First coefficient, 0 to 63, in zigzag order.</param>
/// <param name="Last">Last coefficient.</param>
/// <param name="Refines">Progressive: true where the scan brings one more bit of coefficients that came before.</param>
/// <param name="LowestBit">Progressive: the lowest bit that it brings.</param>
/// <param name="Restart">Units from one restart marker to the next; 0 for none.</param>
internal sealed partial record JpegScan(
    JpegFrame Frame,
    (JpegComponent Component, JpegCodes? Dc, JpegCodes? Ac)[] Parts,
    int First,
    int Last,
    bool Refines,
    int LowestBit,
    int Restart
)
{
    /// <summary>
    /// Walks over the coded data, code by code, to see that every block is there. Coefficients are not computed; of progressive
    /// scans is remembered which are zero, because refinements have bits for the others alone.
    /// </summary>
    /// <param name="data">From behind the scan header to the end of the file.</param>
    /// <param name="end">Where the coded data end.</param>
    /// <returns>Null when all is there, else what is wrong.</returns>
    public string? Walk(ReadOnlySpan<byte> data, out int end)
    {
        (int wide, int high) = Parts.Length == 1 ? Frame.Blocks(Parts[0].Component) : Frame.Mcus;
        int all = wide * high,
            from = 0;
        for (int done = 0, index = 0; ; index++)
        {
            JpegBits bits = new(data[from..]);
            int until = Restart == 0 ? all : Math.Min(all, done + Restart);
            int reached = Frame.Progressive ? WalkProgressive(ref bits, done, until) : WalkSequential(ref bits, done, until);
            if (reached < until)
            {
                end = 0;
                return bits.Ended
                    ? $"its picture data end after {reached} of {all} units of a scan"
                    : $"a code after {reached} of {all} units of a scan is in none of its tables";
            }

            end = from + bits.End();
            if (until == all)
                break;
            int marker = JpegFile.NextMarker(data, ref end);
            if (marker != 0xD0 + (index & 7))
                return $"a restart marker is missing after {until} of {all} units of a scan";
            (from, done) = (end, until);
        }

        foreach ((JpegComponent component, _, _) in Parts)
            component.LowestBit.AsSpan(First, Last - First + 1).Fill((byte)LowestBit);
        return null;
    }

    /// <summary>Blocks of a component in one unit of the scan.</summary>
    private int BlocksOf(JpegComponent component) => Parts.Length == 1 ? 1 : component.H * component.V;

    /// <returns>The number of units, counted from the first of the scan, that are there.</returns>
    private int WalkSequential(ref JpegBits bits, int from, int to)
    {
        // No table is null here: the reader refuses a scan that lacks one.
        (JpegCodes Dc, JpegCodes Ac)[] unit = [.. Parts.SelectMany(p => Enumerable.Repeat((p.Dc!, p.Ac!), BlocksOf(p.Component)))];
        for (; from < to && !bits.Overdrawn; from++)
            if (!SkipUnit(ref bits, unit))
                return from;
        return bits.Overdrawn ? from - 1 : from;
    }

    /// <summary>Nearly all the time of a sequential file is spent here: what changes from code to code is kept in registers.</summary>
    /// <returns>False at a code that is in none of the tables.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // one image may be all there is: must be fast the first time
    private static bool SkipUnit(ref JpegBits bits, (JpegCodes Dc, JpegCodes Ac)[] unit)
    {
        ulong register = bits.Register;
        int count = bits.Count;
        for (int block = 0; block < unit.Length; block++)
        {
            (JpegCodes dc, JpegCodes ac) = unit[block];
            ref uint runs = ref MemoryMarshal.GetArrayDataReference(ac.Runs);
            bits.Refill(ref register, ref count);
            uint run = dc.Runs[(int)(register >> JpegCodes.Shift)];
            for (int k = 0; ; )
            {
                if (k + (int)(run >> 16) < 64)
                {
                    register <<= (int)run; // by the low 6 bits, at most 26
                    count -= (int)run & 63;
                    k += (int)(run >> 8) & 0xFF;
                    run = Unsafe.Add(ref runs, (nint)(register >> JpegCodes.Shift)); // 30 bits are left
                    if (k + (int)(run >> 16) < 64)
                    {
                        register <<= (int)run;
                        count -= (int)run & 63;
                        k += (int)(run >> 8) & 0xFF;
                    }
                }
                else
                {
                    JpegCodes codes = k == 0 ? dc : ac;
                    int found = codes.Find(register),
                        length = (found & 0xFF) + (found >> 8 & 15);
                    if (found == 0)
                        return false;
                    register <<= length;
                    count -= length;
                    k += codes.Step(found >> 8);
                }

                if (k >= 64)
                    break;
                bits.Refill(ref register, ref count);
                run = Unsafe.Add(ref runs, (nint)(register >> JpegCodes.Shift));
            }
        }

        bits.Register = register;
        bits.Count = count;
        return true;
    }
}
