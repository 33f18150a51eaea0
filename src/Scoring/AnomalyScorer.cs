using System.Numerics.Tensors;
using AaClip.Scoring.Anchors;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Text;
using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;

namespace AaClip.Scoring;

/// <summary>
/// A loaded model: image and class name in, map and score out. One instance serves all threads of a process. Scoring is synchronous
/// work of the processor or the card.
/// </summary>
public sealed partial class AnomalyScorer : IDisposable
{
    private readonly ModelPackage _package;
    private readonly InferenceSession _session;
    private readonly Preprocessor _preprocessor;
    private readonly AnchorStore _anchors;
    private readonly int _batch;
    private bool _disposed;

    private AnomalyScorer(
        ModelPackage package,
        InferenceSession session,
        string provider,
        Int8Kernel? kernel,
        AnchorStore anchors,
        int batch
    )
    {
        _package = package;
        _session = session;
        _anchors = anchors;
        _batch = batch;
        _preprocessor = new Preprocessor(package.Manifest.Preprocessing);
        Provider = provider;
        Int8Kernel = kernel;
    }

    /// <summary>What the package says of itself.</summary>
    public ModelManifest Model => _package.Manifest;

    /// <summary>"cuda" or "cpu": where images are really scored.</summary>
    public string Provider { get; }

    /// <summary>How the products of an int8 package are made on this machine; null for float packages.</summary>
    public Int8Kernel? Int8Kernel { get; }

    /// <summary>Loads a model package.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">The package is damaged, changed, or from a newer version.</exception>
    /// <exception cref="InvalidOperationException">CUDA was demanded and cannot be used, or int8 cannot be exact here.</exception>
    public static AnomalyScorer Load(string folder, ScorerOptions? options = null)
    {
        options ??= new ScorerOptions();
        ArgumentOutOfRangeException.ThrowIfNegative(options.Threads);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.CudaBatch, 1);
        ModelPackage package = ModelPackage.Open(folder);

        SessionFactory sessions = new(options.Provider, options.Threads, options.MemoryMapped, options.Logger);
        AnchorStore anchors = OpenAnchors(package, sessions, options);
        bool floats = package.Manifest.Precision != Precision.Int8;
        Int8Kernel? kernel = floats
            ? null
            : options.Int8Kernel
                ?? Int8Probe.ForThisMachine
                ?? throw new InvalidOperationException(
                    $"Model {package.Manifest.Id} is int8, and would give wrong scores here. Int8 products: {Int8Probe.Describe(null)}."
                );
        InferenceSession session = OpenVerified(package, sessions, kernel, options.Verify);

