using System.Buffers;
using System.Numerics.Tensors;
using AaClip.Scoring.Anchors;
using AaClip.Scoring.Clusters;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.References;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Text;
using AaClip.Scoring.Tiles;
using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AaClip.Scoring;

/// <summary>
/// A loaded model: image and class name in, map and score out. One instance serves all threads of a process. Scoring is synchronous
/// work of the processor or the card.
/// </summary>
public sealed partial class AnomalyScorer : IDisposable
{
    private const int PicturesTogether = 8; // views or tiles of an image in one run on CUDA

    private readonly ModelPackage _package;
    private readonly InferenceSession _session;
    private readonly Preprocessor _preprocessor;
    private readonly Func<string, float[]> _anchors; // by the name that the prompts give
    private readonly PromptPack _prompts;
    private readonly int[] _anchorShape; // of one image; -1 for any length
    private readonly ArrayPool<float> _buffers;
    private readonly TensorElementType _type; // of the pixels: float, or uint8 if the graph normalises them
    private readonly OrtAllocator _staging; // memory for the images of a run
    private bool _disposed;

    private AnomalyScorer(
        ModelPackage package,
        InferenceSession session,
        SessionFactory sessions,
        Int8Kernel? kernel,
        Func<string, float[]> anchors,
        PromptPack prompts,
        ArrayPool<float> buffers
    )
    {
        _package = package;
        _session = session;
        _anchors = anchors;
        _prompts = prompts;
        _buffers = buffers;
        _preprocessor = new Preprocessor(package.Manifest.Preprocessing);
        string provider = sessions.Provider;
        Provider = provider;
        Int8Kernel = kernel;
        Batches = provider != "cpu" && package.Manifest is { Precision: not Precision.Int8, Method.Hybrid: null };
        _anchorShape = AnchorShape(package.Manifest);
        _type = session.InputMetadata["image"].ElementDataType;
        _staging = sessions.Staging(session, _type);
        TakesReferences = session.OverridableInitializerMetadata.ContainsKey("references");
    }

    /// <summary>What the package says of itself.</summary>
    public ModelManifest Model => _package.Manifest;

    /// <summary>SHA-256 of the package's model.json, as it was read; see <see cref="ModelPackage.Hash"/>.</summary>
    public string PackageHash => _package.Hash;

    /// <summary>"cuda", "tensorrt" or "cpu": where images are really scored.</summary>
    public string Provider { get; }

    /// <summary>How the products of an int8 package are made on this machine; null for float packages.</summary>
    public Int8Kernel? Int8Kernel { get; }

    /// <summary>
    /// Whether images share a run: float arithmetic on CUDA. Elsewhere each runs by itself, for int8 takes one scale from the whole input,
    /// and on CPU a batch gains no speed. Of AdaCLIP, each image has its own sentences, which fill a run.
    /// </summary>
    public bool Batches { get; }

    /// <summary>Whether images can be compared with good ones: packages of older programs cannot.</summary>
    public bool TakesReferences { get; }

    /// <summary>Loads a model package.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">The package is damaged, changed, or from a newer version.</exception>
    /// <exception cref="InvalidOperationException">CUDA was demanded and cannot be used, or int8 cannot be exact here.</exception>
    public static AnomalyScorer Load(string folder, ScorerOptions? options = null)
    {
        options ??= new ScorerOptions();
        ArgumentOutOfRangeException.ThrowIfNegative(options.Threads);
        ModelPackage package = ModelPackage.Open(folder);

        SessionFactory sessions = new(options.Provider, options.Threads, options.MemoryMapped, options.Logger);
        PromptPack prompts = package.ReadPrompts(options.Verify);
        Func<string, float[]> anchors = OpenAnchors(package, prompts, sessions, options);
        bool floats = package.Manifest.Precision != Precision.Int8;
        Int8Kernel? kernel = VerifiedSession.KernelFor(package.Manifest.Precision, package.Manifest.Id, options);
        InferenceSession session = VerifiedSession.Open(
            package.Content,
            ModelPackage.ImageGraph,
            ModelPackage.ImageWeights,
            sessions,
            kernel,
            options.Verify
        );

        Expect(session, package);
        string provider = sessions.Provider;
        if (kernel is { } int8)
            Log.Int8(options.Logger, package.Manifest.Id, Int8Probe.Describe(int8));
        if (provider == "cpu" && package.Manifest.Precision == Precision.Fp16)
            Log.HalfOnCpu(options.Logger, package.Manifest.Id);
        if (provider != "cpu" && !floats)
            Log.Int8OnCuda(options.Logger, package.Manifest.Id);
        return new AnomalyScorer(package, session, sessions, kernel, anchors, prompts, options.Buffers);
    }

