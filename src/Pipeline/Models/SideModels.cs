using AaClip.Pipeline.Resilience;
using AaClip.Scoring;
using AaClip.Scoring.Packages;
using Microsoft.Extensions.Logging;

namespace AaClip.Pipeline.Models;

/// <summary>
/// Models that cameras of this process name beside the one that scores, each loaded when it is first needed. An image waits for one that is
/// being loaded, but not for long, and never for one that has failed: that is tried again with back-off. One input at a time runs on each.
/// Thread-safe.
/// </summary>
/// <param name="what">What such a model is, for messages: "check".</param>
/// <param name="loss">What is missing while it cannot be used, for the log.</param>
/// <param name="open">Opens a package's folder.</param>
/// <param name="settings">How models run.</param>
internal sealed class SideModels<T>(
    string what,
    string loss,
    Func<string, ScorerOptions, T> open,
    ModelOptions settings,
    ModelRepository repository,
    ModelTrust trust,
    TimeProvider time,
    ILogger logger
) : IAsyncDisposable
    where T : IDisposable
{
    private const int MaxLoaded = 2; // the published check has 1.2 GB in float32

    private readonly Lock _lock = new();
    private readonly List<Slot> _slots = [];
    private readonly SortedDictionary<string, string> _unavailable = new(StringComparer.Ordinal); // why the last input was not run
    private bool _closed;

    /// <summary>For the health report: the models that could not be used the last time. A run that succeeds clears one.</summary>
    /// <param name="asked">"name@version" of the models that cameras name; what is known of others is dropped.</param>
    /// <returns>By name; empty if all work, or none was asked yet.</returns>
    public IReadOnlyList<SideModelState> Unavailable(IReadOnlyCollection<string> asked)
    {
        lock (_lock)
        {
            foreach (string id in _unavailable.Keys.Except(asked, StringComparer.Ordinal).ToArray())
                _unavailable.Remove(id);
            return [.. _unavailable.Select(u => new SideModelState(u.Key, u.Value))];
        }
    }

    /// <summary>Runs a model.</summary>
    /// <param name="id">"name@version" of the package.</param>
    /// <param name="prepare">Makes the input, before the model's turn; several at a time.</param>
    /// <param name="run">Runs the model on it.</param>
    /// <exception cref="InvalidDataException">The package is damaged, not there, not trusted, or of another kind.</exception>
    /// <exception cref="TimeoutException">It is still being loaded, or its run does not end.</exception>
    /// <exception cref="Exception">Storage or ONNX Runtime failed; the next inputs get the same error at once, for a while.</exception>
    public Task<TResult> RunAsync<TInput, TResult>(
        string id,
        Func<T, TInput> prepare,
        Func<T, TInput, CancellationToken, TResult> run,
        CancellationToken cancellation
    ) =>
        UseAsync(
            id,
            (slot, model) =>
            {
                TInput input = prepare(model);
                return RunAsync(slot, token => run(model, input, token), cancellation);
            },
            cancellation
        );

    /// <summary>Reads what a loaded model says, without waiting for its turn.</summary>
    /// <param name="id">"name@version" of the package.</param>
    /// <param name="read">Reads; it must not run the model.</param>
    /// <inheritdoc cref="RunAsync{TInput, TResult}" path="/exception"/>
    public Task<TResult> ReadAsync<TResult>(string id, Func<T, TResult> read, CancellationToken cancellation) =>
        UseAsync(id, (_, model) => Task.FromResult(read(model)), cancellation);

    private async Task<TResult> UseAsync<TResult>(string id, Func<Slot, T, Task<TResult>> use, CancellationToken cancellation)
    {
        Slot slot = Take(id);
        try
        {
            T model = await LoadedAsync(slot, cancellation);
            await trust.RequireAsync(id, slot.Hash, cancellation); // it may have been taken off the list since it was loaded
            TResult result = await use(slot, model);
            lock (_lock)
            {
                slot.Failures = 0;
                _unavailable.Remove(id);
            }

            return result;
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            Rest(slot, e);
            throw;
        }
        finally
        {
            lock (_lock)
                slot.Uses--;
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

    private Slot Take(string id)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            Slot? slot = _slots.Find(s => s.Id == id);
            if (slot?.Fault is { } fault && time.GetElapsedTime(slot.RestsSince) < Backoff(slot.Failures))
                throw new InvalidOperationException(fault);
            if (slot is null or { LoadFailed: true })
            {
                int failures = slot?.Failures ?? 0;
                if (slot is not null)
                    _slots.Remove(slot);
                slot = new Slot(id, LoadAsync) { Failures = failures, Began = time.GetTimestamp() };
                _slots.Add(slot);
            }

            slot.Fault = null;
            slot.Uses++;
            slot.LastUse = time.GetTimestamp();
            foreach (
                Slot idle in _slots
                    .Where(s => s != slot && s.Uses == 0 && s.Loaded.IsCompleted)
                    .OrderByDescending(s => s.LastUse)
                    .Skip(MaxLoaded - 1)
                    .ToArray()
            )
            {
                _slots.Remove(idle);
                _ = Task.Run(async () => await idle.DisposeAsync());
            }

            return slot;
        }
    }

    private async Task<T> LoadedAsync(Slot slot, CancellationToken cancellation)
    {
        TimeSpan left = SideModels.Patience - time.GetElapsedTime(slot.Began);
        try
        {
            return (await slot.Loaded.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, cancellation)).Model;
        }
        catch (TimeoutException)
        {
            throw new TimeoutException(
                $"The {what} {slot.Id} is being loaded, which takes longer than {SideModels.Patience.TotalSeconds} s."
            );
        }
    }

    private async Task<TResult> RunAsync<TResult>(Slot slot, Func<CancellationToken, TResult> run, CancellationToken cancellation)
    {
        using CancellationTokenSource limit = new(SideModels.Patience, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            await slot.Turn.WaitAsync(either.Token);
            try
            {
                return await Task.Run(() => run(either.Token), CancellationToken.None);
            }
            finally
            {
                slot.Turn.Release();
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"A run of the {what} {slot.Id} did not end within {SideModels.Patience.TotalSeconds} s.");
        }
    }

    private void Rest(Slot slot, Exception e)
    {
        string reason = Fault.Text(e);
        lock (_lock)
        {
            _unavailable[slot.Id] = reason;
            if (slot.Fault is not null)
                return; // several images had the same fault
            slot.Fault = reason;
            slot.Failures++;
            slot.RestsSince = time.GetTimestamp();
        }

        SideModels.Unavailable(logger, what, slot.Id, loss, reason);
    }

    private static TimeSpan Backoff(int failures) => TimeSpan.FromSeconds(Math.Min(60, Math.Pow(2, failures - 1))); // 1 s to 60 s

    private async Task<(T Model, IDisposable Hold)> LoadAsync(Slot slot)
    {
        string id = slot.Id;
        long start = time.GetTimestamp();
        (T Model, IDisposable Hold) loaded;
        string folder = await repository.FetchAsync(id);
        if (HashOf(folder) != await repository.HashAsync(id))
            folder = await repository.FetchAsync(id, again: true); // another package has this name now, or the copy is damaged
        await trust.RequireAsync(id, slot.Hash = HashOf(folder));
        try
        {
            loaded = Open(folder);
        }
        catch (Exception e) when (e is InvalidDataException or FileNotFoundException)
        {
            folder = await repository.FetchAsync(id, again: true); // the copy on this machine may be damaged
            await trust.RequireAsync(id, slot.Hash = HashOf(folder));
            loaded = Open(folder);
        }

        SideModels.Loaded(logger, what, id, (long)time.GetElapsedTime(start).TotalMilliseconds);
        return loaded;
    }

    private static string HashOf(string folder) => PackageFolder.HashOf(Path.Combine(folder, ModelManifest.FileName));

    private (T Model, IDisposable Hold) Open(string path)
    {
        IDisposable hold = ModelRepository.Hold(path);
        try
        {
            ScorerOptions options = new()
            {
                Provider = settings.Provider,
                Threads = settings.Threads,
                Logger = logger,
            };
            return (open(path, options), hold);
        }
        catch
        {
            hold.Dispose();
            throw;
        }
    }

    private sealed class Slot : IAsyncDisposable
    {
        public Slot(string id, Func<Slot, Task<(T Model, IDisposable Hold)>> load)
        {
            Id = id;
            Loaded = Task.Run(() => load(this)); // shared by all callers, so no caller may cancel it
        }

        public string Id { get; }

        public Task<(T Model, IDisposable Hold)> Loaded { get; }

        public string Hash { get; set; } = ""; // SHA-256 of model.json; set before it is loaded

        public SemaphoreSlim Turn { get; } = new(1, 1);

        public long Began { get; init; }

        public int Uses { get; set; }

        public long LastUse { get; set; }

        public int Failures { get; set; } // in a row

        public string? Fault { get; set; } // why it rests

        public long RestsSince { get; set; }

        public bool LoadFailed => Loaded is { IsCompleted: true, IsCompletedSuccessfully: false };

        public async ValueTask DisposeAsync()
        {
            if (await Task.WhenAny(Loaded) == Loaded && Loaded.IsCompletedSuccessfully)
            {
                await Turn.WaitAsync(); // for a run that has not ended
                Loaded.Result.Model.Dispose();
                Loaded.Result.Hold.Dispose();
            }

            Turn.Dispose();
        }
    }
}

/// <summary>What all kinds of such models have.</summary>
internal static partial class SideModels
{
    /// <summary>How long images wait for a model from the begin of its loading on, and for a run.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [LoggerMessage(1, LogLevel.Information, "Loaded {What} {Model} in {Milliseconds} ms.")]
    public static partial void Loaded(ILogger logger, string what, string model, long milliseconds);

    [LoggerMessage(2, LogLevel.Warning, "The {What} {Model} cannot be used, and until it can, {Loss}: {Reason}")]
    public static partial void Unavailable(ILogger logger, string what, string model, string loss, string reason);
}

/// <summary>A model beside the one that scores, which cannot be used; for the health report.</summary>
/// <param name="Id">"name@version".</param>
/// <param name="Note">Why, the last time: refused, not in storage, damaged, of another kind, or a failed run.</param>
public sealed record SideModelState(string Id, string Note);
