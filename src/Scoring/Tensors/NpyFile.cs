using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace AaClip.Scoring.Tensors;

/// <summary>
/// NumPy's array files (.npy, format 1 to 3): float16, float32 or float64 in C order, little-endian. Written are float32 arrays.
/// </summary>
public static partial class NpyFile
{
    private const int MaxHeader = 1 << 20;

    private static ReadOnlySpan<byte> Magic => "NUMPY"u8; // behind the byte 0x93

    /// <summary>Reads an array.</summary>
    /// <returns>Its axis lengths and its values as float32.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is no array file, or one of another type or order; the message says which.</exception>
    public static (int[] Shape, float[] Values) Read(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        if (bytes.Length < 10 || bytes[0] != 0x93 || !bytes.AsSpan(1, 5).SequenceEqual(Magic))
            throw new InvalidDataException($"'{path}' is no .npy file: it does not begin with NumPy's mark.");
        bool wide = bytes[6] >= 2;
        long header = wide && bytes.Length >= 12 ? BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(8)) : bytes[8] | (bytes[9] << 8);
        int start = wide ? 12 : 10;
        if (header > MaxHeader || start + header > bytes.Length)
            throw new InvalidDataException(
                $"'{path}' gives a header of {header} bytes in a file of {bytes.Length}: it was not copied whole."
            );
        string text = Encoding.UTF8.GetString(bytes, start, (int)header);
        Match type = Type().Match(text),
            order = Order().Match(text),
            shape = Shape().Match(text);
        if (!type.Success || !order.Success || !shape.Success)
            throw new InvalidDataException(
                $"The header of '{path}' cannot be read: '{text.Trim()}'; save the array again with numpy.save."
            );
        if (order.Groups[1].Value == "True")
            throw new InvalidDataException($"'{path}' is in Fortran order: save numpy.ascontiguousarray of it.");
        int size = type.Groups[1].Value switch
        {
            "<f2" => 2,
            "<f4" => 4,
            "<f8" => 8,
            string other => throw new InvalidDataException(
                $"'{path}' has the type '{other}', expected '<f2', '<f4' or '<f8': convert it to float16 or float32."
            ),
        };
        int[] axes = Axes(shape.Groups[1].Value, path);
        long count = axes.Aggregate(1L, (a, b) => Math.Min(a * b, int.MaxValue));
        ReadOnlySpan<byte> data = bytes.AsSpan(start + (int)header);
        if (count * size != data.Length)
            throw new InvalidDataException(
                $"'{path}' of shape [{string.Join(", ", axes)}] needs {count * size} bytes, but has {data.Length}: it was not copied whole."
            );
        float[] values = new float[count];
        switch (size)
        {
            case 2:
                ReadOnlySpan<Half> halves = MemoryMarshal.Cast<byte, Half>(data);
                for (int i = 0; i < values.Length; i++)
                    values[i] = (float)halves[i];
                break;
            case 4:
                MemoryMarshal.Cast<byte, float>(data).CopyTo(values);
                break;
            default:
                ReadOnlySpan<double> doubles = MemoryMarshal.Cast<byte, double>(data);
                for (int i = 0; i < values.Length; i++)
                    values[i] = (float)doubles[i];
                break;
        }

        return (axes, values);
    }

    /// <summary>Reads features, [n, width], and checks them.</summary>
    /// <exception cref="InvalidDataException">They have another width, are none, or hold values that are not finite.</exception>
    public static float[] ReadFeatures(string path, int width)
    {
        (int[] shape, float[] values) = Read(path);
        if (shape is not [> 0, _] || shape[1] != width)
            throw new InvalidDataException(
                $"'{path}' has the shape [{string.Join(", ", shape)}], expected [snippets, {width}]: its features are of another model."
            );
        return Array.TrueForAll(values, float.IsFinite)
            ? values
            : throw new InvalidDataException($"'{path}' holds values that are not finite numbers: make the features again.");
    }

    /// <summary>Writes a float32 array to a temporary file and renames it.</summary>
    public static void Write(string path, ReadOnlySpan<int> shape, ReadOnlySpan<float> values)
    {
        string axes = string.Join(", ", shape.ToArray().Select(n => n.ToString(CultureInfo.InvariantCulture)));
        string text = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({axes}{(shape.Length == 1 ? "," : "")}), }}";
        text = text.PadRight((text.Length + 11 + 63) / 64 * 64 - 11) + "\n"; // the data begin at a multiple of 64
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            using (FileStream file = File.Create(temporary))
            {
                file.Write([0x93, .. Magic, 1, 0, (byte)text.Length, (byte)(text.Length >> 8), .. Encoding.ASCII.GetBytes(text)]);
                file.Write(MemoryMarshal.AsBytes(values));
            }

            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary); // does nothing after the move
        }
    }

    private static int[] Axes(string text, string path)
    {
        string[] parts = [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
        int[] axes = new int[parts.Length];
        for (int i = 0; i < axes.Length; i++)
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out axes[i]))
                throw new InvalidDataException($"The header of '{path}' has the shape ({text}), expected whole numbers.");
        return axes;
    }

    [GeneratedRegex(@"'descr'\s*:\s*'([^']*)'")]
    private static partial Regex Type();

    [GeneratedRegex(@"'fortran_order'\s*:\s*(True|False)")]
    private static partial Regex Order();

    [GeneratedRegex(@"'shape'\s*:\s*\(([^)]*)\)")]
    private static partial Regex Shape();
}
