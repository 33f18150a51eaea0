using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AaClip.Scoring.Tensors;

/// <summary>
/// A tensor in a weight file: name, type, shape, and its bytes in place (little-endian). Data is read only when requested.
/// </summary>
public sealed class StoredTensor
{
    private const int MaxAxes = 64; // PyTorch's own limit; the index for strided access is on the stack

    private readonly ReadOnlyMemory<byte> _storage;
    private readonly long[] _strides; // in elements
    private readonly long _offset; // in elements

    /// <summary>Describes a tensor in a storage.</summary>
    /// <param name="name">Key in its file.</param>
    /// <param name="file">The file's path, for messages.</param>
    /// <param name="type">Element type.</param>
    /// <param name="shape">Axis lengths; empty for a scalar.</param>
    /// <param name="storage">The bytes to which strides and offset refer.</param>
    /// <param name="strides">Elements between neighbours along each axis; row-major if omitted.</param>
    /// <param name="offset">Index of the tensor's first element in the storage.</param>
    /// <exception cref="InvalidDataException">The shape is negative or too large, or the tensor reaches outside the storage.</exception>
    public StoredTensor(
        string name,
        string file,
        TensorType type,
        long[] shape,
        ReadOnlyMemory<byte> storage,
        long[]? strides = null,
        long offset = 0
    )
    {
        Name = name;
        File = file;
        Type = type;
        Shape = shape;
        if (shape.Length > MaxAxes)
            throw new InvalidDataException(
                $"Tensor '{name}' in '{file}' has {shape.Length} axes, at most {MaxAxes} are possible: the file is damaged."
            );
        _storage = storage;
        _offset = offset;
        _strides = strides ?? RowMajor(shape);
        Count = CountOf(shape);

        if (_strides.Length != shape.Length)
            throw Bad($"has {shape.Length} axes but {_strides.Length} strides");
        long elements = storage.Length / type.Size();
        if (offset < 0 || _strides.Any(s => s < 0))
            throw Bad("has a negative offset or stride");
        if (Count > 0 && !Reaches(elements))
            throw Bad($"of type {type} and shape {ShapeText} reaches outside its storage of {elements} elements");
    }

    /// <summary>Key in its file, for example "visual.proj".</summary>
    public string Name { get; }

    /// <summary>Path of the file.</summary>
    public string File { get; }

    /// <summary>Element type as stored.</summary>
    public TensorType Type { get; }

    /// <summary>Axis lengths.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Number of elements.</summary>
    public long Count { get; }

    /// <summary>The shape as "[1024, 768]".</summary>
    public string ShapeText => FormatShape(Shape);

    /// <summary>The shape as "[1024, 768]".</summary>
    public static string FormatShape(IEnumerable<long> shape) =>
        "[" + string.Join(", ", shape.Select(n => n.ToString(CultureInfo.InvariantCulture))) + "]";

    /// <summary>The same values with another name.</summary>
    public StoredTensor Renamed(string name) => new(name, File, Type, [.. Shape], _storage, _strides, _offset);

    /// <summary>Throws if the shape differs from the expected one.</summary>
    /// <exception cref="InvalidDataException">The shape differs; the message names tensor, file, both shapes and the remedy.</exception>
    public StoredTensor Expect(string remedy, params ReadOnlySpan<long> shape)
    {
        if (!shape.SequenceEqual([.. Shape]))
            throw new InvalidDataException(
                $"Tensor '{Name}' in '{File}' has shape {ShapeText}, expected {FormatShape(shape.ToArray())}: {remedy}."
            );
        return this;
    }

    /// <summary>
    /// Throws if the elements are not floating-point numbers; for example, a quantised weight has no meaning without its scale.
    /// </summary>
    /// <exception cref="InvalidDataException">
    /// The type is not a floating-point type; the message names tensor, file, type and the remedy.
    /// </exception>
    public StoredTensor ExpectFloat(string remedy) =>
        Type is TensorType.Float64 or TensorType.Float32 or TensorType.Float16 or TensorType.BFloat16
            ? this
            : throw new InvalidDataException($"Tensor '{Name}' in '{File}' is of type {Type}, expected a floating-point type: {remedy}.");

    /// <summary>The elements in row-major order as float32; any numeric type is converted.</summary>
    public float[] ToFloat32()
    {
        float[] values = new float[checked((int)Count)];
        CopyTo(values);
        return values;
    }

