namespace AaClip.Synthesis.Drawing;

/// <summary>
/// Random numbers that depend only on their seeds (SplitMix64; Steele, Lea, Flood 2014). So a training that resumes at an epoch gets the
/// same numbers as an uninterrupted one.
/// </summary>
public sealed class SeededRandom
{
    private ulong _state;

    /// <summary>The same seeds give the same numbers.</summary>
    /// <param name="seeds">For example seed, stage, epoch, index.</param>
    public SeededRandom(params ReadOnlySpan<int> seeds)
    {
        foreach (int seed in seeds)
            _state = (_state ^ (uint)seed) * 0x9E3779B97F4A7C15 + Next();
    }

    /// <summary>Uniform in 0 to 1, 1 excluded.</summary>
    public double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform between two bounds.</summary>
    public double Between(double low, double high) => low + (high - low) * NextDouble();

    /// <summary>A number of the standard normal distribution (Box–Muller transform).</summary>
    public double Normal() => Math.Sqrt(-2 * Math.Log(1 - NextDouble())) * Math.Cos(2 * Math.PI * NextDouble());

    /// <summary>True with the given probability.</summary>
    public bool Chance(double probability) => NextDouble() < probability;

    /// <summary>Uniform integer from 0 to <paramref name="count"/> − 1.</summary>
    public int Below(int count) => (int)(NextDouble() * count);

    /// <summary>64 random bits.</summary>
    public ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>Shuffles items in place (Fisher–Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = Below(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }
}
