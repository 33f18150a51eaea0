using System.Buffers;
using System.Runtime.InteropServices;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.References;
using Microsoft.ML.OnnxRuntime;

namespace AaClip.Scoring;

/// <summary>
/// An image as the model takes it: resized, with the anchors of its class. Normalised floats in a buffer of a pool, or bytes if the graph
/// normalises them. It holds no decoded image. Dispose of it once, after the last run that reads it.
/// </summary>
public sealed class ModelInput : IDisposable
{
    private readonly ArrayPool<float>? _pool;
    private readonly int _length;
    private Array? _buffer; // floats are longer than the image, as pools lend them; null after Dispose

    // Bytes for the graph.
    internal ModelInput(byte[] pixels, float[] anchors, Domain domain)
    {
        (Anchors, Domain) = (anchors, domain);
        (_buffer, _length) = (pixels, pixels.Length);
    }

    internal ModelInput(Preprocessor preprocessor, RgbImage image, float[] anchors, Domain domain, ArrayPool<float> pool)
    {
        (Anchors, Domain) = (anchors, domain);
        (_pool, _length) = (pool, preprocessor.Length);
        float[] buffer = pool.Rent(_length);
        _buffer = buffer;
        try
        {
            preprocessor.Write(image, buffer.AsSpan(0, _length));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>[E, 2] of the image's class; see <see cref="AnomalyScorer.AnchorsOf"/>.</summary>
    public float[] Anchors { get; }

    /// <summary>Which smoothing applies.</summary>
    public Domain Domain { get; }

    /// <summary>Patches of good images that its patches are compared with; null for none.</summary>
    public ReferencePatches? References { get; init; }

    /// <summary>Byte or float.</summary>
    internal Type Type => Buffer.GetType().GetElementType()!; // not null: it is an array

    /// <summary>The pixels of a graph that takes floats, [3, size, size].</summary>
    internal ReadOnlySpan<float> Floats => ((float[])Buffer).AsSpan(0, _length);

    /// <summary>Number of values.</summary>
    internal int Length => _length;

    /// <summary>The pixels as the graph takes them, without a copy.</summary>
    /// <param name="shape">[1, 3, size, size] for floats, [1, size, size, 3] for bytes.</param>
    internal OrtValue Tensor(long[] shape) =>
        Buffer is float[] floats
            ? OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, floats.AsMemory(0, _length), shape)
            : OrtValue.CreateTensorValueFromMemory((byte[])Buffer, shape);

    /// <summary>Copies the pixels into a batch.</summary>
    internal void CopyTo(Span<byte> destination)
    {
        if (Buffer is float[] floats)
            MemoryMarshal.AsBytes(floats.AsSpan(0, _length)).CopyTo(destination);
        else
            ((byte[])Buffer).CopyTo(destination);
    }

    /// <exception cref="ObjectDisposedException">The input was disposed of.</exception>
    private Array Buffer => _buffer ?? throw new ObjectDisposedException(nameof(ModelInput));

    /// <summary>Gives the buffer back. No run may be reading it.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, null) is float[] buffer)
            _pool!.Return(buffer); // not null: floats are from a pool
    }
}
