using AaClip.Scoring.Tensors;

namespace AaClip.Graphs;

/// <summary>
/// A model weight under the one name used here, whatever the checkpoint calls it and however it cuts it up. Nothing is read before
/// <see cref="Read"/>, and nothing is kept after it, so that a model costs the memory of one weight at a time.
/// </summary>
public sealed class Weight
{
    private readonly StoredTensor[] _parts;
    private readonly bool _transposed;

    /// <summary>A weight made of checkpoint tensors.</summary>
    /// <param name="name">Its name here.</param>
    /// <param name="shape">Its shape here.</param>
    /// <param name="parts">Tensors joined along the first axis; only one when <paramref name="transposed"/>.</param>
    /// <param name="transposed">Whether the checkpoint has the two axes the other way round.</param>
    internal Weight(string name, long[] shape, StoredTensor[] parts, bool transposed)
    {
        Name = name;
        Shape = shape;
        _parts = parts;
        _transposed = transposed;
    }

    /// <summary>For example "visual.proj".</summary>
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
