namespace AaClip.Scoring.Images;

/// <summary>
/// Resampling weights along one axis: which inputs contribute to each output, and with what weight. Output i is the sum over k from 0 to
/// <c>Count[i]</c> - 1 of <c>Values[i * Taps + k]</c> times input <c>First[i] + k</c>. The weights of one output sum to 1.
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

    /// <summary>Slots per output in <see cref="Values"/>: the largest number of inputs of any output.</summary>
    public int Taps { get; }

    /// <summary>[outputs]: index of the first input of each output.</summary>
    public int[] First { get; }

    /// <summary>[outputs]: number of inputs of each output.</summary>
    public int[] Count { get; }

    /// <summary>[outputs, Taps]: the weights; 0 from index Count on.</summary>
    public double[] Values { get; }
}