    /// <summary>
    /// Anchors of a class, [E, 2] row-major: column 0 normal, column 1 abnormal. Made once per class and model, then kept; shared, so
    /// that they must not be written to. If the model makes anchors from each image (<see cref="Method.Hybrid"/>), these are the sentences
    /// of the class instead, which take the place of anchors everywhere.
    /// </summary>
    /// <param name="className">"bottle", or a published class such as "MVTec/bottle".</param>
    /// <exception cref="ClassNameException">The name cannot stand in a prompt; the message says why.</exception>
    public float[] AnchorsOf(string className) => _anchors(_prompts.Resolve(className));

    /// <summary>Anchors of no class, for a first run: two unit vectors, or two sentences without words.</summary>
    public float[] BlankAnchors()
    {
        float[] anchors = new float[Model.Method.Hybrid is null ? 2 * _anchorShape[0] : 2 * _anchorShape[1]];
        anchors[0] = anchors[^1] = 1;
        return anchors;
    }

    /// <summary>
    /// Resizes and normalises an image for this model. Work of the processor, which may go on while the model runs; the image is not needed
    /// afterwards. Dispose of the input when it was scored.
    /// </summary>
    /// <param name="image">The decoded image, at its own size.</param>
    /// <param name="anchors">[E, 2]; see <see cref="AnchorsOf"/>.</param>
    /// <param name="domain">Which smoothing applies.</param>
    /// <param name="references">Patches of good images, made with this model; null for none.</param>
    public ModelInput Prepare(RgbImage image, float[] anchors, Domain domain, ReferencePatches? references = null) =>
        _type == TensorElementType.UInt8
            ? new(_preprocessor.Resize(image), anchors, domain) { References = references }
            : new(_preprocessor, image, anchors, domain, _buffers) { References = references };

    /// <summary>Scores one image.</summary>
    /// <param name="className">What the object is called; see <see cref="AnchorsOf"/>.</param>
    public ImageScore Score(
        RgbImage image,
        string className,
        Domain domain = Domain.Industrial,
        CancellationToken cancellation = default
    ) => Score(image, AnchorsOf(className), domain, cancellation);

    /// <summary>Scores one image against given anchors.</summary>
    /// <param name="anchors">[E, 2]; see <see cref="AnchorsOf"/>.</param>
    public ImageScore Score(RgbImage image, float[] anchors, Domain domain, CancellationToken cancellation = default) =>
        Score(image, anchors, domain, null, cancellation);

    /// <summary>Scores one image against given anchors and reference patches.</summary>
    /// <param name="anchors">[E, 2]; see <see cref="AnchorsOf"/>.</param>
    /// <param name="references">See <see cref="Prepare"/>.</param>
    public ImageScore Score(
        RgbImage image,
        float[] anchors,
        Domain domain,
        ReferencePatches? references,
        CancellationToken cancellation = default
    )
    {
        using ModelInput input = Prepare(image, anchors, domain, references);
        return Score([input], cancellation)[0];
    }

    /// <summary>Scores one image, in tiles if it is to be cut.</summary>
    /// <param name="anchors">[E, 2]; see <see cref="AnchorsOf"/>.</param>
    /// <param name="tiling">Null for no tiles.</param>
    /// <param name="references">See <see cref="Prepare"/>.</param>
    public ImageScore Score(
        RgbImage image,
        float[] anchors,
        Domain domain,
        Tiling? tiling,
        ReferencePatches? references,
        CancellationToken cancellation = default
    ) =>
        Cut(image, tiling) is { } tiles
            ? Score(tiles, anchors, domain, PicturesTogether, references, cancellation)
            : Score(image, anchors, domain, references, cancellation);

