using AaClip.Scoring;
using AaClip.Scoring.Packages;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Inference;

/// <summary>
/// The process's models: today the live one, loaded once, when it is first needed. Everything asks here for each image, so that another
/// model can take over between two images.
/// </summary>
public sealed partial class ModelHost(IOptions<ModelOptions> options, IOptions<BatchingOptions> batching, TimeProvider time, ILogger<ModelHost> logger) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private Task<LoadedModel>? _live;
    private string? _liveId;
    private bool _closed;

    /// <summary>What health shows.</summary>
    public ModelState State
    {
        get
        {
            Task<LoadedModel>? live = Volatile.Read(ref _live);
            return live switch
            {
                null => new ModelState(false, null, null, "The model is loaded when the first image comes."),
                { IsCompletedSuccessfully: true } => new ModelState(true, live.Result.Id, live.Result.Provider, null),
                { IsCompleted: true } => new ModelState(false, null, null, live.Exception?.InnerException?.Message ?? "Loading was stopped."),
                _ => new ModelState(false, null, null, "The model is being loaded."),
            };
        }
    }

    /// <summary>"name@version" of the live model, also while it is not loaded.</summary>
    /// <exception cref="InvalidDataException">The package cannot be read.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no package.</exception>
    public string LiveId => _liveId ??= ModelPackage.Open(options.Value.Path).Manifest.Id;

    /// <summary>The live model; loads it when that has not happened, or has failed.</summary>
    /// <exception cref="InvalidDataException">The package is damaged, changed, or from a newer version.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no package.</exception>
    public Task<LoadedModel> LiveAsync(CancellationToken cancellation = default)
    {
        Task<LoadedModel> live;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            if (_live is null or { IsCompleted: true, IsCompletedSuccessfully: false })
                _live = Task.Run(Load, CancellationToken.None); // for all callers, whoever of them leaves
            live = _live;
        }

        return live.WaitAsync(cancellation);
    }

    /// <summary>The model that a request names, or the live one.</summary>
    /// <exception cref="InvalidOperationException">Another model than the live one is asked for.</exception>
    public async Task<LoadedModel> GetAsync(string? id, CancellationToken cancellation = default)
    {
        LoadedModel live = await LiveAsync(cancellation).ConfigureAwait(false);
        return id is null || id == live.Id
            ? live
            : throw new InvalidOperationException($"Model {id} is asked for, but this process serves {live.Id}: set Model__Path to its package, or send the request without a model.");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Task<LoadedModel>? live;
        lock (_lock)
        {
            _closed = true;
            live = _live;
        }

        if (live is not null && await Task.WhenAny(live).ConfigureAwait(false) == live && live.IsCompletedSuccessfully)
            await live.Result.DisposeAsync().ConfigureAwait(false);
    }

    private LoadedModel Load()
    {
        long start = time.GetTimestamp();
        try
        {
            AnomalyScorer scorer = AnomalyScorer.Load(options.Value.Path, new ScorerOptions
            {
                Provider = options.Value.Provider,
                Threads = options.Value.Threads,
                CudaBatch = batching.Value.MaxSize,
                Logger = logger,
            });
            Log.Loaded(logger, scorer.Model.Id, scorer.Provider, (long)time.GetElapsedTime(start).TotalMilliseconds);
            return new LoadedModel(scorer, batching.Value, time);
        }
        catch (Exception e)
        {
            Log.Failed(logger, options.Value.Path, e.Message);
            throw;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Loaded model {Model} on {Provider} in {Milliseconds} ms.")]
        public static partial void Loaded(ILogger logger, string model, string provider, long milliseconds);

        [LoggerMessage(2, LogLevel.Error, "The model at '{Path}' cannot be loaded: {Error}")]
        public static partial void Failed(ILogger logger, string path, string error);
    }
}

/// <summary>Whether images can be scored, for health.</summary>
/// <param name="Loaded">Whether the live model is in memory.</param>
/// <param name="Id">"name@version"; null while it is not loaded.</param>
/// <param name="Provider">"cpu" or "cuda"; null while it is not loaded.</param>
/// <param name="Note">Why it is not loaded.</param>
public sealed record ModelState(bool Loaded, string? Id, string? Provider, string? Note);
