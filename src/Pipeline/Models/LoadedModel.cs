using System.Collections.Concurrent;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Resilience;
using AaClip.Pipeline.Telemetry;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.References;
using AaClip.Scoring.Text;
using AaClip.Scoring.Tiles;

namespace AaClip.Pipeline.Models;

/// <summary>A model in memory, shared by all callers of the process; it batches their images.</summary>
public sealed class LoadedModel : IAsyncDisposable
{
    private const int MostNoted = 100; // class names come from profiles, but also from requests with any text
    private const int UnwellAfter = 3; // consecutive failed runs
    private static readonly TimeSpan LongestRun = TimeSpan.FromMinutes(5); // the full-size model takes 4 s per image on two cores

    private readonly AnomalyScorer _scorer;
    private readonly IDisposable? _hold; // prevents deletion of the package's files: the text tower is read when a new class arrives
    private readonly Batcher<ModelInput, ImageScore> _batcher;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, bool> _uncalibrated = [];
    private readonly SemaphoreSlim _urgentTiles = new(1),
        _tiles = new(1); // of jobs
    private long _runBegan; // timestamp; 0 while nothing runs
    private readonly Faults _faults;
    private readonly TimeSpan _deadAfter;
    private readonly int _together; // tiles of an image that are prepared at a time

    internal LoadedModel(AnomalyScorer scorer, IDisposable? hold, BatchingOptions batching, TimeSpan deadAfter, TimeProvider time)
    {
        _scorer = scorer;
        _hold = hold;
        _deadAfter = deadAfter;
        _time = time;
        _faults = new Faults(time);
        _together = scorer.Batches ? batching.MaxSize : 1;
        _batcher = new(Run, _together, scorer.Batches ? TimeSpan.FromMilliseconds(batching.MaxWaitMilliseconds) : TimeSpan.Zero, time);
        Part = ModelPart.Of(scorer.Model, scorer.Provider, scorer.PackageHash);
    }

    /// <summary>Wraps a scorer with the default batching, outside of a worker.</summary>
    /// <param name="scorer">It is disposed of with this object.</param>
    public static LoadedModel Of(AnomalyScorer scorer) => new(scorer, null, new BatchingOptions(), TimeSpan.MaxValue, TimeProvider.System);

    /// <summary>The manifest of the package.</summary>
    public ModelManifest Manifest => _scorer.Model;

    /// <summary>"name@version".</summary>
    public string Id => _scorer.Model.Id;

    /// <summary>SHA-256 of the package's model.json.</summary>
    public string PackageHash => _scorer.PackageHash;

    /// <summary>"cpu", "cuda" or "tensorrt".</summary>
    public string Provider => _scorer.Provider;

    /// <summary>"u8s8" or "u8u8": the kernel that multiplies an int8 package's matrices; null for float packages.</summary>
    public string? Int8Kernel => _scorer.Int8Kernel?.ToString().ToLowerInvariant();

    /// <summary>The description of the model in results.</summary>
    public ModelPart Part { get; }

    /// <summary>How long a run takes that has not ended for more than five minutes; null if there is none.</summary>
    public TimeSpan? Hangs =>
        Volatile.Read(ref _runBegan) is not 0 and var began
        && _time.GetElapsedTime(began) is var run
        && run > LongestRun * (Manifest.Method.Views ?? 1)
            ? run
            : null;

    /// <summary>
    /// State for the health report. After three consecutive failed runs, the model counts as not loaded. It counts as dead if this lasts
    /// for Model__DeadAfterSeconds, or while a run takes more than five minutes: a GPU that failed may not recover within the process.
    /// Errors of an image do not count.
    /// </summary>
    public ModelState State
    {
        get
        {
            if (Hangs is { } run)
                return new ModelState(
                    false,
                    Id,
                    Provider,
                    Int8Kernel,
                    $"A run has not ended for {run.TotalMinutes:F0} minutes.",
                    Dead: true
                );
            return _faults.Current is { Count: >= UnwellAfter } fault
                ? new ModelState(
                    false,
                    Id,
                    Provider,
                    Int8Kernel,
                    $"The last {fault.Count} runs failed: {fault.Reason}",
                    Dead: _time.GetUtcNow() - fault.Since >= _deadAfter
                )
                : new ModelState(
                    true,
                    Id,
                    Provider,
                    Int8Kernel,
                    null,
                    Uncalibrated: _uncalibrated.IsEmpty ? null : [.. _uncalibrated.Keys.Order(StringComparer.Ordinal)]
                );
        }
    }

