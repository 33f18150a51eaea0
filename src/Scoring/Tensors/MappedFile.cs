using System.Buffers;
using System.IO.MemoryMappedFiles;

namespace AaClip.Scoring.Tensors;

/// <summary>A file mapped read-only into memory, so that tensors of many gigabytes are used without a copy.</summary>
public sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;
    private bool _disposed;

    /// <summary>Maps a file.</summary>
    /// <param name="shown">What messages call the file, if that is not its path.</param>
    /// <exception cref="InvalidDataException">The file is empty.</exception>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    public MappedFile(string path, string? shown = null)
    {
        Path = shown ?? path;
        Length = new FileInfo(path).Length;
        if (Length == 0)
            throw new InvalidDataException($"'{Path}' is empty: it was not copied whole.");
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        _start += _view.PointerOffset;
    }

    /// <summary>The file's path, or what messages call it.</summary>
    public string Path { get; }

    /// <summary>Size in bytes.</summary>
    public long Length { get; }

    /// <summary>A part of the file; valid until this object is disposed.</summary>
    /// <exception cref="InvalidDataException">The part is outside the file, or is 2 GiB or longer.</exception>
    /// <exception cref="ObjectDisposedException">Thrown by this method, and when a part is read after this object was disposed.</exception>
    public ReadOnlyMemory<byte> Slice(long offset, long length)
    {
        RequireInside(offset, length);
        if (length > int.MaxValue)
            throw new InvalidDataException(
                $"'{Path}' holds one tensor of {length} bytes at byte {offset}, but at most {int.MaxValue} can be read at once: "
                    + $"store it in smaller parts or in half precision."
            );
        return new Window(this, _start + offset, (int)length).Memory;
    }

    /// <summary>A part of the file as a stream, also of more than 2 GiB; dispose of it before this object.</summary>
    /// <exception cref="InvalidDataException">The part is outside the file.</exception>
    public Stream Read(long offset, long length)
    {
        RequireInside(offset, length);
        return length == 0 ? Stream.Null : _file.CreateViewStream(offset, length, MemoryMappedFileAccess.Read);
    }

    private void RequireInside(long offset, long length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (offset < 0 || length < 0 || offset > Length - length)
            throw new InvalidDataException(
                $"'{Path}' has {Length} bytes, but bytes {offset} to {(Int128)offset + length} are asked for: the file is damaged "
                    + $"or was not copied whole."
            );
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    private sealed class Window(MappedFile owner, byte* start, int length) : MemoryManager<byte>
    {
        public override Span<byte> GetSpan()
        {
            ObjectDisposedException.ThrowIf(owner._disposed, owner); // the file is unmapped: reading it would crash the process
            return new(start, length);
        }

        public override MemoryHandle Pin(int elementIndex = 0)
        {
            ObjectDisposedException.ThrowIf(owner._disposed, owner);
            return new(start + elementIndex);
        }

        public override void Unpin() { }

        protected override void Dispose(bool disposing) { }
    }
}
