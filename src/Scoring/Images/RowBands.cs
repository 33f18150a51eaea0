namespace AaClip.Scoring.Images;

/// <summary>Splits the rows of an image among the cores, when there is enough to do.</summary>
internal static class RowBands
{
    private const long Worthwhile = 1_000_000; // elementary steps, about half a millisecond: below it, waking a thread costs more

    /// <summary>Runs the action on bands [begin, end) that together cover all rows once.</summary>
    /// <param name="rows">Number of rows.</param>
    /// <param name="work">Elementary steps of all rows together, to judge whether more than one core pays.</param>
    /// <param name="band">Called at once from several threads; must not throw.</param>
    public static void Run(int rows, long work, Action<int, int> band)
    {
        int bands = work < Worthwhile ? 1 : Math.Min(rows, 4 * Environment.ProcessorCount); // more than cores, as they may be busy
        if (bands <= 1)
            band(0, rows);
        else
            Parallel.For(0, bands, i => band((int)((long)rows * i / bands), (int)((long)rows * (i + 1) / bands)));
    }
}
