using System.Buffers;
using System.Collections.Concurrent;

namespace AaClip.Tests;

/// <summary>
/// A pool that knows what it has lent. Its arrays are longer than asked for and hold NaN, before they are lent and once they are back: a
/// run that reads what is not its own has no numbers.
/// </summary>
internal sealed class LentBuffers : ArrayPool<float>
{
    private readonly ConcurrentDictionary<float[], bool> _lent = new(ReferenceEqualityComparer.Instance);
    private int _rented;

    /// <summary>Arrays that did not come back.</summary>
    public int Lent => _lent.Count;

    /// <summary>Arrays that were ever lent.</summary>
    public int Rented => Volatile.Read(ref _rented);

    /// <summary>Called whenever an array comes back.</summary>
    public Action? Returning { get; set; }

    /// <inheritdoc/>
    public override float[] Rent(int minimumLength)
    {
        float[] array = new float[minimumLength + 100];
        Array.Fill(array, float.NaN);
        Interlocked.Increment(ref _rented);
        _lent[array] = true;
        return array;
    }

    /// <inheritdoc/>
    public override void Return(float[] array, bool clearArray = false)
    {
        if (!_lent.TryRemove(array, out _))
            throw new InvalidOperationException("An array came back twice, or is not of this pool.");
        Array.Fill(array, float.NaN);
        Returning?.Invoke();
    }
}
