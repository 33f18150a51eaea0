namespace AaClip.Scoring.Images;

/// <summary>
/// Which inputs an output along one axis is made of, and their shares. Output i is the sum over k below <c>Count[i]</c> of
/// <c>Values[i * Taps + k]</c> times input <c>First[i] + k</c>; the shares of an output sum to 1.
/// </summary>
public sealed class AxisWeights
{
    internal AxisWeights(int taps, int[] first, int[] count, double[] values)
    {
        Taps = taps;
        First = first;
        Count = count;
        Values = values;
    }

    /// <summary>Room for each output in <see cref="Values"/>: the largest number of inputs an output may have.</summary>
    public int Taps { get; }

    /// <summary>[outputs]: the first input of each output.</summary>
    public int[] First { get; }

    /// <summary>[outputs]: how many inputs each output has.</summary>
    public int[] Count { get; }

    /// <summary>[outputs, Taps]: shares; 0 from Count on.</summary>
    public double[] Values { get; }
}
