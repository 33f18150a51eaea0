using System.Text.Json;
using AaClip.Scoring.Images;

namespace AaClip.Pipeline.Contracts;

/// <summary>Why an image has no score, for programs.</summary>
public static class FailureCodes
{
    /// <summary>The class name cannot stand in a prompt.</summary>
    public const string UnknownClass = "unknown-class";

    /// <summary>The model gives numbers for this image that are none.</summary>
    public const string ModelOutput = "model-output";

    /// <summary>A file on disk cannot be read.</summary>
    public const string Unreadable = "unreadable";

    /// <summary>Every attempt failed, and the queue gave up.</summary>
    public const string GivenUp = "given-up";

    /// <summary>
    /// The code of a refused image: "missing" (the blob was gone before it was scored), "archived" (it lies in the archive tier), "empty",
    /// "too-many-bytes", "unknown-format", "too-many-pixels", "side-out-of-range", "damaged", "blank" (it shows nothing), "unscaled" (10 or
    /// 12 bits in 16).
    /// </summary>
    public static string Of(ImageRejection rejection) => JsonNamingPolicy.KebabCaseLower.ConvertName(rejection.ToString());
}
