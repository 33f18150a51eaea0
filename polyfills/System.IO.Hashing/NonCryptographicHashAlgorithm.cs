using System.ComponentModel;

namespace System.IO.Hashing;

/// <summary>A hash that is fed piece by piece and is no defence against forgery.</summary>
public abstract class NonCryptographicHashAlgorithm
{
    /// <summary>Sets the length of the hash in bytes.</summary>
    protected NonCryptographicHashAlgorithm(int hashLengthInBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(hashLengthInBytes, 1);
        HashLengthInBytes = hashLengthInBytes;
    }

    /// <summary>Length of the hash in bytes.</summary>
    public int HashLengthInBytes { get; }

    /// <summary>Adds bytes.</summary>
    public abstract void Append(ReadOnlySpan<byte> source);

    /// <summary>Forgets every byte added.</summary>
    public abstract void Reset();

    /// <summary>Writes the hash of what was added; the state stays as it is.</summary>
    protected abstract void GetCurrentHashCore(Span<byte> destination);

    /// <summary>Adds bytes.</summary>
    public void Append(byte[] source)
    {
        ArgumentNullException.ThrowIfNull(source);
        Append(source.AsSpan());
    }

    /// <summary>Adds what is left of a stream.</summary>
    public void Append(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        byte[] buffer = new byte[4096];
        for (int read = stream.Read(buffer); read > 0; read = stream.Read(buffer))
            Append(buffer.AsSpan(0, read));
    }

    /// <summary>Adds what is left of a stream.</summary>
    public async Task AppendAsync(Stream stream, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        byte[] buffer = new byte[4096];
        for (int read = await Next().ConfigureAwait(false); read > 0; read = await Next().ConfigureAwait(false))
            Append(buffer.AsSpan(0, read));

        ValueTask<int> Next() => stream.ReadAsync(buffer, cancellationToken);
    }

    /// <summary>The hash of what was added.</summary>
    public byte[] GetCurrentHash()
    {
        byte[] hash = new byte[HashLengthInBytes];
        GetCurrentHashCore(hash);
        return hash;
    }

    /// <summary>Writes the hash of what was added.</summary>
    /// <exception cref="ArgumentException">The destination is shorter than the hash.</exception>
    public int GetCurrentHash(Span<byte> destination) =>
        TryGetCurrentHash(destination, out int written) ? written : throw new ArgumentException(TooShort(destination.Length), nameof(destination));

    /// <summary>Writes the hash of what was added, if there is room.</summary>
    public bool TryGetCurrentHash(Span<byte> destination, out int bytesWritten)
    {
        bytesWritten = destination.Length < HashLengthInBytes ? 0 : HashLengthInBytes;
        if (bytesWritten == 0)
            return false;
        GetCurrentHashCore(destination[..HashLengthInBytes]);
        return true;
    }

    /// <summary>The hash of what was added, which is then forgotten.</summary>
    public byte[] GetHashAndReset()
    {
        byte[] hash = new byte[HashLengthInBytes];
        GetHashAndResetCore(hash);
        return hash;
    }

    /// <summary>Writes the hash of what was added, which is then forgotten.</summary>
    /// <exception cref="ArgumentException">The destination is shorter than the hash.</exception>
    public int GetHashAndReset(Span<byte> destination) =>
        TryGetHashAndReset(destination, out int written) ? written : throw new ArgumentException(TooShort(destination.Length), nameof(destination));

    /// <summary>Writes the hash of what was added, if there is room, and then forgets it.</summary>
    public bool TryGetHashAndReset(Span<byte> destination, out int bytesWritten)
    {
        bytesWritten = destination.Length < HashLengthInBytes ? 0 : HashLengthInBytes;
        if (bytesWritten == 0)
            return false;
        GetHashAndResetCore(destination[..HashLengthInBytes]);
        return true;
    }

    /// <summary>Writes the hash of what was added and forgets it.</summary>
    protected virtual void GetHashAndResetCore(Span<byte> destination)
    {
        GetCurrentHashCore(destination);
        Reset();
    }

    /// <summary>Not the hash of the bytes added.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete("Use GetCurrentHash() to retrieve the computed hash code.", true)]
#pragma warning disable CS0809 // an obsolete member overrides one that is not: so does the package's
    public override int GetHashCode() => throw new NotSupportedException("Use GetCurrentHash() to retrieve the computed hash code.");
#pragma warning restore CS0809

    private string TooShort(int length) => $"The destination holds {length} bytes, the hash has {HashLengthInBytes}: pass a longer span.";
}