    /// <summary>The patches of a good image, for a <see cref="ReferenceBank"/>.</summary>
    /// <returns>[levels, patches, width], of length 1 along the width.</returns>
    /// <exception cref="InvalidOperationException">The package cannot take references, or ONNX Runtime failed.</exception>
    public float[] PatchesOf(RgbImage image, CancellationToken cancellation = default)
    {
        RequireReferences();
        ModelArchitecture shape = Model.Architecture;
        int levels = shape.Levels.Count,
            width = shape.Vision.Width;
        using ModelInput input = Prepare(image, BlankAnchors(), Domain.Industrial);
        using OrtValue pixels = input.Tensor(Shape(1));
        using OrtValue anchors = AnchorInput(input.Anchors, 1);
        using OrtValue any = OrtValue.CreateTensorValueFromMemory(new float[levels * width], [levels, width, 1]);
        return Run(
            ["image", "anchors", "references"],
            [pixels, anchors, any],
            ["patches"],
            result => result[0].GetTensorDataAsSpan<float>().ToArray(),
            cancellation
        );
    }

    /// <summary>Cuts an image into tiles for this model. Work of the processor, as <see cref="Prepare"/>.</summary>
    /// <param name="image">The decoded image, at its own size; it is not needed afterwards.</param>
    /// <param name="tiling">Null for no tiles.</param>
    /// <returns>Null if the image is to be scored whole: see <see cref="TileLayout.Of"/>.</returns>
    public TiledImage? Cut(RgbImage image, Tiling? tiling)
    {
        ModelArchitecture shape = Model.Architecture;
        return tiling is { } tiles && TileLayout.Of(tiles, image.Width, image.Height, shape.Grid, shape.Patch) is { } layout
            ? TiledImage.Cut(image, layout, _preprocessor, shape.Patch)
            : null;
    }

    /// <summary>Scores an image in tiles.</summary>
    /// <param name="anchors">[E, 2]; see <see cref="AnchorsOf"/>.</param>
    /// <param name="together">Most tiles in one run where <see cref="Batches"/> says so; at least 1.</param>
    /// <param name="references">Patches of tiles of good images; null for none.</param>
    public ImageScore Score(
        TiledImage image,
        float[] anchors,
        Domain domain,
        int together,
        ReferencePatches? references,
        CancellationToken cancellation = default
    )
    {
        List<ImageScore> scores = [];
        foreach (RgbImage[] some in image.Pictures.OfType<RgbImage>().Chunk(together))
        {
            ModelInput[] inputs = [.. some.Select(p => Prepare(p, anchors, domain, references))];
            try
            {
                scores.AddRange(Score(inputs, cancellation));
            }
            finally
            {
                Array.ForEach(inputs, i => i.Dispose());
            }
        }

        return ImageScore.Merge(image, scores);
    }

    /// <summary>
    /// Scores images of any classes, in one run where <see cref="Batches"/> says so: the caller bounds their number. A score never depends
    /// on the other images.
    /// </summary>
    /// <param name="inputs">As this scorer prepared them; they stay the caller's.</param>
    /// <returns>One score per image, in the order given.</returns>
    /// <exception cref="ArgumentException">An input was prepared for another model.</exception>
    /// <exception cref="InvalidDataException">The model gives what is not a number: it overflowed, or its weights are damaged.</exception>
    /// <exception cref="InvalidOperationException">ONNX Runtime failed, such as for want of memory.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; a running image is stopped within one node of the graph.</exception>
    public IReadOnlyList<ImageScore> Score(IReadOnlyList<ModelInput> inputs, CancellationToken cancellation = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this); // ONNX Runtime would take the process down
        foreach (ModelInput input in inputs)
            RequireFit(input);
        if (Model.Method.Views is { } views and > 1)
            return [.. inputs.Select(i => ScoreViews(i, views, cancellation))];
        if (inputs.Count > 0 && Batches)
            return ScoreTogether(inputs, cancellation);
        ImageScore[] scores = new ImageScore[inputs.Count];
        for (int i = 0; i < scores.Length; i++)
        {
            using OrtValue pixels = inputs[i].Tensor(Shape(1));
            scores[i] = Finish(Run(pixels, inputs[i].Anchors, 1, inputs[i].References, cancellation)[0], inputs[i].Domain);
        }

