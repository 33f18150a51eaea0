using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Scoring;

/// <summary>How an image that is sent over HTTP is answered.</summary>
public sealed class PushOptions
{
    /// <summary>Section of the settings.</summary>
    public const string Section = "Push";

    /// <summary>
    /// Seconds to wait for the result of a pushed image, 0 to 230; default 30. After that the answer is 202 with the address of the result;
    /// 0 always answers 202. Azure ends HTTP requests after 230 seconds (learn.microsoft.com, "Azure Functions HTTP trigger", limits).
    /// </summary>
    [Range(0, 230, ErrorMessage = "Push__WaitSeconds takes 0 (do not wait) to 230 seconds.")]
    public int WaitSeconds { get; set; } = 30;
}

/// <summary>Checks <see cref="PushOptions"/> at start.</summary>
[OptionsValidator]
public sealed partial class PushOptionsValidator : IValidateOptions<PushOptions>;
