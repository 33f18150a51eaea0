using AaClip.Scoring.Tensors;

namespace AaClip.Graphs;

/// <summary>
/// A model weight under its internal name, independent of how the checkpoint names and splits it. Data is read by <see cref="Read"/> and
/// not kept, so only one weight at a time is in memory.
/// </summary>
public sealed class Weight
{
    private readonly StoredTensor[] _parts;
    private readonly bool _transposed;

    /// <summary>Makes a weight from checkpoint tensors.</summary>
    /// <param name="name">Its internal name.</param>
    /// <param name="shape">Its internal shape.</param>
    /// <param name="parts">Tensors to join along the first axis; exactly one if <paramref name="transposed"/>.</param>
    /// <param name="transposed">Whether the two axes are swapped in the checkpoint.</param>
    internal Weight(string name, long[] shape, StoredTensor[] parts, bool transposed)
    {
        Name = name;
        Shape = shape;
        _parts = parts;
        _transposed = transposed;
    }

    /// <summary>Internal name, for example "visual.proj".</summary>
    public string Name { get; }

    /// <summary>Axis lengths.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Number of elements.</summary>
    public long Count => _parts.Sum(p => p.Count);

    /// <summary>The elements in row-major order, converted to float32.</summary>
    public float[] Read()
    {
        float[] values = new float[checked((int)Count)];
        CopyTo(values);
        return values;
    }

    /// <summary>Writes the elements in row-major order, converted to float32.</summary>
    /// <param name="destination">At least <see cref="Count"/> long.</param>
    public void CopyTo(Span<float> destination)
    {
        if (_transposed)
        {
            Transpose(_parts[0].ToFloat32(), destination, (int)Shape[0], (int)Shape[1]);
            return;
        }

        foreach (StoredTensor part in _parts)
        {
            part.CopyTo(destination);
            destination = destination[(int)part.Count..];
        }
    }

    private static void Transpose(ReadOnlySpan<float> source, Span<float> destination, int rows, int columns)
    {
        for (int row = 0; row < rows; row++)
        for (int column = 0; column < columns; column++)
            destination[row * columns + column] = source[column * rows + row];
    }
}
