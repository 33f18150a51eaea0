using System.Collections.Concurrent;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Resilience;
using AaClip.Pipeline.Telemetry;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Text;

namespace AaClip.Pipeline.Models;

/// <summary>A model in memory, shared by all callers of the process, whose images it takes together.</summary>
public sealed class LoadedModel : IAsyncDisposable
{
    private const int MostNoted = 100; // classes come from profiles, and from requests that anybody may send
    private const int UnwellAfter = 3; // failed runs, one after the other
    private static readonly TimeSpan LongestRun = TimeSpan.FromMinutes(5); // the full-size model takes 4 s an image on two cores

    private readonly AnomalyScorer _scorer;
    private readonly IDisposable? _hold; // keeps the package's files where they are: the text tower is read when a new class comes
    private readonly Batcher<ModelInput, ImageScore> _batcher;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, bool> _uncalibrated = [];
    private long _runBegan; // timestamp; 0 while nothing runs
    private readonly Faults _faults;
    private readonly TimeSpan _deadAfter;

    internal LoadedModel(AnomalyScorer scorer, IDisposable? hold, BatchingOptions batching, TimeSpan deadAfter, TimeProvider time)
    {
        _scorer = scorer;
        _hold = hold;
        _deadAfter = deadAfter;
        _time = time;
        _faults = new Faults(time);
        _batcher = new(
            Run,
            scorer.Batches ? batching.MaxSize : 1,
            scorer.Batches ? TimeSpan.FromMilliseconds(batching.MaxWaitMilliseconds) : TimeSpan.Zero,
            time
        );
        Part = ModelPart.Of(scorer.Model, scorer.Provider);
    }

    /// <summary>What the package says of itself.</summary>
    public ModelManifest Manifest => _scorer.Model;

    /// <summary>"name@version".</summary>
    public string Id => _scorer.Model.Id;

    /// <summary>"cpu" or "cuda".</summary>
    public string Provider => _scorer.Provider;

    /// <summary>"u8s8" or "u8u8": how the products of an int8 package are made; null for float packages.</summary>
    public string? Int8Kernel => _scorer.Int8Kernel?.ToString().ToLowerInvariant();

    /// <summary>As results name it.</summary>
    public ModelPart Part { get; }

    /// <summary>
    /// Not loaded, in effect, after three failed runs without a good one between them. Dead when that lasts for Model__DeadAfterSeconds, or
    /// while a run does not end for five minutes: a GPU that failed may stay so for the life of the process. What is wrong with an image
    /// does not count.
    /// </summary>
    public ModelState State
    {
        get
        {
            long began = Volatile.Read(ref _runBegan);
            if (began != 0 && _time.GetElapsedTime(began) > LongestRun)
                return new ModelState(
                    false,
                    Id,
                    Provider,
                    Int8Kernel,
                    $"A run has not ended for {_time.GetElapsedTime(began).TotalMinutes:F0} minutes.",
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

    /// <summary>Anchors of a class. Computed when a class is first seen, which takes a while; then from memory.</summary>
    /// <exception cref="ClassNameException">The name cannot stand in a prompt; the message says why.</exception>
    public float[] AnchorsOf(string objectClass) => _scorer.AnchorsOf(objectClass);

    /// <summary>Notes for health that images of a class are judged although the package, which has calibrations, has none for it.</summary>
    /// <returns>What to say of it, the first time; else null.</returns>
    public string? NoteCalibrationGap(string objectClass) =>
        Manifest.CalibrationGap(objectClass) is { } gap && _uncalibrated.Count < MostNoted && _uncalibrated.TryAdd(objectClass, true)
            ? gap
            : null;

    /// <summary>Scores an image, in a run with others that wait.</summary>
    /// <param name="image">Resized before this returns; what waits for its run is the model's input alone, 4 MB at 518 px.</param>
    /// <param name="urgent">Goes before images that are not: a new image before those of a job.</param>
    /// <exception cref="InvalidDataException">The model gives for this image what is not a number.</exception>
    public Task<ImageScore> ScoreAsync(RgbImage image, float[] anchors, Domain domain, bool urgent, CancellationToken cancellation) =>
        _batcher.RunAsync(_scorer.Prepare(image, anchors, domain), urgent, cancellation);

    /// <summary>Finishes the run under way, then lets go of the model.</summary>
    public async ValueTask DisposeAsync()
    {
        await _batcher.DisposeAsync();
        _scorer.Dispose();
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