    /// <summary>The elements in row-major order as int64.</summary>
    /// <exception cref="InvalidDataException">The stored type is not an integer type.</exception>
    public long[] ToInt64()
    {
        ReadOnlySpan<byte> bytes = Contiguous();
        return Type switch
        {
            TensorType.Int64 => MemoryMarshal.Cast<byte, long>(bytes).ToArray(),
            TensorType.Int32 => Widen<int>(bytes),
            TensorType.Int16 => Widen<short>(bytes),
            TensorType.Int8 => Widen<sbyte>(bytes),
            TensorType.UInt8 or TensorType.Bool => Widen<byte>(bytes),
            _ => throw Bad($"is {Type}, expected an integer type"),
        };

        static long[] Widen<T>(ReadOnlySpan<byte> bytes)
            where T : unmanaged, System.Numerics.INumberBase<T>
        {
            ReadOnlySpan<T> from = MemoryMarshal.Cast<byte, T>(bytes);
            long[] to = new long[from.Length];
            for (int i = 0; i < to.Length; i++)
                to[i] = long.CreateTruncating(from[i]);
            return to;
        }
    }

    /// <summary>Writes the elements in row-major order as float32.</summary>
    /// <param name="destination">At least <see cref="Count"/> long.</param>
    public void CopyTo(Span<float> destination)
    {
        ReadOnlySpan<byte> bytes = Contiguous();
        destination = destination[..checked((int)Count)];
        switch (Type)
        {
            case TensorType.Float32:
                MemoryMarshal.Cast<byte, float>(bytes).CopyTo(destination);
                break;
            case TensorType.Float16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(bytes), destination);
                break;
            case TensorType.BFloat16:
                ReadOnlySpan<ushort> upper = MemoryMarshal.Cast<byte, ushort>(bytes);
                for (int i = 0; i < destination.Length; i++)
                    destination[i] = BitConverter.UInt32BitsToSingle((uint)upper[i] << 16);
                break;
            case TensorType.Float64:
                TensorPrimitives.ConvertTruncating(MemoryMarshal.Cast<byte, double>(bytes), destination);
                break;
            default:
                long[] integers = ToInt64();
                for (int i = 0; i < destination.Length; i++)
                    destination[i] = integers[i];
                break;
        }
    }

    /// <summary>The elements' bytes in row-major order: a view of the file if they are contiguous, otherwise a copy.</summary>
    public ReadOnlySpan<byte> Contiguous()
    {
        int size = Type.Size();
        if (Count == 0)
            return [];
        if (IsRowMajor())
            return _storage.Span.Slice(checked((int)(_offset * size)), checked((int)(Count * size)));

        byte[] copy = new byte[checked((int)(Count * size))];
        ReadOnlySpan<byte> source = _storage.Span;
        Span<long> index = stackalloc long[Shape.Count];
        for (int i = 0; i < Count; i++)
        {
            long at = _offset;
            for (int axis = 0; axis < index.Length; axis++)
                at += index[axis] * _strides[axis];
            source.Slice((int)(at * size), size).CopyTo(copy.AsSpan(i * size));
            for (int axis = index.Length - 1; axis >= 0 && ++index[axis] == Shape[axis]; axis--)
                index[axis] = 0;
        }

        return copy;
    }

    private static long CountOf(long[] shape)
    {
        Int128 count = 1;
        foreach (long n in shape)
        {
            if (n < 0)
                throw new InvalidDataException($"A tensor has the negative axis {n}.");
            count *= n;
            if (count > int.MaxValue)
                throw new InvalidDataException($"A tensor of shape {FormatShape(shape)} has more than {int.MaxValue} elements.");
        }

        return (long)count;
    }

    private static long[] RowMajor(long[] shape)
    {
        long[] strides = new long[shape.Length];
        long step = 1;
        for (int axis = shape.Length - 1; axis >= 0; axis--)
        {
            strides[axis] = step;
            step = unchecked(step * shape[axis]);
        }

        return strides;
    }

    private bool IsRowMajor()
    {
        long step = 1;
        for (int axis = Shape.Count - 1; axis >= 0; axis--)
        {
            if (Shape[axis] != 1 && _strides[axis] != step) // the stride of an axis of length 1 is not used
                return false;
            step *= Shape[axis];
        }

        return true;
    }

    private bool Reaches(long elements)
    {
        Int128 last = _offset;
        for (int axis = 0; axis < Shape.Count; axis++)
            last += (Int128)(Shape[axis] - 1) * _strides[axis];
        return last < elements;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private InvalidDataException Bad(string what) => new($"Tensor '{Name}' in '{File}' {what}: the file is damaged.");
}
