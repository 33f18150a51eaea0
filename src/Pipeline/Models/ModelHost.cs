using AaClip.Pipeline.Resilience;
using AaClip.Scoring;
using AaClip.Scoring.Packages;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Models;

/// <summary>
/// The models of the process: the live one, the first models of cascades, those that jobs and shadows use now, and one idle one. Every
/// image gets its model here. When another model is promoted, it is loaded while the old one still scores; then it replaces the old one
/// between two images, and the old one is unloaded after its last image. A result always names the model that made it.
/// </summary>
public sealed partial class ModelHost(
    IOptions<ModelOptions> options,
    IOptions<BatchingOptions> batching,
    ModelRolesStore choice,
    ModelRepository repository,
    ModelTrust trust,
    TimeProvider time,
    ILogger<ModelHost> logger
) : IAsyncDisposable
{
    private const int MaxIdleModels = 1; // idle models that stay in memory, besides the live one
    private const int Cached = 4; // unused packages that stay on disk

    private readonly Lock _lock = new();
    private readonly List<Slot> _slots = [];
    private Slot? _live;
    private string? _ownId;
    private volatile string? _liveId; // from the last call that asked for the live model
    private readonly Faults _faults = new(time); // failures to load the live model
    private volatile string? _refused; // why the live model, which is loaded, may not be used any more
    private bool _closed;
    private volatile IReadOnlySet<string> _kept = new HashSet<string>(); // first models of the cascades in force

    /// <summary>Whether this process loads the live model at start, and is unhealthy without it: the setting Model__Load.</summary>
    public bool Required => options.Value.Load;

    /// <summary>State for the health report.</summary>
    public ModelState State
    {
        get
        {
            Task<LoadedModel>? live = Volatile.Read(ref _live)?.Model;
            if (live is { IsCompletedSuccessfully: true })
                return _refused is { } refused ? live.Result.State with { Loaded = false, Note = refused }
                    : _faults.Current is { } promoted && live.Result.State is { Loaded: true } well
                        ? well with
                        {
                            Note = $"The promoted model cannot be loaded, and {well.Id} stays live: {promoted.Reason}",
                        }
                    : live.Result.State is { Note: null } fine && FirstFault() is { } fault
                        ? fine with
                        {
                            Note = fault.Note,
                            Dead = fault.Dead,
                        }
                    : live.Result.State;
            if (_faults.Current is { } absent)
                return new ModelState(
                    false,
                    null,
                    null,
                    null,
                    absent.Reason,
                    Dead: Required && time.GetUtcNow() - absent.Since >= DeadAfter
                );
            return new ModelState(
                false,
                null,
                null,
                null,
                live is not null ? "The model is being loaded."
                    : Required ? "The model is loaded when the first image arrives."
                    : "Model__Load is false."
            );
        }
    }

    private long Now => time.GetTimestamp();

    private TimeSpan DeadAfter => TimeSpan.FromSeconds(options.Value.DeadAfterSeconds);

    /// <summary>"name@version" of the package at Model__Path. It is live until another one is promoted.</summary>
    /// <exception cref="InvalidDataException">The package cannot be read.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no package.</exception>
    public string OwnId => _ownId ??= ModelPackage.Open(options.Value.Path).Manifest.Id;

    /// <summary>Returns "name@version" of the live model, also while it is not loaded.</summary>
    /// <exception cref="InvalidDataException">The package cannot be read.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no package.</exception>
    public async ValueTask<string> LiveIdAsync(CancellationToken cancellation = default) =>
        (await choice.GetAsync(cancellation)).Live ?? OwnId;

    /// <summary>Returns the live model. Loads it if it is not loaded, or if loading failed before.</summary>
    /// <exception cref="InvalidDataException">The package is damaged, changed, or from a newer version.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no package.</exception>
    public async Task<LoadedModel> LiveAsync(CancellationToken cancellation = default)
    {
        using ModelLease lease = await GetAsync(null, cancellation);
        return lease.Model;
    }

    /// <summary>Returns the model with this id, or the live one for null. Loads it if needed.</summary>
    /// <returns>Dispose of it after use; until then the model stays in memory.</returns>
    /// <exception cref="InvalidDataException">The package is damaged, changed, from a newer version, not in the models container, or may
    /// not be used (<see cref="ModelTrust"/>).</exception>
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
                slot = _live; // the old one still scores while the new one is loaded
            }

            slot.Uses++;
            slot.LastUse = time.GetTimestamp();
            LetGo(next);
        }

        try
        {
            LoadedModel model = await slot.Model.WaitAsync(cancellation);
            await RequireTrustAsync(model, live: id is null, cancellation);
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

    /// <summary>
    /// Asks again for a live model that was refused or could not be loaded, as the next image would: health calls it, so that
    /// <see cref="State"/> follows a change of the roles or of the allow-list without an image. Does nothing while the live model is
    /// well or none was loaded; does not throw what the state tells.
    /// </summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task LookAgainAsync(CancellationToken cancellation)
    {
        if ((_refused is null && _faults.Current is null) || Volatile.Read(ref _live) is not { Model.IsCompletedSuccessfully: true })
            return;
        try
        {
            (await GetAsync(null, cancellation)).Dispose();
        }
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            // see above
        }
    }

    /// <summary>Returns the model with this id if it is in memory. Otherwise starts to load it: nobody waits for it.</summary>
    /// <returns>Dispose of it after use. Null while it is being loaded.</returns>
    /// <exception cref="InvalidDataException">It could not be loaded; see <see cref="GetAsync"/>.</exception>
    public ModelLease? TryGet(string id)
    {
        Slot slot;
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            slot = SlotOf(id);
            slot.LastUse = time.GetTimestamp();
            LetGo(slot);
            if (!slot.Model.IsCompleted)
                return null;
            if (slot.Model.IsCompletedSuccessfully)
                slot.Uses++;
        }

        ModelLease lease = new(slot.Model.GetAwaiter().GetResult(), () => Leave(slot)); // throws if it could not be loaded
        try
        {
            trust.Require(id, lease.Model.PackageHash);
            return lease;
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>"name@version" of the model that was live when an image last asked for it; null if none has.</summary>
    public string? LastLiveId => _liveId;

    /// <summary>Names the models that stay in memory once they are loaded, although no image uses them at the moment.</summary>
    /// <param name="ids">"name@version"; replaces those of the last call.</param>
    public void Keep(IReadOnlySet<string> ids) => _kept = ids;

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

    // Also of a model in memory: it may have been taken off the list since.
    private async Task RequireTrustAsync(LoadedModel model, bool live, CancellationToken cancellation)
    {
        try
        {
            await trust.RequireAsync(model.Id, model.PackageHash, cancellation);
            if (live)
                _refused = null;
        }
        catch (InvalidDataException e) when (live)
        {
            if (_refused is null)
                Log.Refused(logger, e.Message);
            _refused = e.Message;
            throw;
        }
    }

    // Images wait for a run that hangs. A first model that fails does no harm.
    private (string Note, bool Dead)? FirstFault()
    {
        lock (_lock)
            foreach (Slot slot in _slots.Where(s => _kept.Contains(s.Id) && s.Model.IsCompleted))
            {
                if (!slot.Failed && slot.Model.Result.Hangs is { } run)
                    return ($"A run of the first model {slot.Id} has not ended for {run.TotalMinutes:F0} minutes.", true);
                string? reason = slot.Failed ? slot.Model.Exception?.InnerException?.Message : slot.Model.Result.State.Note;
                if (reason is not null)
                    return ($"The first model {slot.Id} does not score, and the live model scores its images: {reason}", false);
            }

        return null;
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

    // A model that could not be loaded is loaded again with back-off; until then callers get the last error.
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

    private static TimeSpan Backoff(int failures) => TimeSpan.FromSeconds(Math.Min(60, Math.Pow(2, failures - 1))); // 1 s to 60 s

    // Unloads idle models, least recently used first; never the live one, one in use, or the one that becomes live.
    private void LetGo(Slot next)
    {
        Slot[] idle =
        [
            .. _slots
                .Where(s => s != _live && s != next && s.Uses == 0 && s.Model.IsCompleted && !_kept.Contains(s.Id))
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
            // The package at Model__Path may be absent from storage, and a package in storage may be absent from Model__Path.
            bool own = Directory.Exists(path) && OwnId == id;
            if (!own)
                path = await repository.FetchAsync(id);
            IDisposable? hold = own ? null : ModelRepository.Hold(path);
            AnomalyScorer scorer;
            try
            {
                scorer = await OpenAsync(id, path);
            }
            catch (Exception e) when (!own && e is InvalidDataException or FileNotFoundException)
            {
                Log.Damaged(logger, id, path, e.Message);
                hold?.Dispose();
                path = await repository.FetchAsync(id, again: true);
                hold = ModelRepository.Hold(path);
                scorer = await OpenAsync(id, path);
            }

            if (!own)
                repository.Trim(Cached);

            if (scorer.Model.Id != id)
            {
                scorer.Dispose();
                throw new InvalidDataException(
                    $"The package at '{path}' is {scorer.Model.Id}, expected {id}: it changed while it was loaded; restart, or "
                        + $"delete the folder."
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

    // Native code does not parse the graph of a package that may not be used.
    private async Task<AnomalyScorer> OpenAsync(string id, string path)
    {
        await trust.RequireAsync(id, ModelPackage.Open(path).Hash);
        return AnomalyScorer.Load(
            path,
            new ScorerOptions
            {
                Provider = options.Value.Provider,
                Threads = options.Value.Threads,
                Logger = logger,
            }
        );
    }

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
            ); // shared by all callers, so no caller may cancel it
        }

        public string Id { get; }

        public int Failures { get; } // of earlier attempts to load

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
        [LoggerMessage(5, LogLevel.Error, "Images wait. {Reason}")]
        public static partial void Refused(ILogger logger, string reason);

        [LoggerMessage(1, LogLevel.Information, "Loaded model {Model} on {Provider} in {Milliseconds} ms.")]
        public static partial void Loaded(ILogger logger, string model, string provider, long milliseconds);

        [LoggerMessage(2, LogLevel.Error, "Model {Model} at '{Path}' cannot be loaded: {Error}")]
        public static partial void Failed(ILogger logger, string model, string path, string error);

        [LoggerMessage(3, LogLevel.Information, "Unloaded model {Model}.")]
        public static partial void Unloaded(ILogger logger, string model);

        [LoggerMessage(4, LogLevel.Warning, "The copy of model {Model} at '{Path}' is damaged and will be downloaded again: {Error}")]
        public static partial void Damaged(ILogger logger, string model, string path, string error);
    }
}

/// <summary>Keeps a model in memory while it is in use.</summary>
public sealed class ModelLease(LoadedModel model, Action leave) : IDisposable
{
    private Action? _leave = leave;

    /// <summary>The model; valid until this is disposed of.</summary>
    public LoadedModel Model { get; } = model;

    /// <summary>Ends the use; a model without users may be unloaded.</summary>
    public void Dispose() => Interlocked.Exchange(ref _leave, null)?.Invoke();
}

/// <summary>Whether images can be scored, for the health report.</summary>
/// <param name="Loaded">Whether the live model is in memory.</param>
/// <param name="Id">"name@version"; null while it is not loaded.</param>
/// <param name="Provider">"cpu", "cuda" or "tensorrt"; null while it is not loaded.</param>
/// <param name="Int8Kernel">
/// "u8s8" or "u8u8": the kernel that multiplies an int8 package's matrices; null for float packages and while it is not loaded.
/// </param>
/// <param name="Note">Why it is not loaded, or does not score.</param>
/// <param name="Dead">True if it has failed for so long that the process should be restarted: see Model__DeadAfterSeconds.</param>
/// <param name="Uncalibrated">
/// Classes that were judged on the neutral scale, although the package has calibrations for other classes; null for none.
/// </param>
public sealed record ModelState(
    bool Loaded,
    string? Id,
    string? Provider,
    string? Int8Kernel,
    string? Note,
    bool Dead = false,
    IReadOnlyList<string>? Uncalibrated = null
);
