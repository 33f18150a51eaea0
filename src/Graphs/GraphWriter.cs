using System.Runtime.InteropServices;
using AaClip.Graphs.Proto;
using Google.Protobuf;
using Google.Protobuf.Collections;
using static AaClip.Graphs.Proto.AttributeProto.Types;
using static AaClip.Graphs.Proto.TensorProto.Types;

namespace AaClip.Graphs;

/// <summary>
/// Writes one ONNX graph, node by node. Nodes are named by their path ("/visual/blocks.3/attn/q/MatMul"), initializers by their checkpoint
/// key. Equal constants are written once.
/// </summary>
internal sealed class GraphWriter : IDisposable
{
    public const string Microsoft = "com.microsoft";
    private const int IrVersion = 10;
    private const int Opset = 20;

    private readonly GraphProto _graph;
    private readonly WeightsFile _weights;
    private readonly string _path;
    private readonly HashSet<string> _initializers = [];
    private readonly HashSet<string> _taps;
    private RepeatedField<NodeProto> _nodes; // of the graph, or of the branch that is being written

    /// <param name="path">The graph's file; its weights are written to the same path with the extension ".weights".</param>
    /// <param name="taps">Tap names of inner values that also become outputs; for tests and inspection.</param>
    public GraphWriter(string path, IEnumerable<string>? taps = null)
    {
        _path = path;
        _weights = new WeightsFile(Path.ChangeExtension(path, ".weights"));
        _graph = new GraphProto { Name = Path.GetFileNameWithoutExtension(path) };
        _taps = [.. taps ?? []];
        _nodes = _graph.Node;
    }

    /// <summary>Continues a graph that was written before; its weights stay where they are.</summary>
    /// <param name="path">As above: the file must not exist.</param>
    /// <param name="earlier">The graph's file.</param>
    /// <exception cref="InvalidDataException">The file is no ONNX graph, or one for another version of the operators.</exception>
    public GraphWriter(string path, string earlier)
        : this(path)
    {
        ModelProto model;
        try
        {
            using FileStream stream = File.OpenRead(earlier);
            model = ModelProto.Parser.ParseFrom(stream);
        }
        catch (InvalidProtocolBufferException e)
        {
            _weights.Dispose();
            throw new InvalidDataException($"'{earlier}' is not an ONNX graph: {e.Message}", e);
        }

        if (model.OpsetImport.FirstOrDefault(o => o.Domain.Length == 0)?.Version != Opset)
        {
            _weights.Dispose();
            throw new InvalidDataException($"'{earlier}' does not use version {Opset} of ONNX's operators: import the model again.");
        }

        _graph.MergeFrom(model.Graph);
        _initializers.UnionWith(_graph.Initializer.Select(i => i.Name));
    }

    /// <summary>Whether a node makes this value.</summary>
    public bool Makes(Value value) => _graph.Node.Any(n => n.Output.Contains(value.Name));

    /// <summary>Whether the graph has an input with this name.</summary>
    public bool HasInput(string name) => _graph.Input.Any(i => i.Name == name);

    /// <summary>Declares an input. An axis is a number, or a name if its length is variable.</summary>
    public Value Input(string name, DataType type, params ReadOnlySpan<object> axes)
    {
        _graph.Input.Add(Describe(name, type, axes));
        return new Value(name);
    }

    /// <summary>Declares an input that may be left out: it is then empty along its last axis.</summary>
    public Value OptionalInput(string name, DataType type, params ReadOnlySpan<object> axes)
    {
        Value input = Input(name, type, axes);
        long[] shape = [.. axes[..^1].ToArray().Select(a => Convert.ToInt64(a, System.Globalization.CultureInfo.InvariantCulture)), 0];
        _graph.Initializer.Add(_weights.Add(name, shape, type, []));
        return input;
    }

    /// <summary>Adds a node whose results one of two branches makes. A branch uses all values that were made before.</summary>
    /// <param name="condition">One truth value.</param>
    /// <param name="type">Type of all results; the branches may give them different shapes.</param>
    public Value[] If(string path, Value condition, DataType type, Func<Value[]> then, Func<Value[]> otherwise)
    {
        GraphProto first = Branch("then", then),
            second = Branch("else", otherwise);
        return Nodes("If", "", path, first.Output.Count, [condition], Graph("then_branch", first), Graph("else_branch", second));

        GraphProto Branch(string name, Func<Value[]> write)
        {
            GraphProto branch = new() { Name = $"{path}/{name}" };
            RepeatedField<NodeProto> outer = _nodes;
            _nodes = branch.Node;
            try
            {
                foreach (Value result in write())
                    branch.Output.Add(Describe(result.Name, type));
            }
            finally
            {
                _nodes = outer;
            }

            return branch;
        }
    }

