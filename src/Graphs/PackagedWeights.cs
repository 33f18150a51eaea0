using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using AaClip.Graphs.Proto;
using AaClip.Scoring.Tensors;
using Google.Protobuf;
using static AaClip.Graphs.Proto.TensorProto.Types;

namespace AaClip.Graphs;

/// <summary>
/// Reads the weights of an image graph back, with the names and layouts of OpenAI's checkpoints and of the adapters: it undoes what
/// <see cref="ImageGraph"/> and <see cref="TransformerWriter"/> do to them. Of int8 weights it gives the values that they stand for.
/// </summary>
internal sealed class PackagedWeights : IDisposable
{
    private readonly string _path;
    private readonly Dictionary<string, TensorProto> _tensors;
    private readonly MappedFile _file;

    /// <summary>Opens a graph and its weights.</summary>
    /// <param name="path">File of the image graph; the weights lie beside it.</param>
    /// <exception cref="InvalidDataException">The file is no ONNX graph.</exception>
    public PackagedWeights(string path)
    {
        _path = path;
        try
        {
            using FileStream stream = File.OpenRead(path);
            _tensors = ModelProto.Parser.ParseFrom(stream).Graph.Initializer.ToDictionary(t => t.Name);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new InvalidDataException($"'{path}' is not an ONNX graph: {e.Message}", e);
        }

        _file = new MappedFile(Path.ChangeExtension(path, ".weights"));
    }

    /// <summary>The values of a weight, row-major, as float32.</summary>
    /// <param name="name">
    /// OpenAI's name, such as "visual.transformer.resblocks.0.mlp.c_fc.weight" [outputs, inputs], or an adapter's with its prefix. The
    /// class embedding is part of the positional table in a graph; so it is given as zeros, and the table with it.
    /// </param>
    /// <exception cref="InvalidDataException">The graph has no such weight.</exception>
    public float[] Read(string name)
    {
        if (name == "visual.class_embedding")
            return new float[Tensor("visual.ln_pre.weight").Dims[0]];
        if (name.EndsWith("in_proj_weight", StringComparison.Ordinal) && !_tensors.ContainsKey(name))
            return [.. "qkv".SelectMany(part => Linear(Tensor($"{name}.{part}")))];
        TensorProto tensor = Tensor(name);
        return tensor.Dims.Count == 2 && name != "visual.proj" ? Linear(tensor) : Values(tensor);
    }

    public void Dispose() => _file.Dispose();

    // [inputs, outputs] → [outputs, inputs]
    private float[] Linear(TensorProto tensor)
    {
        (int inputs, int outputs) = ((int)tensor.Dims[0], (int)tensor.Dims[1]);
        float[] stored = Values(tensor),
            values = new float[stored.Length];
        float[]? scales = tensor.DataType == (int)DataType.Int8 ? Values(Tensor($"{tensor.Name}.scale")) : null;
        for (int output = 0; output < outputs; output++)
        for (int input = 0; input < inputs; input++)
            values[output * inputs + input] = stored[input * outputs + output] * (scales is null ? 1 : scales[output]);
        return values;
    }

    private float[] Values(TensorProto tensor)
    {
        ReadOnlySpan<byte> bytes = Bytes(tensor);
        switch ((DataType)tensor.DataType)
        {
            case DataType.Float:
                return MemoryMarshal.Cast<byte, float>(bytes).ToArray();
            case DataType.Float16:
                float[] singles = new float[bytes.Length / 2];
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(bytes), singles);
                return singles;
            case DataType.Int8:
                float[] whole = new float[bytes.Length];
                for (int i = 0; i < whole.Length; i++)
                    whole[i] = (sbyte)bytes[i];
                return whole;
            default:
                throw new InvalidDataException(
                    $"'{tensor.Name}' in '{_path}' has the type {(DataType)tensor.DataType}, expected float32, float16 or int8."
                );
        }
    }

    private ReadOnlySpan<byte> Bytes(TensorProto tensor) =>
        tensor.DataLocation == DataLocation.External
            ? _file.Slice(External(tensor, "offset"), External(tensor, "length")).Span
            : tensor.RawData.Span;

    private static long External(TensorProto tensor, string key) =>
        long.Parse(tensor.ExternalData.First(e => e.Key == key).Value, CultureInfo.InvariantCulture);

    private TensorProto Tensor(string name) =>
        _tensors.GetValueOrDefault(name)
        ?? throw new InvalidDataException($"'{_path}' has no weight '{name}': import the model again with this program.");
}
