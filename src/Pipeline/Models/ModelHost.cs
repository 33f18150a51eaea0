using AaClip.Pipeline.Resilience;
using AaClip.Scoring;
using AaClip.Scoring.Packages;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Models;

/// <summary>
/// The process's models: the live one, those that jobs and shadows use at present, and one more that is idle. Each image asks here. When
/// another model is promoted, it is loaded while the old one goes on; then it takes over between two images, and the old one goes when its
/// last image is done. A result always names the model that made it.
/// </summary>
public sealed partial class ModelHost(
    IOptions<ModelOptions> options,
    IOptions<BatchingOptions> batching,
    ModelRolesStore choice,
    ModelRepository repository,
    TimeProvider time,
    ILogger<ModelHost> logger
) : IAsyncDisposable
{
    private const int MaxIdleModels = 1; // idle models beside the live one that stay in memory
    private const int Cached = 4; // packages that stay on disk though nobody uses them

    private readonly Lock _lock = new();
    private readonly List<Slot> _slots = [];
    private Slot? _live;
    private string? _ownId;
    private volatile string? _liveId; // as last asked for
    private readonly Faults _faults = new(time); // of the live model's loading
    private bool _closed;

    /// <summary>Whether this process loads the live model at its start, and is unwell without it: the setting Model__Load.</summary>
    public bool Required => options.Value.Load;

    /// <summary>What health shows.</summary>
    public ModelState State
    {
        get
        {
            Task<LoadedModel>? live = Volatile.Read(ref _live)?.Model;
            if (live is { IsCompletedSuccessfully: true })
                return _faults.Current is { } promoted && live.Result.State is { Loaded: true } well
                    ? well with
                    {
                        Note = $"The promoted model cannot be loaded, and {well.Id} goes on: {promoted.Reason}",
                    }
                    : live.Result.State;
            if (_faults.Current is { } fault)
                return new ModelState(false, null, null, null, fault.Reason, Dead: Required && time.GetUtcNow() - fault.Since >= DeadAfter);
            return new ModelState(
                false,
                null,
                null,
                null,
                live is not null ? "The model is being loaded."
                    : Required ? "The model is loaded when the first image comes."
                    : "Model__Load is false."
            );
        }
    }

    private long Now => time.GetTimestamp();

    private TimeSpan DeadAfter => TimeSpan.FromSeconds(options.Value.DeadAfterSeconds);

    /// <summary>"name@version" of the package at Model__Path, which is live until another one is promoted.</summary>
    /// <exception cref="InvalidDataException">The package cannot be read.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no package.</exception>
    public string OwnId => _ownId ??= ModelPackage.Open(options.Value.Path).Manifest.Id;

    /// <summary>"name@version" of the live model, also while it is not loaded.</summary>
    /// <exception cref="InvalidDataException">The package cannot be read.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no package.</exception>
    public async ValueTask<string> LiveIdAsync(CancellationToken cancellation = default) =>
        (await choice.GetAsync(cancellation)).Live ?? OwnId;

    /// <summary>The live model; loads it when that has not happened, or has failed.</summary>
    /// <exception cref="InvalidDataException">The package is damaged, changed, or from a newer version.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no package.</exception>
    public async Task<LoadedModel> LiveAsync(CancellationToken cancellation = default)
    {
        using ModelLease lease = await GetAsync(null, cancellation);
        return lease.Model;
    }

    /// <summary>The model that a request names, or the live one.</summary>
    /// <returns>To be disposed of after use: until then the model stays in memory.</returns>
    /// <exception cref="InvalidDataException">The package is damaged, changed, from a newer version, or not in the models
    /// container.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no package.</exception>
    public async Task<ModelLease> GetAsync(string? id, CancellationToken cancellation = default)
    {
        string wanted = id ?? await LiveOrFaultAsync(cancellation);
        Slot slot;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            Slot next = slot = SlotOf(wanted);
            if (id is null)
            {
                if (_live is null || _live.Failed || next.Model.IsCompletedSuccessfully)
                    _live = next;
                slot = _live; // the old one goes on while the new one is loaded
            }

            slot.Uses++;
            slot.LastUse = time.GetTimestamp();
            LetGo(next);
        }

        try
        {
            LoadedModel model = await slot.Model.WaitAsync(cancellation);
            if (model.Id == _liveId)
                _faults.Worked();
            return new ModelLease(model, () => Leave(slot));
        }
        catch
        {
            Leave(slot);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Slot[] slots;
        lock (_lock)
        {
            _closed = true;
            slots = [.. _slots];
            _slots.Clear();
        }

        foreach (Slot slot in slots)
            await slot.DisposeAsync();
    }

    private async ValueTask<string> LiveOrFaultAsync(CancellationToken cancellation)
    {
        try
        {
            return _liveId = await LiveIdAsync(cancellation);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            _faults.Failed(e.Message);
            Log.Failed(logger, "live", options.Value.Path, e.Message);
            throw;
        }
    }

    // A model that could not be loaded is tried again with back-off; until then callers get the error of the last try.
    private Slot SlotOf(string id)
    {
        Slot? slot = _slots.Find(s => s.Id == id);
        int failures = slot?.Failures ?? 0;
        if (slot is { Failed: true } && time.GetElapsedTime(slot.EndedAt) >= Backoff(++failures))
        {
            _slots.Remove(slot);
            slot = null;
        }

        if (slot is null)
            _slots.Add(slot = new Slot(id, failures, this));
        return slot;
    }

    private static TimeSpan Backoff(int failures) => TimeSpan.FromSeconds(Math.Min(60, Math.Pow(2, failures - 1))); // 1 s to a minute

    // Oldest first, and none that is in use, live, or about to be.
    private void LetGo(Slot next)
    {
        Slot[] idle =
        [
            .. _slots
                .Where(s => s != _live && s != next && s.Uses == 0 && s.Model.IsCompleted)
                .OrderByDescending(s => s.LastUse)
                .Skip(MaxIdleModels),
        ];
        foreach (Slot slot in idle)
        {
            _slots.Remove(slot);
            Log.Unloaded(logger, slot.Id);
            _ = Task.Run(async () => await slot.DisposeAsync());
        }
    }

    private void Leave(Slot slot)
    {
        lock (_lock)
            slot.Uses--;
    }

    private async Task<LoadedModel> LoadAsync(string id)
    {
        long start = time.GetTimestamp();
        string path = options.Value.Path;
        try
        {
            // The package at Model__Path need not be in storage, nor the other way round.
            bool own = Directory.Exists(path) && OwnId == id;
            if (!own)
                path = await repository.FetchAsync(id);
            IDisposable? hold = own ? null : ModelRepository.Hold(path);
            AnomalyScorer scorer;
            try
            {
                scorer = Open(path);
            }
            catch (Exception e) when (!own && e is InvalidDataException or FileNotFoundException)
            {
                Log.Damaged(logger, id, path, e.Message);
                hold?.Dispose();
                path = await repository.FetchAsync(id, again: true);
                hold = ModelRepository.Hold(path);
                scorer = Open(path);
            }

            if (!own)
                repository.Trim(Cached);

            if (scorer.Model.Id != id)
            {
                scorer.Dispose();
                throw new InvalidDataException(
                    $"The package at '{path}' is {scorer.Model.Id}, expected {id}: it was changed under way; restart, or delete the folder."
                );
            }

            Log.Loaded(logger, scorer.Model.Id, scorer.Provider, (long)time.GetElapsedTime(start).TotalMilliseconds);
            return new LoadedModel(scorer, hold, batching.Value, DeadAfter, time);
        }
        catch (Exception e)
        {
            if (id == _liveId)
                _faults.Failed(e.Message);
            Log.Failed(logger, id, path, e.Message);
            throw;
        }
    }

    private AnomalyScorer Open(string path) =>
        AnomalyScorer.Load(
            path,
            new ScorerOptions
            {
                Provider = options.Value.Provider,
                Threads = options.Value.Threads,
                Logger = logger,
            }
        );

    private sealed class Slot : IAsyncDisposable
    {
        public Slot(string id, int failures, ModelHost host)
        {
            (Id, Failures) = (id, failures);
            Model = Task.Run(
                async () =>
                {
                    try
                    {
                        return await host.LoadAsync(id);
                    }
                    finally
                    {
                        EndedAt = host.Now;
                    }
                },
                CancellationToken.None
            ); // for all callers, whoever of them leaves
        }

        public string Id { get; }

        public int Failures { get; } // of earlier tries

        public Task<LoadedModel> Model { get; }

        public long EndedAt { get; private set; }

        public int Uses { get; set; }

        public long LastUse { get; set; }

        public bool Failed => Model is { IsCompleted: true, IsCompletedSuccessfully: false };

        public async ValueTask DisposeAsync()
        {
            if (await Task.WhenAny(Model) == Model && Model.IsCompletedSuccessfully)
                await Model.Result.DisposeAsync();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Loaded model {Model} on {Provider} in {Milliseconds} ms.")]
        public static partial void Loaded(ILogger logger, string model, string provider, long milliseconds);

        [LoggerMessage(2, LogLevel.Error, "Model {Model} at '{Path}' cannot be loaded: {Error}")]
        public static partial void Failed(ILogger logger, string model, string path, string error);

        [LoggerMessage(3, LogLevel.Information, "Let go of model {Model}.")]
        public static partial void Unloaded(ILogger logger, string model);

        [LoggerMessage(4, LogLevel.Warning, "The copy of model {Model} at '{Path}' is damaged and is fetched again: {Error}")]
        public static partial void Damaged(ILogger logger, string model, string path, string error);
    }
}

/// <summary>A model in use.</summary>
public sealed class ModelLease(LoadedModel model, Action leave) : IDisposable
{
    private Action? _leave = leave;

    /// <summary>The model; valid until this is disposed of.</summary>
    public LoadedModel Model { get; } = model;

    /// <summary>Lets the model go where nothing else uses it.</summary>
    public void Dispose() => Interlocked.Exchange(ref _leave, null)?.Invoke();
}

/// <summary>Whether images can be scored, for health.</summary>
/// <param name="Loaded">Whether the live model is in memory.</param>
/// <param name="Id">"name@version"; null while it is not loaded.</param>
/// <param name="Provider">"cpu" or "cuda"; null while it is not loaded.</param>
/// <param name="Int8Kernel">"u8s8" or "u8u8": how an int8 package's products are made; null for float packages and while it is not
/// loaded.</param>
/// <param name="Note">Why it is not loaded, or gives no scores.</param>
/// <param name="Dead">It has failed for so long that a new process may help: see Model__DeadAfterSeconds.</param>
/// <param name="Uncalibrated">Classes that were judged on the neutral scale, although the package has calibrations of others; null for
/// none.</param>
public sealed record ModelState(
    bool Loaded,
    string? Id,
    string? Provider,
    string? Int8Kernel,
    string? Note,
    bool Dead = false,
    IReadOnlyList<string>? Uncalibrated = null
);
