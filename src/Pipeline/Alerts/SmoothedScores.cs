namespace AaClip.Pipeline.Alerts;

/// <summary>
/// The scores that the alert rule sees. Smoothing is a pure function of the set of images: the order in which they arrive, and images that
/// arrive twice, change nothing.
/// </summary>
internal static class SmoothedScores
{
    /// <summary>For each image the one with the median score among it and those before it, k in all.</summary>
    /// <param name="images">In the order of their times.</param>
    /// <param name="k">An odd number; 1 for the images themselves.</param>
    /// <returns>One for each image, with the image's time; null where fewer than k images are known.</returns>
    public static IReadOnlyList<Observation?> Of(IReadOnlyList<Observation> images, int k)
    {
        if (k == 1)
            return images;
        Observation?[] medians = new Observation?[images.Count];
        for (int i = k - 1; i < images.Count; i++)
        {
            Observation[] window = [.. images.Skip(i - k + 1).Take(k)];
            Array.Sort(window, ByScore);
            medians[i] = window[k / 2] with { Time = images[i].Time };
        }

        return medians;
    }

    // A score at the threshold can be either; equal scores have the order of their ids.
    private static int ByScore(Observation a, Observation b) =>
        a.Calibrated != b.Calibrated ? a.Calibrated.CompareTo(b.Calibrated)
        : a.Anomalous != b.Anomalous ? a.Anomalous.CompareTo(b.Anomalous)
        : string.CompareOrdinal(a.Id, b.Id);
}
