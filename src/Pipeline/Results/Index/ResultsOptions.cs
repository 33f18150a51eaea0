using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Results.Index;

/// <summary>How long results stay, and where people look at them.</summary>
public sealed class ResultsOptions
{
    /// <summary>Section of the settings.</summary>
    public const string Section = "Results";

    /// <summary>
    /// Whole months, besides the present one, for which the index keeps results; older ones are dropped. Default 0: for ever. Result blobs
    /// are deleted by rules of the storage account.
    /// </summary>
    [Range(0, 1200, ErrorMessage = "Results__KeepMonths takes 0 (for ever) to 1200 months.")]
    public int KeepMonths { get; set; }

    /// <summary>Address of the review page, for the links in job reports; empty (default) for none.</summary>
    [RegularExpression(
        "^(https?://[^/?#]+)?$",
        ErrorMessage = "Results__ReviewAddress takes an address without a path, such as https://review.example, or nothing."
    )]
    public string ReviewAddress { get; set; } = "";
}

/// <summary>Checks <see cref="ResultsOptions"/> at start.</summary>
[OptionsValidator]
public sealed partial class ResultsOptionsValidator : IValidateOptions<ResultsOptions>;
