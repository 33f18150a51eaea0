using System.Diagnostics;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AaClip.Bench;

/// <summary>Runs a graph repeatedly with inputs of fixed shapes.</summary>
internal sealed class GraphRun : IDisposable
{
    private readonly InferenceSession _session;
    private readonly OrtIoBinding _binding;
    private readonly RunOptions _options = new();
    private readonly List<IDisposable> _held = [];
    private readonly string[] _inputs,
        _outputs;
    private readonly OrtValue[] _host; // inputs in host memory

    private GraphRun(
        InferenceSession session,
        string provider,
        (string Name, OrtValue Value)[] inputs,
        (string Name, long[] Shape)[] outputs
    )
    {
        _session = session;
        (_inputs, _outputs) = ([.. inputs.Select(i => i.Name)], [.. outputs.Select(o => o.Name)]);
        _host = [.. inputs.Select(i => Keep(i.Value))];
        _binding = session.CreateIoBinding();
        for (int i = 0; i < _host.Length; i++)
            _binding.BindInput(_inputs[i], _host[i]); // copies the input to the device of the graph
        OrtMemoryInfo place =
            provider == "cuda"
                ? Keep(new OrtMemoryInfo(OrtMemoryInfo.allocatorCUDA, OrtAllocatorType.DeviceAllocator, 0, OrtMemType.Default))
                : OrtMemoryInfo.DefaultInstance;
        OrtAllocator allocator = Keep(new OrtAllocator(session, place));
        foreach ((string name, long[] shape) in outputs)
            _binding.BindOutput(name, Keep(OrtValue.CreateAllocatedTensorValue(allocator, TensorElementType.Float, shape)));
    }

    /// <summary>The product's sessions.</summary>
    /// <param name="provider">"cuda" or "cpu".</param>
    /// <param name="profile">See <see cref="SessionFactory"/>.</param>
    public static SessionFactory Sessions(string provider, string? profile = null) =>
        new(Enum.Parse<Provider>(provider, ignoreCase: true), threads: 0, memoryMapped: false, NullLogger.Instance, profile: profile);

    /// <summary>Opens a graph with the product's settings.</summary>
    /// <param name="provider">"cuda" or "cpu".</param>
    public static InferenceSession Open(string provider, string path) => Sessions(provider).Open(path);

    /// <summary>Prepares the image graph with a batch of random pixels.</summary>
    /// <param name="provider">"cuda" or "cpu": the provider of the session.</param>
    public static GraphRun Images(InferenceSession session, string provider, ModelArchitecture shape, int batch)
    {
        int side = shape.ImageSize,
            length = batch * 3 * side * side;
        OrtValue image;
        if (session.InputMetadata["image"].ElementDataType == TensorElementType.UInt8)
        {
            byte[] pixels = new byte[length];
            new Random(length).NextBytes(pixels);
            image = OrtValue.CreateTensorValueFromMemory(pixels, [batch, side, side, 3]);
        }
        else
            image = Draw(4, batch, 3, side, side);
        return new GraphRun(
            session,
            provider,
            [("image", image), ("anchors", Anchors(session, shape, batch))],
            [
                ("map", [batch, shape.Grid, shape.Grid]),
                .. session.OutputMetadata.ContainsKey("detection") ? [("detection", [batch])] : Array.Empty<(string, long[])>(),
            ]
        );
    }

    // Columns of about unit length; for AdaCLIP as many sentences as its prompts have, each with 14 tokens.
    private static OrtValue Anchors(InferenceSession session, ModelArchitecture shape, int batch)
    {
        const int Normal = 28,
            Abnormal = 20,
            Tokens = 14;
        int columns = session.InputMetadata["anchors"].Dimensions[^1];
        if (columns == 2)
            return Draw(0.12f, batch, shape.Embed, 2);
        float[] rows = new float[(Normal + Abnormal) * columns];
        for (int i = 0; i < Normal + Abnormal; i++)
        {
            rows[i * columns] = i < Normal ? 0 : 1;
            rows[i * columns + Tokens] = shape.Vocabulary - 1; // the end mark
        }

        return OrtValue.CreateTensorValueFromMemory(rows, [1, Normal + Abnormal, columns]);
    }

    /// <summary>Prepares products or attentions with random values, from x to y.</summary>
    /// <param name="provider">"cuda" or "cpu": the provider of the session.</param>
    /// <param name="shape">Shape of x; y has the same, but for its last axis.</param>
    public static GraphRun Chain(InferenceSession session, string provider, params long[] shape)
    {
        int columns = session.OutputMetadata["y"].Dimensions[^1];
        return new(session, provider, [("x", Draw(4, shape))], [("y", [.. shape[..^1], columns])]);
    }

    /// <summary>Runs once, with inputs and outputs in the memory of the device.</summary>
    public void OnCard() => _session.RunWithBinding(_options, _binding);

    /// <summary>Moves the inputs of <see cref="FromHost"/> to the memory that the product takes for them.</summary>
    /// <param name="place">From <see cref="SessionFactory.Staging"/>; not disposed of before this run.</param>
    public void Stage(OrtAllocator place)
    {
        for (int i = 0; i < _host.Length; i++)
        {
            OrtTensorTypeAndShapeInfo tensor = _host[i].GetTensorTypeAndShape();
            OrtValue staged = Keep(OrtValue.CreateAllocatedTensorValue(place, tensor.ElementDataType, tensor.Shape));
            _host[i].GetTensorMutableRawData().CopyTo(staged.GetTensorMutableRawData());
            _host[i] = staged;
        }
    }

    /// <summary>Runs once, with inputs and outputs in host memory, like the scorer.</summary>
    public void FromHost() => _session.Run(_options, _inputs, _host, _outputs).Dispose();

    /// <summary>
    /// Seconds of single calls in ascending order, after some warm-up calls: for the given time, and at least some calls.
    /// </summary>
    public static double[] Time(Action run, double seconds, int warm = 3, int least = 5)
    {
        for (int i = 0; i < warm; i++)
            run();
        List<double> found = [];
        for (long start = Stopwatch.GetTimestamp(); found.Count < least || Stopwatch.GetElapsedTime(start).TotalSeconds < seconds; )
        {
            long one = Stopwatch.GetTimestamp();
            run();
            found.Add(Stopwatch.GetElapsedTime(one).TotalSeconds);
        }

        found.Sort();
        return [.. found];
    }

    public void Dispose()
    {
        _binding.Dispose(); // first, because it holds tensors of the allocator
        _held.Reverse();
        _held.ForEach(h => h.Dispose());
        _options.Dispose();
    }

    private static OrtValue Draw(float width, params long[] shape)
    {
        float[] values = new float[shape.Aggregate((a, b) => a * b)];
        Random random = new(values.Length);
        for (int i = 0; i < values.Length; i++)
            values[i] = width * (random.NextSingle() - 0.5f);
        return OrtValue.CreateTensorValueFromMemory(values, shape);
    }

    private T Keep<T>(T held)
        where T : IDisposable
    {
        _held.Add(held);
        return held;
    }
}
