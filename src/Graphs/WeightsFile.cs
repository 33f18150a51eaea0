using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using AaClip.Graphs.Proto;
using Google.Protobuf;
using static AaClip.Graphs.Proto.TensorProto.Types;

namespace AaClip.Graphs;

/// <summary>
/// The external data file of a graph. Tensors of a page (4096 bytes) or more are aligned to pages, so that ONNX Runtime can map them;
/// smaller ones are aligned to cache lines (64 bytes). Tensors smaller than a kilobyte are stored in the graph file.
/// </summary>
internal sealed class WeightsFile(string path) : IDisposable
{
    private const int Inline = 1024;
    private const int Page = 4096;
    private const int CacheLine = 64;

    private readonly FileStream _stream = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 20);
    private readonly string _location = Path.GetFileName(path);

    /// <summary>Adds a float32 tensor, stored as float32 or float16.</summary>
    public TensorProto Add(string name, ReadOnlySpan<long> shape, ReadOnlySpan<float> values, DataType type)
    {
        if (type == DataType.Float)
            return Add(name, shape, type, MemoryMarshal.AsBytes(values));
        if (type != DataType.Float16)
            throw new ArgumentOutOfRangeException(nameof(type), type, "Weights are stored as float32, float16 or int8.");

        Half[] halves = ArrayPool<Half>.Shared.Rent(values.Length);
        try
        {
            TensorPrimitives.ConvertToHalf(values, halves);
            return Add(name, shape, type, MemoryMarshal.AsBytes(halves.AsSpan(0, values.Length)));
        }
        finally
        {
            ArrayPool<Half>.Shared.Return(halves);
        }
    }

    /// <summary>Adds a tensor from its bytes (little-endian, row-major).</summary>
    public TensorProto Add(string name, ReadOnlySpan<long> shape, DataType type, ReadOnlySpan<byte> bytes)
    {
        TensorProto tensor = new() { Name = name, DataType = (int)type };
        tensor.Dims.AddRange(shape.ToArray());
        if (bytes.Length < Inline)
        {
            tensor.RawData = ByteString.CopyFrom(bytes);
            return tensor;
        }

        int alignment = bytes.Length >= Page ? Page : CacheLine;
        long offset = (_stream.Position + alignment - 1) / alignment * alignment;
        _stream.Position = offset;
        _stream.Write(bytes);
        tensor.DataLocation = DataLocation.External;
        tensor.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = _location });
        tensor.ExternalData.Add(
            new StringStringEntryProto { Key = "offset", Value = offset.ToString(System.Globalization.CultureInfo.InvariantCulture) }
        );
        tensor.ExternalData.Add(
            new StringStringEntryProto { Key = "length", Value = bytes.Length.ToString(System.Globalization.CultureInfo.InvariantCulture) }
        );
        return tensor;
    }

    public void Dispose() => _stream.Dispose();
}
