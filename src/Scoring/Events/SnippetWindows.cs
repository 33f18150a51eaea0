namespace AaClip.Scoring.Events;

/// <summary>Sequences of features as windows of a fixed length. Pure functions: the same features give the same windows.</summary>
public static class SnippetWindows
{
    /// <summary>
    /// Cuts a sequence for scoring (VadCLIP, src/test.py). A shorter one than the window is padded with zeros behind. A longer one gives
    /// n / length + 1 windows, the last padded; if n is a multiple of the length, the last is all zeros and counts as full, as published:
    /// it
    /// is scored, and its scores are dropped.
    /// </summary>
    /// <param name="features">[n, width], n at least 1.</param>
    /// <param name="width">Width of a feature.</param>
    /// <param name="length">Snippets of a window.</param>
    public static IReadOnlyList<SnippetWindow> Cut(ReadOnlySpan<float> features, int width, int length)
    {
        int count = CountOf(features, width);
        SnippetWindow[] windows = new SnippetWindow[count < length ? 1 : count / length + 1];
        for (int i = 0; i < windows.Length; i++)
        {
            float[] padded = new float[length * width];
            int valid = Math.Clamp(count - i * length, 0, length);
            features.Slice(i * length * width, valid * width).CopyTo(padded);
            windows[i] = new SnippetWindow(padded, valid == 0 ? length : valid);
        }

        return windows;
    }

    /// <summary>
    /// One window of a sequence for training (VadCLIP, src/utils/tools.py): a longer one than the window is reduced to it by the means of
    /// equal parts (a part without a snippet takes its first one), a shorter one is padded with zeros behind.
    /// </summary>
    /// <param name="features">[n, width], n at least 1.</param>
    public static SnippetWindow Reduce(ReadOnlySpan<float> features, int width, int length)
    {
        int count = CountOf(features, width);
        if (count <= length)
        {
            float[] padded = new float[length * width];
            features.CopyTo(padded);
            return new SnippetWindow(padded, count);
        }

        float[] means = new float[length * width];
        for (int i = 0; i < length; i++)
        {
            int from = Bound(i),
                to = Math.Max(Bound(i + 1), from + 1);
            Span<float> mean = means.AsSpan(i * width, width);
            for (int at = from; at < to; at++)
            for (int d = 0; d < width; d++)
                mean[d] += features[at * width + d];
            for (int d = 0; d < width; d++)
                mean[d] /= to - from;
        }

        return new SnippetWindow(means, length);

        // ⌊linspace(0, n, length + 1)⌋
        int Bound(int i) => i == length ? count : (int)(i * ((double)count / length));
    }

    private static int CountOf(ReadOnlySpan<float> features, int width)
    {
        if (features.Length == 0 || features.Length % width != 0)
            throw new ArgumentException($"{features.Length} values are no features of width {width}.", nameof(features));
        return features.Length / width;
    }
}

/// <summary>A window of features.</summary>
/// <param name="Features">[length, width]; zeros behind the valid ones.</param>
/// <param name="Valid">Snippets that count as valid, 1 to the length.</param>
public sealed record SnippetWindow(float[] Features, int Valid);
