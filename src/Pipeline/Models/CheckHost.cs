using AaClip.Pipeline.Resilience;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Models;

/// <summary>
/// The checks for generated pictures that cameras of this process name, each loaded when it is first needed. An image waits for one that is
/// being loaded, but not for long, and never for one that has failed: that is tried again with back-off. One picture at a time runs on
/// each.
/// </summary>
public sealed partial class CheckHost(
    IOptions<ModelOptions> options,
    ModelRepository repository,
    ModelTrust trust,
    TimeProvider time,
    ILogger<CheckHost> logger
) : IAsyncDisposable
{
    /// <summary>How long images wait for a check from the begin of its loading on, and for a run.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private const int MaxLoaded = 2; // the published check has 1.2 GB in float32

    private readonly Lock _lock = new();
    private readonly List<Slot> _slots = [];
    private readonly SortedDictionary<string, string> _unavailable = new(StringComparer.Ordinal); // why the last picture was not checked
    private bool _closed;

    /// <summary>For the health report: the checks that could not be asked the last time. A picture that is checked clears one.</summary>
    /// <param name="asked">"name@version" of the checks that cameras name; what is known of others is dropped.</param>
    /// <returns>By name; empty if all work, or none was asked yet.</returns>
    public IReadOnlyList<CheckState> Unavailable(IReadOnlyCollection<string> asked)
    {
        lock (_lock)
        {
            foreach (string id in _unavailable.Keys.Except(asked, StringComparer.Ordinal).ToArray())
                _unavailable.Remove(id);
            return [.. _unavailable.Select(u => new CheckState(u.Key, u.Value))];
        }
    }

    /// <summary>Checks a picture.</summary>
    /// <param name="id">"name@version" of the check.</param>
    /// <param name="image">It is not kept after the check is loaded.</param>
    /// <returns>The probability that a generator made it, 0 to 1.</returns>
    /// <exception cref="InvalidDataException">The package is damaged, not there, or no check.</exception>
    /// <exception cref="TimeoutException">It is still being loaded, or its run does not end.</exception>
    /// <exception cref="Exception">Storage or ONNX Runtime failed; the next pictures get the same error at once, for a while.</exception>
    public async Task<double> ProbabilityAsync(string id, RgbImage image, CancellationToken cancellation)
    {
        Slot slot = Take(id);
        try
        {
            PictureCheck check = await LoadedAsync(slot, cancellation);
            await trust.RequireAsync(id, slot.Hash, cancellation); // it may have been taken off the list since it was loaded
            double probability = await RunAsync(slot, check, check.Prepare(image), cancellation);
            lock (_lock)
            {
                slot.Failures = 0;
                _unavailable.Remove(id);
            }

            return probability;
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

    private async Task<PictureCheck> LoadedAsync(Slot slot, CancellationToken cancellation)
    {
        TimeSpan left = Patience - time.GetElapsedTime(slot.Began);
        try
        {
            return (await slot.Loaded.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, cancellation)).Check;
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"The check {slot.Id} is being loaded, which takes longer than {Patience.TotalSeconds} s.");
        }
    }

    private async Task<double> RunAsync(Slot slot, PictureCheck check, float[] input, CancellationToken cancellation)
    {
        using CancellationTokenSource limit = new(Patience, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            await slot.Turn.WaitAsync(either.Token);
            try
            {
                return await Task.Run(() => check.Probability(input, either.Token), CancellationToken.None);
            }
            finally
            {
                slot.Turn.Release();
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"A run of the check {slot.Id} did not end within {Patience.TotalSeconds} s.");
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

        Log.Unavailable(logger, slot.Id, reason);
    }

    private static TimeSpan Backoff(int failures) => TimeSpan.FromSeconds(Math.Min(60, Math.Pow(2, failures - 1))); // 1 s to 60 s

    private async Task<(PictureCheck Check, IDisposable Hold)> LoadAsync(Slot slot)
    {
        string id = slot.Id;
        long start = time.GetTimestamp();
        (PictureCheck Check, IDisposable Hold) loaded;
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

        Log.Loaded(logger, id, loaded.Check.Provider, (long)time.GetElapsedTime(start).TotalMilliseconds);
        return loaded;
    }

    private static string HashOf(string folder) => PackageFolder.HashOf(Path.Combine(folder, ModelManifest.FileName));

    private (PictureCheck Check, IDisposable Hold) Open(string path)
    {
        IDisposable hold = ModelRepository.Hold(path);
        try
        {
            ScorerOptions settings = new()
            {
                Provider = options.Value.Provider,
                Threads = options.Value.Threads,
                Logger = logger,
            };
            return (PictureCheck.Load(path, settings), hold);
        }
        catch
        {
            hold.Dispose();
            throw;
        }
    }

    private sealed class Slot : IAsyncDisposable
    {
        public Slot(string id, Func<Slot, Task<(PictureCheck Check, IDisposable Hold)>> load)
        {
            Id = id;
            Loaded = Task.Run(() => load(this)); // shared by all callers, so no caller may cancel it
        }

        public string Id { get; }

        public Task<(PictureCheck Check, IDisposable Hold)> Loaded { get; }

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
                Loaded.Result.Check.Dispose();
                Loaded.Result.Hold.Dispose();
            }

            Turn.Dispose();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Loaded check {Check} on {Provider} in {Milliseconds} ms.")]
        public static partial void Loaded(ILogger logger, string check, string provider, long milliseconds);

        [LoggerMessage(
            2,
            LogLevel.Warning,
            "Check {Check} cannot be asked, and results say nothing of generated pictures until it can: {Reason}"
        )]
        public static partial void Unavailable(ILogger logger, string check, string reason);
    }
}

/// <summary>A check for generated pictures that cannot be asked, for the health report.</summary>
/// <param name="Id">"name@version".</param>
/// <param name="Note">Why, the last time: refused, not in storage, damaged, of another kind, or a failed run.</param>
public sealed record CheckState(string Id, string Note);
