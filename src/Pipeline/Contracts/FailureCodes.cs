using System.Text.Json;
using AaClip.Scoring.Images;

namespace AaClip.Pipeline.Contracts;

/// <summary>Machine-readable reasons why an image has no score.</summary>
public static class FailureCodes
{
    /// <summary>The class name cannot be used in a prompt.</summary>
    public const string UnknownClass = "unknown-class";

    /// <summary>The model returned NaN or infinity for this image.</summary>
    public const string ModelOutput = "model-output";

    /// <summary>A file on disk cannot be read.</summary>
    public const string Unreadable = "unreadable";

    /// <summary>Every delivery failed, and the message went to the poison queue.</summary>
    public const string GivenUp = "given-up";

    /// <summary>
    /// The code of a rejected image: "missing" (the blob was deleted before it was scored), "archived" (it is in the archive tier),
    /// "empty", "too-many-bytes", "unknown-format", "too-many-pixels", "side-out-of-range", "damaged", "blank" (it has no content),
    /// "unscaled" (10 or 12 bits stored in 16).
    /// </summary>
    public static string Of(ImageRejection rejection) => JsonNamingPolicy.KebabCaseLower.ConvertName(rejection.ToString());
}