    /// <summary>
    /// Returns the text anchors of a class. They are computed on the first call, which can take seconds, and then kept in memory.
    /// </summary>
    /// <exception cref="ClassNameException">The name cannot be used in a prompt; the message says why.</exception>
    public float[] AnchorsOf(string objectClass) => _scorer.AnchorsOf(objectClass);

    /// <summary>Anchors of no class, for a first run.</summary>
    public float[] BlankAnchors() => _scorer.BlankAnchors();

    /// <summary>
    /// Records for the health report that images of a class are judged, although the package has calibrations but none for this class.
    /// </summary>
    /// <returns>The message to log on the first call for a class; otherwise null.</returns>
    public string? NoteCalibrationGap(string objectClass) =>
        Manifest.CalibrationGap(objectClass) is { } gap && _uncalibrated.Count < MostNoted && _uncalibrated.TryAdd(objectClass, true)
            ? gap
            : null;

    /// <summary>Scores an image without references; see below.</summary>
    public Task<ImageScore> ScoreAsync(RgbImage image, float[] anchors, Domain domain, bool urgent, CancellationToken cancellation) =>
        ScoreAsync(image, anchors, domain, null, urgent, cancellation);

    /// <summary>Scores an image, in a batch with other waiting images.</summary>
    /// <param name="image">
    /// It is resized before this method returns. Only the model's input is kept until the run: at 518 px 4 MB, or 0.8 MB for float16.
    /// </param>
    /// <param name="references">Patches of good images that it is compared with; null for none.</param>
    /// <param name="urgent">True for a new image, false for an image of a job. Urgent images run first.</param>
    /// <exception cref="InvalidDataException">The model returned NaN or infinity for this image.</exception>
    public Task<ImageScore> ScoreAsync(
        RgbImage image,
        float[] anchors,
        Domain domain,
        ReferencePatches? references,
        bool urgent,
        CancellationToken cancellation
    ) => _batcher.RunAsync(_scorer.Prepare(image, anchors, domain, references), urgent, cancellation);

    /// <summary>Whether images can be compared with good ones; see <see cref="AnomalyScorer.TakesReferences"/>.</summary>
    public bool TakesReferences => _scorer.TakesReferences;

    /// <summary>Cuts an image into tiles, if it is to be scored in tiles; see <see cref="AnomalyScorer.Cut"/>.</summary>
    public TiledImage? Cut(RgbImage image, Tiling? tiling) => _scorer.Cut(image, tiling);

    /// <summary>
    /// Scores the tiles of an image: as many at a time as a batch holds, among other waiting images; on the CPU one after the other.
    /// </summary>
    /// <param name="references">Patches of tiles of good images; null for none.</param>
    /// <param name="urgent">As for a whole image.</param>
    /// <exception cref="InvalidDataException">The model returned NaN or infinity for a tile.</exception>
    public async Task<ImageScore> ScoreAsync(
        TiledImage image,
        float[] anchors,
        Domain domain,
        ReferencePatches? references,
        bool urgent,
        CancellationToken cancellation
    )
    {
        // One image after the other: in turn, all of them would end last
        SemaphoreSlim turn = urgent ? _urgentTiles : _tiles;
        await turn.WaitAsync(cancellation);
        try
        {
            List<ImageScore> scores = [];
            foreach (RgbImage[] some in image.Pictures.OfType<RgbImage>().Chunk(_together))
                scores.AddRange(await Task.WhenAll(some.Select(p => ScoreAsync(p, anchors, domain, references, urgent, cancellation))));
            return ImageScore.Merge(image, scores);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Finishes the current run, then unloads the model.</summary>
    public async ValueTask DisposeAsync()
    {
        await _batcher.DisposeAsync();
        _scorer.Dispose();
        _urgentTiles.Dispose();
        _tiles.Dispose();
        _hold?.Dispose();
    }

    private IReadOnlyList<ImageScore> Run(IReadOnlyList<ModelInput> images)
    {
        long start = _time.GetTimestamp();
        Volatile.Write(ref _runBegan, start);
        try
        {
            IReadOnlyList<ImageScore> scores = _scorer.Score(images);
            _faults.Worked();
            Metrics.Inference(images.Count, _time.GetElapsedTime(start), Id, Provider);
            return scores;
        }
        catch (Exception e) when (e is not InvalidDataException)
        {
            _faults.Failed(Fault.Text(e));
            throw;
        }
        finally
        {
            Volatile.Write(ref _runBegan, 0);
        }
    }
}
