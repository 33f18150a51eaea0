using System.Buffers;
using AaClip.Scoring.Sessions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AaClip.Scoring;

/// <summary>How a model is loaded and run.</summary>
public sealed record ScorerOptions
{
    /// <summary>The execution provider; default <see cref="Provider.Auto"/>.</summary>
    public Provider Provider { get; init; } = Provider.Auto;

    /// <summary>
    /// Threads per run; 0 (default) means one per core. The same number of threads always gives the same bits. Another number changes
    /// rounding: by at most 1e-5 in float32. In int8 a rounding can move an activation by one step; the effect is a fraction of the error
    /// of int8 itself.
    /// </summary>
    public int Threads { get; init; }

    /// <summary>
    /// Uses the weights directly from the memory-mapped file, without a copy in the kernels' layout. The model loads in milliseconds and
    /// processes share the memory, but each image takes somewhat longer. Default off. Weights that <see cref="Sessions.Int8Kernel.U8U8"/>
    /// converts are in the memory of each process in any case.
    /// </summary>
    public bool MemoryMapped { get; init; }

    /// <summary>
    /// Compares the SHA-256 of the weights with model.json on load; default on. Turn it off only if the package was verified before and
    /// nobody else can write to it.
    /// </summary>
    public bool Verify { get; init; } = true;

    /// <summary>Where the buffers of inputs come from; default the pool that the process shares.</summary>
    public ArrayPool<float> Buffers { get; init; } = ArrayPool<float>.Shared;

    /// <summary>Folder for the anchors of classes that are not in the package; null means the user's cache folder.</summary>
    public string? CacheFolder { get; init; }

    /// <summary>Logs what the scorer chose, such as the provider.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>
    /// The kernel for an int8 package, to test kernels that this machine does not need; null means <see cref="Int8Probe.ForThisMachine"/>.
    /// </summary>
    internal Int8Kernel? Int8Kernel { get; init; }
}
