using System.Buffers;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;

namespace AaClip.Scoring;

/// <summary>
/// An image as the model takes it: resized and normalised, with the anchors of its class. It holds no decoded image. Its pixels are in a
/// buffer of a pool: dispose of it once, after the last run that reads it.
/// </summary>
public sealed class ModelInput : IDisposable
{
    private readonly ArrayPool<float> _buffers;
    private readonly int _length;
    private float[]? _buffer; // longer than the pixels, as pools lend them; null once it went back

    internal ModelInput(Preprocessor preprocessor, RgbImage image, float[] anchors, Domain domain, ArrayPool<float> buffers)
    {
        Anchors = anchors;
        Domain = domain;
        _buffers = buffers;
        _length = preprocessor.Length;
        _buffer = buffers.Rent(_length);
        try
        {
            preprocessor.Write(image, _buffer.AsSpan(0, _length));
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

    /// <summary>[3, size, size], as <see cref="Preprocessor.Write"/> makes them.</summary>
    /// <exception cref="ObjectDisposedException">The buffer went back to its pool.</exception>
    internal Memory<float> Pixels => (_buffer ?? throw new ObjectDisposedException(nameof(ModelInput))).AsMemory(0, _length);

    /// <summary>Gives the buffer back. No run may be reading it.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } buffer)
            _buffers.Return(buffer);
    }
}
