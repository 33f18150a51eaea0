namespace AaClip.Scoring.Images;

/// <summary>Splits the rows of an image between the CPU cores if there is enough work.</summary>
internal static class RowBands
{
    private const long Worthwhile = 1_000_000; // elementary steps, about 0.5 ms; for less work, starting a thread costs more

    /// <summary>Runs the action on bands [begin, end) that together cover each row exactly once.</summary>
    /// <param name="rows">Number of rows.</param>
    /// <param name="work">Elementary steps for all rows, to decide whether several cores are worthwhile.</param>
    /// <param name="band">Called concurrently on several threads; must not throw.</param>
    public static void Run(int rows, long work, Action<int, int> band)
    {
        // more bands than cores, because some cores may be busy
        int bands = work < Worthwhile ? 1 : Math.Min(rows, 4 * Environment.ProcessorCount);
        if (bands <= 1)
            band(0, rows);
        else
            Parallel.For(0, bands, i => band((int)((long)rows * i / bands), (int)((long)rows * (i + 1) / bands)));
    }
}
