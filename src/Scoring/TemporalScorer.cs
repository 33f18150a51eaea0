using AaClip.Scoring.Events;
using AaClip.Scoring.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace AaClip.Scoring;

/// <summary>
/// A loaded temporal package: frames to features, features to scores. The image tower is loaded when the first frame comes. Safe for
/// several threads; synchronous work of the processor or the card.
/// </summary>
public sealed class TemporalScorer : IDisposable
{
    private readonly TemporalPackage _package;
    private readonly SessionFactory _sessions;
    private readonly InferenceSession _head;
    private readonly Lazy<FrameTower> _frame;
    private readonly float[] _classes;

    private TemporalScorer(TemporalPackage package, SessionFactory sessions, bool verify)
    {
        (_package, _sessions) = (package, sessions);
        _classes = package.ReadClasses();
        _head = sessions.Open(PathOf(TemporalPackage.HeadGraph, TemporalPackage.HeadWeights, verify));
        _frame = new Lazy<FrameTower>(() =>
            new FrameTower(PathOf(TemporalPackage.FrameGraph, TemporalPackage.FrameWeights, verify), Model.Frame, sessions)
        );
    }

    /// <summary>What the package says of itself.</summary>
    public TemporalManifest Model => _package.Manifest;

    /// <summary>"cuda" or "cpu".</summary>
    public string Provider => _sessions.Provider;

    /// <summary>Loads a temporal package.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">The package is damaged, changed, of another kind, or from a newer version.</exception>
    /// <exception cref="InvalidOperationException">CUDA was demanded and cannot be used.</exception>
    public static TemporalScorer Load(string folder, ScorerOptions? options = null)
    {
        options ??= new ScorerOptions();
        TemporalPackage package = TemporalPackage.Open(folder);
        if (options.Verify)
            package.Verify(TemporalPackage.Classes);
        return new TemporalScorer(
            package,
            new SessionFactory(options.Provider, options.Threads, options.MemoryMapped, options.Logger),
            options.Verify
        );
    }

    /// <summary>The image tower; loaded when it is first used.</summary>
    public FrameTower Frames => _frame.Value;

    /// <summary>
    /// Scores a sequence: it is cut into windows (<see cref="SnippetWindows.Cut"/>), each of which is scored by itself, and sees its own
    /// future. The scores of the padding are dropped.
    /// </summary>
    /// <param name="features">[n, D], one for each snippet, in order of time; n at least 1.</param>
    public SequenceScores Score(ReadOnlySpan<float> features, CancellationToken cancellation = default)
    {
        TemporalHead head = Model.Head;
        int count = features.Length / head.Width,
            classes = Model.Classes.Count;
        IReadOnlyList<SnippetWindow> windows = SnippetWindows.Cut(features, head.Width, head.Length);
        float[] binary = new float[count],
            alignment = new float[count * classes];
        for (int i = 0; i < windows.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            int start = i * head.Length,
                kept = Math.Min(head.Length, count - start);
            if (kept == 0)
                break; // the window of zeros behind an exact multiple: windows do not see each other
            (float[] b, float[] a) = Run(windows[i]);
            b.AsSpan(0, kept).CopyTo(binary.AsSpan(start));
            a.AsSpan(0, kept * classes).CopyTo(alignment.AsSpan(start * classes));
        }

        return SequenceScores.Of(binary, alignment, [.. windows.Select(w => w.Valid)]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _head.Dispose();
        if (_frame.IsValueCreated)
            _frame.Value.Dispose();
    }

    // The logits of one window, padding included: [T] and [T, C].
    internal (float[] Binary, float[] Alignment) Run(SnippetWindow window)
    {
        TemporalHead head = Model.Head;
        using RunOptions run = new();
        using OrtValue features = OrtValue.CreateTensorValueFromMemory(window.Features, [1, head.Length, head.Width]);
        using OrtValue length = OrtValue.CreateTensorValueFromMemory<long>([window.Valid], [1]);
        using OrtValue classes = OrtValue.CreateTensorValueFromMemory(_classes, [Model.Classes.Count, head.Width]);
        using IDisposableReadOnlyCollection<OrtValue> result = _head.Run(
            run,
            ["features", "length", "classes"],
            [features, length, classes],
            ["binary", "alignment"]
        );
        float[] binary = result[0].GetTensorDataAsSpan<float>().ToArray(),
            alignment = result[1].GetTensorDataAsSpan<float>().ToArray();
        return Array.TrueForAll(binary, float.IsFinite) && Array.TrueForAll(alignment, float.IsFinite)
            ? (binary, alignment)
            : throw new InvalidDataException(
                $"A score is not finite: a feature is damaged, or comes from another model than {Model.Id}, or the package is damaged."
            );
    }

    private string PathOf(string graph, string weights, bool verify)
    {
        if (verify)
        {
            _package.Verify(graph);
            if (Model.Files.ContainsKey(weights))
                _package.Verify(weights);
        }

        return _package.PathOf(graph);
    }
}
