using System.Buffers.Binary;
using System.Text.Json;

namespace AaClip.Scoring.Tensors;

/// <summary>
/// Reads and writes the safetensors format: 8 bytes with the header length, a JSON header, raw row-major data. All numbers are
/// little-endian.
/// </summary>
public sealed class SafetensorsFile : IDisposable
{
    private const int MaxHeader = 100_000_000; // the format's own limit

    private readonly MappedFile _file;

    private SafetensorsFile(MappedFile file, Dictionary<string, StoredTensor> tensors, Dictionary<string, string> metadata)
    {
        _file = file;
        Tensors = tensors;
        Metadata = metadata;
    }

    /// <summary>All tensors by name; valid until this object is disposed.</summary>
    public IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    /// <summary>The key-value pairs of the header's metadata.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens a file; the data is not read until it is used.</summary>
    /// <exception cref="InvalidDataException">The header is damaged; the message names the file and what was found.</exception>
    public static SafetensorsFile Open(string path)
    {
        MappedFile file = new(path);
        try
        {
            return Read(file);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or OverflowException)
        {
            file.Dispose();
            throw new InvalidDataException($"'{path}' is not a safetensors file: its header cannot be read ({e.Message}).", e);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads all tensors of a small file as float32 and closes the file.</summary>
    public static Dictionary<string, (long[] Shape, float[] Values)> ReadAll(string path)
    {
        using SafetensorsFile file = Open(path);
        return file.Tensors.ToDictionary(t => t.Key, t => (t.Value.Shape.ToArray(), t.Value.ToFloat32()));
    }

    /// <summary>Writes float32 tensors to a temporary file and renames it, so that a reader never sees a partial file.</summary>
    public static void Write(
        string path,
        IEnumerable<KeyValuePair<string, (long[] Shape, float[] Values)>> tensors,
        IReadOnlyDictionary<string, string>? metadata = null
    )
    {
        List<KeyValuePair<string, (long[] Shape, float[] Values)>> list = [.. tensors];
        using MemoryStream header = new();
        using (Utf8JsonWriter json = new(header))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject("__metadata__");
                foreach ((string key, string value) in metadata)
                    json.WriteString(key, value);
                json.WriteEndObject();
            }

            long offset = 0;
            foreach ((string name, (long[] shape, float[] values)) in list)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", "F32");
                json.WriteStartArray("shape");
                foreach (long n in shape)
                    json.WriteNumberValue(n);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += values.Length * sizeof(float));
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        while (header.Length % 8 != 0)
            header.WriteByte((byte)' ');

        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (FileStream stream = File.Create(temporary))
            {
                Span<byte> length = stackalloc byte[8];
                BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
                stream.Write(length);
                stream.Write(header.GetBuffer(), 0, (int)header.Length);
                foreach ((_, (_, float[] values)) in list)
                    stream.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(values));
            }

            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary); // does nothing after the move
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static SafetensorsFile Read(MappedFile file)
    {
        if (file.Length < 8)
            throw new InvalidDataException(
                $"'{file.Path}' has {file.Length} bytes, fewer than a safetensors header: it was not copied whole."
            );
        long headerLength = BinaryPrimitives.ReadInt64LittleEndian(file.Slice(0, 8).Span);
        if (headerLength is < 2 or > MaxHeader || headerLength > file.Length - 8)
            throw new InvalidDataException(
                $"'{file.Path}' is not a safetensors file: its first 8 bytes give a header of {headerLength} bytes in a file of "
                    + $"{file.Length}."
            );

        using JsonDocument header = JsonDocument.Parse(file.Slice(8, headerLength));
        Dictionary<string, StoredTensor> tensors = new(StringComparer.Ordinal);
        Dictionary<string, string> metadata = new(StringComparer.Ordinal);
        foreach (JsonProperty entry in header.RootElement.EnumerateObject())
        {
            if (entry.Name == "__metadata__")
            {
                foreach (JsonProperty pair in entry.Value.EnumerateObject())
                    metadata[pair.Name] = pair.Value.ToString();
                continue;
            }

            TensorType type = ParseType(entry.Value.TryGetProperty("dtype", out JsonElement t) ? t.ToString() : "", entry.Name, file.Path);
            long[] shape = Numbers(entry, "shape", file.Path);
            long[] offsets = Numbers(entry, "data_offsets", file.Path);
            if (offsets.Length != 2 || offsets[0] < 0 || offsets[1] < offsets[0])
                throw new InvalidDataException(
                    $"Tensor '{entry.Name}' in '{file.Path}' has data_offsets {StoredTensor.FormatShape(offsets)}, expected [begin, end]."
                );
            ReadOnlyMemory<byte> data = file.Slice(8 + headerLength + offsets[0], offsets[1] - offsets[0]);
            StoredTensor tensor = new(entry.Name, file.Path, type, shape, data);
            if (tensor.Count * type.Size() != data.Length)
                throw new InvalidDataException(
                    $"Tensor '{entry.Name}' in '{file.Path}' of type {type} and shape {tensor.ShapeText} needs "
                        + $"{tensor.Count * type.Size()} bytes, but has {data.Length}."
                );
            if (!tensors.TryAdd(entry.Name, tensor))
                throw new InvalidDataException($"Tensor '{entry.Name}' stands twice in the header of '{file.Path}'.");
        }

        return new SafetensorsFile(file, tensors, metadata);
    }

    private static long[] Numbers(JsonProperty entry, string key, string path) =>
        entry.Value.TryGetProperty(key, out JsonElement array) && array.ValueKind == JsonValueKind.Array
            ? [.. array.EnumerateArray().Select(n => n.GetInt64())]
            : throw new InvalidDataException($"Tensor '{entry.Name}' in '{path}' has no '{key}' in the header.");

    private static TensorType ParseType(string text, string name, string path) =>
        text switch
        {
            "F64" => TensorType.Float64,
            "F32" => TensorType.Float32,
            "F16" => TensorType.Float16,
            "BF16" => TensorType.BFloat16,
            "I64" => TensorType.Int64,
            "I32" => TensorType.Int32,
            "I16" => TensorType.Int16,
            "I8" => TensorType.Int8,
            "U8" => TensorType.UInt8,
            "BOOL" => TensorType.Bool,
            _ => throw new InvalidDataException(
                $"Tensor '{name}' in '{path}' has the type '{text}', which cannot be read here: convert it to F32, F16 or BF16."
            ),
        };
}
