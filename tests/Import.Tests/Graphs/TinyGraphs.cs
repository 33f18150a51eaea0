using AaClip.Graphs;
using AaClip.Graphs.Proto;
using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Tensors;
using AaClip.Tests;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.ML.OnnxRuntime;

namespace AaClip.Import.Tests.Graphs;

/// <summary>The small reference model, its graphs written by the product with inner values exposed, and runs of them.</summary>
internal static class TinyGraphs
{
    public static readonly ModelArchitecture Shape = new()
    {
        ImageSize = 112,
        NativeImageSize = 70,
        Patch = 14,
        Vision = new TowerShape(64, 8, 4, 256),
        Text = new TowerShape(32, 4, 4, 128),
        Context = 77,
        Vocabulary = 49408,
        Embed = 32,
        Levels = [2, 4, 6, 8],
    };

    public static readonly Preprocessing Preprocessing = new() { Size = 112 };

    public static readonly AdapterDescription Adapters = new(3, 0.1, 2, 0.1, Relu: false);

    public static Dictionary<string, (long[] Shape, float[] Values)> Golden(string name) => SafetensorsFile.ReadAll(Parity.File(name));

    public static Dictionary<string, float[]> RunImage(
        AdapterDescription? adapters,
        Precision precision,
        Activation activation,
        float[] images,
        float[] anchors,
        params string[] outputs
    ) =>
        Run(
            path => ImageGraph.Write(path, Shape, adapters, precision, activation, Weights(), null, Taps(outputs)),
            precision,
            outputs,
            () => Inputs(images, anchors)
        );

    /// <summary>The image graph of another method than AA-CLIP, on the plain small model.</summary>
    public static Dictionary<string, float[]> RunMethod(
        Method method,
        int[] levels,
        Precision precision,
        Activation activation,
        float[] images,
        float[] anchors,
        params string[] outputs
    ) =>
        Run(
            path =>
                ImageGraph.Write(
                    path,
                    Shape with
                    {
                        Levels = levels,
                    },
                    null,
                    precision,
                    activation,
                    Weights(method.Table),
                    method,
                    Taps(outputs)
                ),
            precision,
            outputs,
            () => Inputs(images, anchors)
        );

    /// <summary>The same as <see cref="RunMethod"/>, with patches [levels, 64, M] to compare with.</summary>
    public static Dictionary<string, float[]> RunReferences(
        Method method,
        int[] levels,
        float[] images,
        float[] anchors,
        float[] references,
        params string[] outputs
    ) =>
        Run(
            path =>
                ImageGraph.Write(
                    path,
                    Shape with
                    {
                        Levels = levels,
                    },
                    method == Method.AaClip ? Adapters : null,
                    Precision.Fp32,
                    Activation.Gelu,
                    Weights(method.Table),
                    method,
                    Taps(outputs)
                ),
            Precision.Fp32,
            outputs,
            () => WithReferences(Inputs(images, anchors), levels.Length, references)
        );

    /// <summary>AdaCLIP's image graph on one image, with the published small checkpoint.</summary>
    /// <param name="sentences">[n, 78]: side and tokens.</param>
    public static Dictionary<string, float[]> RunAdaClip(Method method, float[] image, float[] sentences, params string[] outputs)
    {
        Func<string, float[]> plain = Weights(method.Table);
        Dictionary<string, (long[] Shape, float[] Values)> learned = Golden("methods/adaclip/pretrained_tiny.safetensors");
        float[] Read(string name) => learned.TryGetValue($"clip_model.{name}", out (long[], float[] Values) own) ? own.Values : plain(name);
        return Run(
            path => AdaClipGraph.Write(path, Shape, Precision.Fp32, Activation.Gelu, Read, method, Taps(outputs)),
            Precision.Fp32,
            outputs,
            () =>
                new()
                {
                    ["image"] = OrtValue.CreateTensorValueFromMemory(image, [1, 3, 112, 112]),
                    ["anchors"] = OrtValue.CreateTensorValueFromMemory(sentences, [1, sentences.Length / 78, 78]),
                }
        );
    }

    /// <summary>Runs the graph for CUDA on the CPU.</summary>
    /// <param name="images">[B, 112, 112, 3].</param>
    /// <param name="references">[levels, 64, M]; null for none.</param>
    public static Dictionary<string, float[]> RunCudaImage(
        AdapterDescription? adapters,
        Activation activation,
        byte[] images,
        float[] anchors,
        float[]? references,
        params string[] outputs
    ) =>
        Run(
            path => CudaImageGraph.Write(path, Shape, adapters, activation, Preprocessing, Weights()),
            Precision.Fp16,
            outputs,
            () =>
                WithReferences(
                    new()
                    {
                        ["image"] = OrtValue.CreateTensorValueFromMemory(images, [images.Length / (3 * 112 * 112), 112, 112, 3]),
                        ["anchors"] = OrtValue.CreateTensorValueFromMemory(anchors, [anchors.Length / 64, 32, 2]),
                    },
                    Shape.Levels.Count,
                    references
                )
        );

