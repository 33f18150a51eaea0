using AaClip.Graphs.Proto;
using Google.Protobuf;

namespace AaClip.Graphs;

/// <summary>A weight tensor stored in a graph file.</summary>
/// <param name="Name">Checkpoint key.</param>
/// <param name="Type">"Float", "Float16" or "Int8"; "Int64" for axes and bounds.</param>
/// <param name="Shape">Axis lengths as used in the graph's products: linear weights are [inputs, outputs].</param>
/// <param name="Bytes">Stored size in bytes.</param>
public sealed record GraphTensor(string Name, string Type, IReadOnlyList<long> Shape, long Bytes);

/// <summary>Lists the weights of a graph file.</summary>
public static class GraphTensors
{
    /// <summary>Reads all initializers in file order.</summary>
    /// <exception cref="InvalidDataException">The file is not an ONNX graph.</exception>
    public static IReadOnlyList<GraphTensor> Read(string path)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            return [.. ModelProto.Parser.ParseFrom(stream).Graph.Initializer.Select(Describe)];
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new InvalidDataException($"'{path}' is not an ONNX graph: {e.Message}", e);
        }
    }

    private static GraphTensor Describe(TensorProto tensor)
    {
        string? length = tensor.ExternalData.FirstOrDefault(e => e.Key == "length")?.Value;
        long bytes = length is null ? tensor.RawData.Length : long.Parse(length, System.Globalization.CultureInfo.InvariantCulture);
        return new GraphTensor(tensor.Name, ((TensorProto.Types.DataType)tensor.DataType).ToString(), [.. tensor.Dims], bytes);
    }
}