        Expect(session, package);
        string provider = sessions.Provider;
        if (kernel is { } int8)
            Log.Int8(options.Logger, package.Manifest.Id, Int8Probe.Describe(int8));
        if (provider == "cpu" && package.Manifest.Precision == Precision.Fp16)
            Log.HalfOnCpu(options.Logger, package.Manifest.Id);
        if (provider == "cuda" && !floats)
            Log.Int8OnCuda(options.Logger, package.Manifest.Id);
        return new AnomalyScorer(package, session, provider, kernel, anchors, provider == "cuda" && floats ? options.CudaBatch : 1);
    }

    /// <summary>
    /// Anchors of a class, [E, 2] row-major: column 0 normal, column 1 abnormal. Made once per class and model, then kept; shared, so
    /// that they must not be written to.
    /// </summary>
    /// <param name="className">"bottle", or a published class such as "MVTec/bottle".</param>
    /// <exception cref="ClassNameException">The name cannot stand in a prompt; the message says why.</exception>
    public float[] AnchorsOf(string className) => _anchors.Get(ClassNames.Resolve(className));

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
        Score([new ImageToScore(image, anchors, domain)], cancellation)[0];

    /// <summary>
    /// Scores images of any classes. A score never depends on the other images: on CPU each runs by itself (int8 takes one scale from the
    /// whole input, and a batch gains no speed there), on CUDA <see cref="ScorerOptions.CudaBatch"/> share a run of float arithmetic.
    /// </summary>
    /// <returns>One score per image, in the order given.</returns>
    /// <exception cref="InvalidDataException">The model gives what is not a number: it overflowed, or its weights are damaged.</exception>
    /// <exception cref="InvalidOperationException">ONNX Runtime failed, such as for want of memory.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; a running image is stopped within one node of the graph.</exception>
    public IReadOnlyList<ImageScore> Score(IReadOnlyList<ImageToScore> images, CancellationToken cancellation = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this); // ONNX Runtime would take the process down
        int embed = Model.Architecture.Embed;
        foreach (ImageToScore image in images)
            if (image.Anchors?.Length != 2 * embed)
                throw new ArgumentException(
                    $"Anchors have {image.Anchors?.Length ?? 0} values, expected {2 * embed} for model {Model.Id}: take them from "
                        + $"AnchorsOf.",
                    nameof(images)
                );

        ImageScore[] scores = new ImageScore[images.Count];
        for (int start = 0; start < images.Count; start += _batch)
            Run(images, start, Math.Min(_batch, images.Count - start), scores, cancellation);
        return scores;
    }

    /// <summary>Lets the model go. No image may be in work.</summary>
    public void Dispose()
    {
        _disposed = true;
        _session.Dispose();
    }

    private static AnchorStore OpenAnchors(ModelPackage package, SessionFactory sessions, ScorerOptions options)
    {
        bool packaged = package.Manifest.Files.ContainsKey(ModelPackage.Anchors); // an unlisted file is not part of the package
        if (packaged && options.Verify)
            package.Verify(ModelPackage.Anchors);
        TextEncoder encoder = new(package, sessions, options.Verify);
        return new AnchorStore(
            packaged ? package.PathOf(ModelPackage.Anchors) : null,
            options.CacheFolder ?? CacheFolder.Path,
            AnchorsKey(package.Manifest),
            package.Manifest.Architecture.Embed,
            encoder.Anchors,
            warning => Log.Cache(options.Logger, warning)
        );
    }

    // Native code gets no graph that was not compared. The weights are: hashing and loading read the same pages, and side by side they cost
    // little more than one of them.
    private static InferenceSession OpenVerified(ModelPackage package, SessionFactory sessions, Int8Kernel? kernel, bool verify)
    {
        if (verify)
            package.Verify(ModelPackage.ImageGraph);
        Task verified = verify ? Task.Run(() => package.Verify(ModelPackage.ImageWeights)) : Task.CompletedTask;
        InferenceSession session;
        try
        {
            session = sessions.Open(package.PathOf(ModelPackage.ImageGraph), kernel);
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException)
        {
            verified.GetAwaiter().GetResult(); // a changed file is the better explanation of a graph that does not load
            throw;
        }

        try
        {
            verified.GetAwaiter().GetResult();
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    // A description that does not fit its graph would be found only when the first image is scored, and take memory for its own sizes
    // before.
    private static void Expect(InferenceSession session, ModelPackage package)
    {
        ModelArchitecture shape = package.Manifest.Architecture;
        foreach (
            (string input, int[] wanted) in (ReadOnlySpan<(string, int[])>)
                [("image", [3, shape.ImageSize, shape.ImageSize]), ("anchors", [shape.Embed, 2])]
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

    private void Run(IReadOnlyList<ImageToScore> images, int start, int count, ImageScore[] scores, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        ModelArchitecture shape = Model.Architecture;
        float[] pixels = new float[count * _preprocessor.Length];
        float[] anchors = new float[count * 2 * shape.Embed];
        Parallel.For(
            0,
            count,
            i => // a card waits for them: one after the other they take a third of the time
            {
                _preprocessor.Write(images[start + i].Image, pixels.AsSpan(i * _preprocessor.Length, _preprocessor.Length));
                images[start + i].Anchors.CopyTo(anchors, i * 2 * shape.Embed);
            }
        );

        using OrtValue imageInput = OrtValue.CreateTensorValueFromMemory(pixels, [count, 3, shape.ImageSize, shape.ImageSize]);
        using OrtValue anchorInput = OrtValue.CreateTensorValueFromMemory(anchors, [count, shape.Embed, 2]);
        using RunOptions run = new();
        using CancellationTokenRegistration stop = cancellation.Register(() => run.Terminate = true);
        cancellation.ThrowIfCancellationRequested();
        try
        {
            using IDisposableReadOnlyCollection<OrtValue> result = _session.Run(
                run,
                ["image", "anchors"],
                [imageInput, anchorInput],
                ["map", "detection"]
            );
            ReadOnlySpan<float> maps = result[0].GetTensorDataAsSpan<float>(); // [count, g, g]
            ReadOnlySpan<float> detections = result[1].GetTensorDataAsSpan<float>(); // [count]
            int cells = shape.Grid * shape.Grid;
            for (int i = 0; i < count; i++)
            {
                ReadOnlySpan<float> map = maps.Slice(i * cells, cells);
                if (!float.IsFinite(detections[i]) || !float.IsFinite(TensorPrimitives.MaxMagnitude(map)))
                    throw new InvalidDataException(
                        $"Model {Model.Id} gives values that are not numbers for image {start + i}: it overflowed or its weights "
                            + $"are damaged; use a float32 package."
                    );
                scores[start + i] = new ImageScore
                {
                    Detection = detections[i],
                    Map = new AnomalyMap(map.ToArray(), shape.Grid, shape.ImageSize, images[start + i].Domain),
                };
            }
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

    // Everything that anchors depend on: the text tower's graph and weights, the vocabulary, the prompts.
    private static string AnchorsKey(ModelManifest manifest)
    {
        IEnumerable<string> parts = manifest
            .Files.Where(f =>
                f.Key is ModelPackage.TextGraph or ModelPackage.TextWeights
                || f.Key.StartsWith(ModelPackage.Tokenizer + "/", StringComparison.Ordinal)
            )
            .OrderBy(f => f.Key, StringComparer.Ordinal)
            .Select(f => $"{f.Key} {f.Value.Sha256}")
            .Append(PromptEnsemble.Default.Fingerprint);
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