    /// <summary>Declares an output with its own name.</summary>
    public void Output(string name, Value value, DataType type, params ReadOnlySpan<object> axes)
    {
        _nodes.Add(
            new NodeProto
            {
                Name = $"/{name}/Identity",
                OpType = "Identity",
                Input = { value.Name },
                Output = { name },
            }
        );
        _graph.Output.Add(Describe(name, type, axes));
    }

    /// <summary>Makes an inner value an output if the taps contain this name.</summary>
    public Value Tap(string name, Value value)
    {
        if (_taps.Remove(name))
        {
            _nodes.Add(
                new NodeProto
                {
                    Name = $"/{name}/Cast",
                    OpType = "Cast",
                    Input = { value.Name },
                    Output = { name },
                    Attribute = { Int("to", (int)DataType.Float) },
                }
            );
            _graph.Output.Add(
                new ValueInfoProto
                {
                    Name = name,
                    Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)DataType.Float } },
                }
            );
        }

        return value;
    }

    /// <summary>Adds a node with one result.</summary>
    /// <param name="op">Operator of the standard domain.</param>
    /// <param name="path">Path of the node, such as "/visual/blocks.0/attn/q".</param>
    public Value Node(string op, string path, ReadOnlySpan<Value> inputs, params ReadOnlySpan<AttributeProto> attributes) =>
        Nodes(op, "", path, 1, inputs, attributes)[0];

    /// <summary>Adds a node with one result that uses one of ONNX Runtime's own operators.</summary>
    public Value Fused(string op, string path, ReadOnlySpan<Value> inputs, params ReadOnlySpan<AttributeProto> attributes) =>
        Nodes(op, Microsoft, path, 1, inputs, attributes)[0];

    /// <summary>Adds a node with several results.</summary>
    public Value[] Nodes(
        string op,
        string domain,
        string path,
        int results,
        ReadOnlySpan<Value> inputs,
        params ReadOnlySpan<AttributeProto> attributes
    ) => Nodes(op, domain, path, [.. Enumerable.Repeat(true, results)], inputs, attributes);

    /// <summary>Adds a node with several results, of which some are not wanted.</summary>
    /// <param name="wanted">For each result, whether it is made.</param>
    /// <returns>The results; those that are not wanted must not be used.</returns>
    public Value[] Nodes(
        string op,
        string domain,
        string path,
        bool[] wanted,
        ReadOnlySpan<Value> inputs,
        params ReadOnlySpan<AttributeProto> attributes
    )
    {
        NodeProto node = new()
        {
            Name = $"{path}/{op}",
            OpType = op,
            Domain = domain,
        };
        foreach (Value input in inputs)
            node.Input.Add(input.Name ?? ""); // default(Value): an optional input that is omitted
        Value[] outputs = [.. wanted.Select((made, i) => made ? new Value(i == 0 ? node.Name : $"{node.Name}:{i}") : default)];
        node.Output.AddRange(outputs.Select(o => o.Name ?? ""));
        node.Attribute.AddRange(attributes.ToArray());
        _nodes.Add(node);
        return outputs;
    }

    /// <summary>A range of an axis, from a position to before another.</summary>
    /// <param name="end">Null for the axis's end.</param>
    public Value Slice(string path, Value x, long start, long? end, long axis) =>
        Node("Slice", path, [x, Integers(start), Integers(end ?? int.MaxValue), Integers(axis)]);

    /// <summary>A small float constant.</summary>
    public Value Scalar(float value, DataType type = DataType.Float)
    {
        string name = $"const/{type}/{value.ToString("R", System.Globalization.CultureInfo.InvariantCulture)}";
        if (_initializers.Add(name))
            _graph.Initializer.Add(_weights.Add(name, [], [value], type));
        return new Value(name);
    }

    /// <summary>A small integer vector: axes, shapes, bounds.</summary>
    public Value Integers(params ReadOnlySpan<long> values)
    {
        string name = $"const/int64/{string.Join(',', values.ToArray())}";
        if (_initializers.Add(name))
            _graph.Initializer.Add(_weights.Add(name, [values.Length], DataType.Int64, MemoryMarshal.AsBytes(values)));
        return new Value(name);
    }

    /// <summary>A float weight, stored in the given type.</summary>
    public Value Weight(string key, ReadOnlySpan<long> shape, ReadOnlySpan<float> values, DataType type = DataType.Float)
    {
        if (_initializers.Add(key))
            _graph.Initializer.Add(_weights.Add(key, shape, values, type));
        return new Value(key);
    }

    /// <summary>An int8 weight.</summary>
    public Value Weight(string key, ReadOnlySpan<long> shape, ReadOnlySpan<sbyte> values)
    {
        if (_initializers.Add(key))
            _graph.Initializer.Add(_weights.Add(key, shape, DataType.Int8, MemoryMarshal.AsBytes(values)));
        return new Value(key);
    }

    /// <summary>Whether an initializer with this key exists already; then its values need not be read again.</summary>
    public bool Has(string key) => _initializers.Contains(key);

    /// <summary>
    /// Removes nodes whose results nothing uses. ONNX Runtime would run them, in an order that keeps the values they need for long.
    /// </summary>
    public void RemoveUnused()
    {
        HashSet<string> used = [.. _graph.Output.Select(o => o.Name)];
        for (int i = _graph.Node.Count - 1; i >= 0; i--) // a node stands behind those whose results it uses
        {
            NodeProto node = _graph.Node[i];
            if (node.Output.Any(used.Contains))
                used.UnionWith(InputsOf(node));
            else
                _graph.Node.RemoveAt(i);
        }

        // Branches use values from outside
        static IEnumerable<string> InputsOf(NodeProto node) =>
            node.Input.Concat(node.Attribute.Where(a => a.G is not null).SelectMany(a => a.G.Node).SelectMany(InputsOf));
    }

    /// <summary>Writes the graph file. The weights file is complete after this writer is disposed.</summary>
    public void Save()
    {
        if (_taps.Count > 0)
            throw new ArgumentException($"The graph has no taps named {string.Join(", ", _taps.Order())}.");
        ModelProto model = new()
        {
            IrVersion = IrVersion,
            ProducerName = "AaClip.Functions",
            ProducerVersion = typeof(GraphWriter).Assembly.GetName().Version?.ToString(3) ?? "",
            Graph = _graph,
            OpsetImport =
            {
                new OperatorSetIdProto { Domain = "", Version = Opset },
                new OperatorSetIdProto { Domain = Microsoft, Version = 1 },
            },
        };
        using FileStream stream = new(_path, FileMode.CreateNew);
        model.WriteTo(stream);
    }

    public void Dispose() => _weights.Dispose();

    public static AttributeProto Int(string name, long value) =>
        new()
        {
            Name = name,
            Type = AttributeType.Int,
            I = value,
        };

    public static AttributeProto Float(string name, float value) =>
        new()
        {
            Name = name,
            Type = AttributeType.Float,
            F = value,
        };

    public static AttributeProto Text(string name, string value) =>
        new()
        {
            Name = name,
            Type = AttributeType.String,
            S = ByteString.CopyFromUtf8(value),
        };

    public static AttributeProto Ints(string name, params ReadOnlySpan<long> values)
    {
        AttributeProto attribute = new() { Name = name, Type = AttributeType.Ints };
        attribute.Ints.AddRange(values.ToArray());
        return attribute;
    }

    public static AttributeProto Empty(DataType type, params ReadOnlySpan<long> shape)
    {
        TensorProto tensor = new() { DataType = (int)type, RawData = ByteString.Empty };
        tensor.Dims.AddRange(shape.ToArray());
        return new()
        {
            Name = "value",
            Type = AttributeType.Tensor,
            T = tensor,
        };
    }

    private static AttributeProto Graph(string name, GraphProto graph) =>
        new()
        {
            Name = name,
            Type = AttributeType.Graph,
            G = graph,
        };

    /// <param name="axes">None for any shape.</param>
    private static ValueInfoProto Describe(string name, DataType type, params ReadOnlySpan<object> axes)
    {
        TensorShapeProto shape = new();
        foreach (object axis in axes)
            shape.Dim.Add(
                axis is string free
                    ? new TensorShapeProto.Types.Dimension { DimParam = free }
                    : new TensorShapeProto.Types.Dimension
                    {
                        DimValue = Convert.ToInt64(axis, System.Globalization.CultureInfo.InvariantCulture),
                    }
            );
        return new ValueInfoProto
        {
            Name = name,
            Type = new TypeProto
            {
                TensorType = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = axes.IsEmpty ? null : shape },
            },
        };
    }
}
