namespace AaClip.Evaluation.Metrics;

/// <summary>Connected components of a mask.</summary>
internal static class Components
{
    /// <summary>Labels the 8-connected components.</summary>
    /// <param name="mask">[height, width], non-zero inside.</param>
    /// <param name="sizes">Number of pixels of each component.</param>
    /// <returns>[height, width]: index of the component, or −1 outside.</returns>
    public static int[] Label(ReadOnlySpan<byte> mask, int width, out int[] sizes)
    {
        int[] labels = new int[mask.Length];
        Array.Fill(labels, -1);
        List<int> found = [];
        Stack<int> open = new();
        for (int start = 0; start < mask.Length; start++)
        {
            if (mask[start] == 0 || labels[start] >= 0)
                continue;
            int label = found.Count,
                size = 0;
            labels[start] = label;
            open.Push(start);
            while (open.TryPop(out int at))
            {
                size++;
                int x = at % width;
                for (int dy = -width; dy <= width; dy += width)
                for (int dx = -1; dx <= 1; dx++)
                {
                    int next = at + dy + dx;
                    if (x + dx < 0 || x + dx >= width || next < 0 || next >= mask.Length || mask[next] == 0 || labels[next] >= 0)
                        continue;
                    labels[next] = label;
                    open.Push(next);
                }
            }

            found.Add(size);
        }

        sizes = [.. found];
        return labels;
    }
}
