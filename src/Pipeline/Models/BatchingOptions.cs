using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Models;

/// <summary>How images are batched. Only float models on CUDA run in batches; otherwise each image runs alone and without a wait.</summary>
public sealed class BatchingOptions
{
    /// <summary>Section of the settings.</summary>
    public const string Section = "Batching";

    /// <summary>Maximum images of a batch, 1 to 256; default 8.</summary>
    [Range(1, 256)]
    public int MaxSize { get; set; } = 8;

    /// <summary>Maximum time in milliseconds that the first image of a batch waits for more, 0 to 1000; default 5.</summary>
    [Range(0, 1000)]
    public int MaxWaitMilliseconds { get; set; } = 5;
}

/// <summary>Checks <see cref="BatchingOptions"/> at start.</summary>
[OptionsValidator]
public sealed partial class BatchingOptionsValidator : IValidateOptions<BatchingOptions>;
