using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Models;

/// <summary>
/// How images that wait at the same time share a run of the model: float arithmetic on CUDA. Elsewhere each runs by itself and at once.
/// </summary>
public sealed class BatchingOptions
{
    /// <summary>Section of the settings.</summary>
    public const string Section = "Batching";

    /// <summary>Most images of a run on CUDA, 1 to 256; default 8.</summary>
    [Range(1, 256)]
    public int MaxSize { get; set; } = 8;

    /// <summary>Longest time in milliseconds that the first image of a run on CUDA waits for others, 0 to 1000; default 5.</summary>
    [Range(0, 1000)]
    public int MaxWaitMilliseconds { get; set; } = 5;
}

/// <summary>Checks <see cref="BatchingOptions"/> at start.</summary>
[OptionsValidator]
public sealed partial class BatchingOptionsValidator : IValidateOptions<BatchingOptions>;