        return scores;
    }

    /// <summary>Lets the model go. No image may be in work.</summary>
    public void Dispose()
    {
        _disposed = true;
        _staging.Dispose();
        _session.Dispose();
    }

    private static Func<string, float[]> OpenAnchors(
        ModelPackage package,
        PromptPack prompts,
        SessionFactory sessions,
        ScorerOptions options
    )
    {
        if (package.Manifest.Method.Hybrid is not null)
            return new ClassSentences(package, prompts, options.Verify).Rows;
        bool packaged = package.Manifest.Files.ContainsKey(ModelPackage.Anchors); // an unlisted file is not part of the package
        if (packaged && options.Verify)
            package.Verify(ModelPackage.Anchors);
        TextEncoder encoder = new(package, prompts, sessions, options.Verify);
        AnchorStore store = new(
            packaged ? package.PathOf(ModelPackage.Anchors) : null,
            options.CacheFolder ?? CacheFolder.Path,
            AnchorsKey(package.Manifest, prompts),
            package.Manifest.Architecture.Embed,
            encoder.Anchors,
            warning => Log.Cache(options.Logger, warning)
        );
        return store.Get;
    }

    // A description that does not fit its graph would be found only when the first image is scored, and take memory for its own sizes
    // before.
    private static void Expect(InferenceSession session, ModelPackage package)
    {
        ModelArchitecture shape = package.Manifest.Architecture;
        int size = shape.ImageSize;
        int[] image =
            session.InputMetadata.TryGetValue("image", out NodeMetadata? pixels) && pixels.ElementDataType == TensorElementType.UInt8
                ? [size, size, 3]
                : [3, size, size];
        foreach (
            (string input, int[] wanted) in (ReadOnlySpan<(string, int[])>)[("image", image), ("anchors", AnchorShape(package.Manifest))]
        )
            if (
                !session.InputMetadata.TryGetValue(input, out NodeMetadata? found)
                || found.Dimensions.Length != wanted.Length + 1
                || !found.Dimensions.AsSpan(1).SequenceEqual(wanted)
            )
            {
                session.Dispose();
                throw new InvalidDataException(
                    $"'{ModelPackage.ImageGraph}' in the package '{package.Folder}' takes {input} of "
                        + $"{(found is null ? "no shape" : string.Join(" x ", found.Dimensions.Skip(1)))}, "
                        + $"but its {ModelManifest.FileName} says {string.Join(" x ", wanted)}: they belong to different models; "
                        + $"copy the package again."
                );
            }
    }

    private static int[] AnchorShape(ModelManifest model) =>
        model.Method.Hybrid is null ? [model.Architecture.Embed, 2] : [-1, ClassSentences.Columns(model.Architecture)];

    private void RequireFit(ModelInput input)
    {
        (int rows, int columns) = (_anchorShape[0], _anchorShape[1]);
        int length = input.Anchors.Length;
        if (rows < 0 ? length == 0 || length % columns != 0 : length != rows * columns)
            throw new ArgumentException(
                $"Anchors have {length} values, expected {(rows < 0 ? "a multiple of " : "")}{Math.Abs(rows) * columns} for model "
                    + $"{Model.Id}: take them from AnchorsOf.",
                nameof(input)
            );
        Type type = _type == TensorElementType.UInt8 ? typeof(byte) : typeof(float);
        if (input.Type != type || input.Length != _preprocessor.Length)
            throw new ArgumentException(
                $"The input has {input.Length} values of type {input.Type.Name}, expected {_preprocessor.Length} of type {type.Name} for "
                    + $"model {Model.Id}: prepare it with this model's scorer.",
                nameof(input)
            );
        if (input.References is not { } references)
            return;
        RequireReferences();
        if (references.MisfitOf(Model, references.ObjectClass, null) == Misfit.Model)
            throw new ArgumentException(
                $"The reference images were calibrated with another model than {Model.Id}: calibrate them again.",
                nameof(input)
            );
    }

    private void RequireReferences()
    {
        if (!TakesReferences)
            throw new InvalidOperationException(
                $"Model {Model.Id} cannot compare images with references, because an older program made its package: import it again, "
                    + $"or bring it up to date with 'aaclip import --package {_package.Folder} --out DIR'."
            );
    }

    /// <summary>Scores at least one image, all with the same references in one run.</summary>
    internal ImageScore[] ScoreTogether(IReadOnlyList<ModelInput> inputs, CancellationToken cancellation)
    {
        ImageScore[] scores = new ImageScore[inputs.Count];
        foreach (int[] same in inputs.Index().GroupBy(i => i.Item.References, i => i.Index).Select(g => g.ToArray()))
        foreach ((int at, ImageScore score) in same.Zip(ScoreSame([.. same.Select(i => inputs[i])], cancellation)))
            scores[at] = score;
        return scores;
    }

    private unsafe IEnumerable<ImageScore> ScoreSame(ModelInput[] inputs, CancellationToken cancellation)
    {
        using OrtValue pixels = OrtValue.CreateAllocatedTensorValue(_staging, _type, Shape(inputs.Length));
        Span<byte> all = pixels.GetTensorMutableRawData();
        int length = all.Length / inputs.Length; // bytes of an image
        fixed (byte* start = all)
        {
            nint at = (nint)start;
            Parallel.For(0, inputs.Length, i => inputs[i].CopyTo(new Span<byte>((byte*)at + (long)i * length, length)));
        }

        float[] anchors = [.. inputs.SelectMany(i => i.Anchors)];
        return Run(pixels, anchors, inputs.Length, inputs[0].References, cancellation).Zip(inputs, (raw, i) => Finish(raw, i.Domain));
    }

    // The map of the image itself, and the mean detection score of its views.
    private ImageScore ScoreViews(ModelInput input, int views, CancellationToken cancellation)
    {
        int length = _preprocessor.Length;
        List<Raw> scores = [];
        for (int first = 0, together; first < views; first += together)
        {
            together = Batches ? Math.Min(PicturesTogether, views - first) : 1;
            float[] anchors = [.. Enumerable.Repeat(input.Anchors, together).SelectMany(a => a)];
            using OrtValue pixels = OrtValue.CreateAllocatedTensorValue(_staging, _type, Shape(together));
            Span<float> all = pixels.GetTensorMutableDataAsSpan<float>();
            for (int i = 0; i < together; i++)
                Views.Write(input.Floats, _preprocessor.Size, first + i, views, all.Slice(i * length, length));
            // The map is that of the first view
            scores.AddRange(Run(pixels, anchors, together, first == 0 ? input.References : null, cancellation));
        }

        return Finish(scores[0] with { Detection = (float)scores.Average(s => (double)s.Detection) }, input.Domain);
    }

    // With references, distances are mixed into map and detection score
    private ImageScore Finish(Raw raw, Domain domain)
    {
        ModelArchitecture shape = Model.Architecture;
        float[] map = raw.Distance is { } distance ? ReferenceMix.Map(raw.Map, distance, Model.Method, shape.Levels.Count) : raw.Map;
        return new ImageScore
        {
            Detection = raw.Distance is null ? raw.Detection : ReferenceMix.Detection(raw.Detection, raw.Distance, Model.Method),
            Map = new AnomalyMap(map, shape.Grid, shape.ImageSize, domain, Model.Method.Map),
        };
    }

    /// <summary>What the graph gives for an image.</summary>
    /// <param name="Map">[g, g].</param>
    /// <param name="Distance">[g, g]; null without references.</param>
    private readonly record struct Raw(float[] Map, float Detection, float[]? Distance);

    private long[] Shape(int count)
    {
        int size = Model.Architecture.ImageSize;
        return _type == TensorElementType.UInt8 ? [count, size, size, 3] : [count, 3, size, size];
    }

    // Pixels of the given shape, anchors of all images.
    private Raw[] Run(OrtValue pixels, float[] anchors, int count, ReferencePatches? references, CancellationToken cancellation)
    {
        ModelArchitecture shape = Model.Architecture;
        string[] outputs = Model.Method.Hybrid is null ? ["map", "detection"] : ["map", "selected", "class", "difference"];
        using OrtValue anchorInput = AnchorInput(anchors, count);
        using OrtValue? referenceInput = references is null
            ? null
            : OrtValue.CreateTensorValueFromMemory(references.Columns, [references.Levels, references.Width, references.Count]);
        return referenceInput is null
            ? Run(["image", "anchors"], [pixels, anchorInput], outputs, Read, cancellation)
            : Run(["image", "anchors", "references"], [pixels, anchorInput, referenceInput], [.. outputs, "distance"], Read, cancellation);

        Raw[] Read(IReadOnlyList<OrtValue> result)
        {
            ReadOnlySpan<float> maps = result[0].GetTensorDataAsSpan<float>(), // [count, g, g]
                detections = Detections(result), // [count]
                distances = references is null ? [] : result[^1].GetTensorDataAsSpan<float>(); // [count, g, g]
            int cells = shape.Grid * shape.Grid;
            Raw[] raw = new Raw[count];
            for (int i = 0; i < count; i++)
            {
                ReadOnlySpan<float> map = maps.Slice(i * cells, cells);
                float[]? distance = distances.IsEmpty ? null : distances.Slice(i * cells, cells).ToArray();
                if (
                    !float.IsFinite(detections[i])
                    || !float.IsFinite(TensorPrimitives.MaxMagnitude(map))
                    || (distance is not null && !float.IsFinite(TensorPrimitives.MaxMagnitude<float>(distance)))
                )
                    throw new InvalidDataException(
                        $"Model {Model.Id} gives values that are not numbers for image {i}: it overflowed or its weights "
                            + $"are damaged; use a float32 package."
                    );
                raw[i] = new Raw(map.ToArray(), detections[i], distance);
            }

            return raw;
        }
    }

    // Of all methods but one [count, E, 2]
    private OrtValue AnchorInput(float[] anchors, int count)
    {
        int columns = _anchorShape[1];
        return OrtValue.CreateTensorValueFromMemory(anchors, [count, anchors.Length / (count * columns), columns]);
    }

    private T Run<T>(
        string[] names,
        OrtValue[] inputs,
        string[] outputs,
        Func<IReadOnlyList<OrtValue>, T> read,
        CancellationToken cancellation
    )
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        cancellation.ThrowIfCancellationRequested();
        using RunOptions run = new();
        using CancellationTokenRegistration stop = cancellation.Register(() => run.Terminate = true);
        cancellation.ThrowIfCancellationRequested();
        try
        {
            using IDisposableReadOnlyCollection<OrtValue> result = _session.Run(run, names, inputs, outputs);
            return read(result);
        }
        catch (OnnxRuntimeException) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
        catch (OnnxRuntimeException e)
        {
            throw new InvalidOperationException(
                $"Model {Model.Id} failed on {Provider}: {SessionFactory.FirstLine(e.Message)} Free memory, score fewer images at "
                    + $"once, or choose another provider.",
                e
            );
        }
    }

    private ReadOnlySpan<float> Detections(IReadOnlyList<OrtValue> result) =>
        Model.Method.Hybrid is { } hybrid ? new[] { Clustered(result, hybrid) } : result[1].GetTensorDataAsSpan<float>();

    // AdaCLIP's score of the one image of a run.
    private float Clustered(IReadOnlyList<OrtValue> result, HybridPrompts hybrid) =>
        ClusteredScore.Score(
            result[1].GetTensorDataAsSpan<float>(),
            Model.Architecture.Levels.Count,
            result[2].GetTensorDataAsSpan<float>(),
            result[3].GetTensorDataAsSpan<float>(),
            hybrid.Clusters,
            Model.Method.Temperature
        );

    // Everything that anchors depend on: the text tower's graph and weights, the vocabulary, the prompts.
    private static string AnchorsKey(ModelManifest manifest, PromptPack prompts)
    {
        IEnumerable<string> parts = manifest
            .Files.Where(f =>
                f.Key is ModelPackage.TextGraph or ModelPackage.TextWeights
                || f.Key.StartsWith(ModelPackage.Tokenizer + "/", StringComparison.Ordinal)
            )
            .OrderBy(f => f.Key, StringComparer.Ordinal)
            .Select(f => $"{f.Key} {f.Value.Sha256}")
            .Append(prompts.Fingerprint);
        return TextHash.Hex(string.Join('\n', parts), 32);
    }

    private static partial class Log
    {
        [LoggerMessage(
            1,
            LogLevel.Warning,
            "Model {Model} is float16, which a CPU runs many times slower than float32 or int8: import it again with --precision int8."
        )]
        public static partial void HalfOnCpu(ILogger logger, string model);

        [LoggerMessage(2, LogLevel.Warning, "{Warning}")]
        public static partial void Cache(ILogger logger, string warning);

        [LoggerMessage(
            3,
            LogLevel.Warning,
            "Model {Model} is int8, which CUDA leaves to the CPU piece by piece: import it again with --precision fp16, or choose "
                + "--provider cpu."
        )]
        public static partial void Int8OnCuda(ILogger logger, string model);

        [LoggerMessage(4, LogLevel.Information, "Int8 products of model {Model}: {Kernel}.")]
        public static partial void Int8(ILogger logger, string model, string kernel);
    }
}
