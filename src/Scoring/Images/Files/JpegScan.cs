using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AaClip.Scoring.Images.Files;

/// <summary>A scan header (ITU-T T.81, B.2.3) with the tables that apply to it.</summary>
/// <param name="Parts">The components of the scan with their tables; a table that the scan does not use may be null.</param>
/// <param name="First">First coefficient, 0 to 63, in zigzag order.</param>
/// <param name="Last">Last coefficient.</param>
/// <param name="Refines">Progressive: true if the scan adds one more bit to coefficients of earlier scans.</param>
/// <param name="LowestBit">Progressive: the lowest bit that the scan contains.</param>
/// <param name="Restart">Number of units between restart markers; 0 if there are none.</param>
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
    /// Decodes the coded data code by code to check that every block is present. Coefficient values are not computed. For progressive scans
    /// it stores which coefficients are zero, because refinement scans have bits only for the others.
    /// </summary>
    /// <param name="data">The data from the end of the scan header to the end of the file.</param>
    /// <param name="end">Index where the coded data end.</param>
    /// <returns>Null if the scan is complete, otherwise a description of the error.</returns>
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

    /// <summary>Number of blocks of a component in one unit of the scan.</summary>
    private int BlocksOf(JpegComponent component) => Parts.Length == 1 ? 1 : component.H * component.V;

    /// <returns>Number of complete units, counted from the start of the scan.</returns>
    private int WalkSequential(ref JpegBits bits, int from, int to)
    {
        // No table is null here: the reader rejects a scan with a missing table.
        (JpegCodes Dc, JpegCodes Ac)[] unit = [.. Parts.SelectMany(p => Enumerable.Repeat((p.Dc!, p.Ac!), BlocksOf(p.Component)))];
        for (; from < to && !bits.Overdrawn; from++)
            if (!SkipUnit(ref bits, unit))
                return from;
        return bits.Overdrawn ? from - 1 : from;
    }

    /// <summary>Hot loop of sequential files: values that change with every code are kept in registers.</summary>
    /// <returns>False for a code that is not in the table.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // a process may decode only one image, so the first call must be fast
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
                    register <<= (int)run; // the shift uses the low 6 bits of run, at most 26
                    count -= (int)run & 63;
                    k += (int)(run >> 8) & 0xFF;
                    run = Unsafe.Add(ref runs, (nint)(register >> JpegCodes.Shift)); // at least 30 bits are left
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