    /// <summary>The operators of the graph for CUDA, and how many there are of each.</summary>
    public static Dictionary<string, int> CudaOperators(AdapterDescription? adapters)
    {
        string folder = Directory.CreateTempSubdirectory("aaclip-graph-").FullName;
        try
        {
            string path = Path.Combine(folder, "graph.onnx");
            CudaImageGraph.Write(path, Shape, adapters, Activation.Gelu, Preprocessing, Weights());
            return ModelProto.Parser.ParseFrom(File.ReadAllBytes(path)).Graph.Node.CountBy(n => n.OpType).ToDictionary();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    public static Dictionary<string, float[]> RunText(
        AdapterDescription? adapters,
        Activation activation,
        long[] tokens,
        params string[] outputs
    ) =>
        Run(
            path => TextGraph.Write(path, Shape, adapters, Precision.Fp32, activation, Weights(), Taps(outputs)),
            Precision.Fp32,
            outputs,
            () => new() { ["tokens"] = OrtValue.CreateTensorValueFromMemory(tokens, [tokens.Length / 77, 77]) }
        );

    /// <summary>The graph that tells generated pictures from photos, on one image [3, S, S].</summary>
    public static Dictionary<string, float[]> RunCheck(
        VisionArchitecture shape,
        Func<string, float[]> read,
        float[] image,
        params string[] outputs
    ) =>
        Run(
            path => CheckGraph.Write(path, shape, Precision.Fp32, Activation.QuickGelu, read, Taps(outputs)),
            Precision.Fp32,
            outputs,
            () => new() { ["image"] = OrtValue.CreateTensorValueFromMemory(image, [1, 3, shape.ImageSize, shape.ImageSize]) }
        );

    private static Dictionary<string, OrtValue> Inputs(float[] images, float[] anchors) =>
        new()
        {
            ["image"] = OrtValue.CreateTensorValueFromMemory(images, [images.Length / (3 * 112 * 112), 3, 112, 112]),
            ["anchors"] = OrtValue.CreateTensorValueFromMemory(anchors, [anchors.Length / 64, 32, 2]),
        };

    private static Dictionary<string, OrtValue> WithReferences(Dictionary<string, OrtValue> inputs, int levels, float[]? references)
    {
        if (references is not null)
            inputs["references"] = OrtValue.CreateTensorValueFromMemory(references, [levels, 64, references.Length / (levels * 64)]);
        return inputs;
    }

    private static IEnumerable<string> Taps(string[] outputs) => outputs.Where(o => o.StartsWith('/'));

    private static Func<string, float[]> Weights(TableResize table = TableResize.Antialiased)
    {
        Dictionary<string, (long[] Shape, float[] Values)> all = Golden("tiny/clip-tiny.safetensors");
        foreach ((string key, (long[], float[]) value) in Golden("tiny/adapters.safetensors"))
            all[key] = value;
        return name => name == "visual.positional_embedding" ? Resampling.ResizeTable(all[name].Values, 5, 8, 64, table) : all[name].Values;
    }

    private static Dictionary<string, float[]> Run(
        Action<string> write,
        Precision precision,
        string[] outputs,
        Func<Dictionary<string, OrtValue>> inputs
    )
    {
        string folder = Directory.CreateTempSubdirectory("aaclip-graph-").FullName;
        Dictionary<string, OrtValue> values = inputs();
        try
        {
            string path = Path.Combine(folder, "graph.onnx");
            write(path);
            Int8Kernel? kernel = precision == Precision.Int8 ? Int8Probe.ForThisMachine : null;
            using InferenceSession session = new SessionFactory(Provider.Cpu, 0, false, NullLogger.Instance).Open(path, kernel);
            using RunOptions run = new();
            using IDisposableReadOnlyCollection<OrtValue> results = session.Run(run, [.. values.Keys], [.. values.Values], outputs);
            return outputs.Zip(results).ToDictionary(p => p.First, p => p.Second.GetTensorDataAsSpan<float>().ToArray());
        }
        finally
        {
            foreach (OrtValue value in values.Values)
                value.Dispose();
            Directory.Delete(folder, recursive: true);
        }
    }
}
