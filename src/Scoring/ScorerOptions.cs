using System.Buffers;
using AaClip.Scoring.Sessions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AaClip.Scoring;

/// <summary>How a model is loaded and run.</summary>
public sealed record ScorerOptions
{
    /// <summary>What runs the graphs; default <see cref="Provider.Auto"/>.</summary>
    public Provider Provider { get; init; } = Provider.Auto;

    /// <summary>
    /// Threads of one run; 0 (default) takes one for each core. The same number always gives the same bits; another changes roundings:
    /// within 1e-5 in float32, and in int8, where a rounding may move an activation by a step, within a fraction of what int8 costs anyhow.
    /// </summary>
    public int Threads { get; init; }

    /// <summary>
    /// Leaves the weights in the mapped file instead of laying them out anew: loads in milliseconds and shares memory between
    /// processes, and each image takes somewhat longer. Default off. What <see cref="Sessions.Int8Kernel.U8U8"/> rewrites is in the memory
    /// of each process nevertheless.
    /// </summary>
    public bool MemoryMapped { get; init; }

    /// <summary>
    /// Compares the hashes of the weights with model.json on load; default on. Off only where the package was verified before
    /// and nobody else can write to it.
    /// </summary>
    public bool Verify { get; init; } = true;

    /// <summary>Where the buffers of inputs come from; default the pool that the process shares.</summary>
    public ArrayPool<float> Buffers { get; init; } = ArrayPool<float>.Shared;

    /// <summary>Folder for the anchors of classes that the package does not carry; null takes the user's cache folder.</summary>
    public string? CacheFolder { get; init; }

    /// <summary>Where the scorer reports what it chose.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>
    /// The kernel of an int8 package, to try one that this machine does not need; null takes <see cref="Int8Probe.ForThisMachine"/>.
    /// </summary>
    internal Int8Kernel? Int8Kernel { get; init; }
}
