using System.Text.RegularExpressions;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Storage;
using Microsoft.Extensions.Logging;

namespace AaClip.Pipeline.Routing;

/// <summary>
/// Finds the part that an image shows. An image is scored whatever its part is: one that is not valid is left out, and the log says why.
/// </summary>
internal static partial class ImageParts
{
    /// <summary>The part in the metadata of an image; null if there is no valid one.</summary>
    /// <param name="image">Blob name in the images container.</param>
    public static string? OfMetadata(string image, IDictionary<string, string>? metadata, ILogger logger) =>
        Checked(image, PartName.OfMetadata(metadata), logger);

    /// <summary>The part in the name of an image, by its camera's profile; null if there is no valid one.</summary>
    /// <param name="image">Blob name in the images container.</param>
    public static string? OfName(string image, CameraProfile profile, ILogger logger)
    {
        if (image.Length == 0) // a request that failed can lack it
            return null;
        try
        {
            return Checked(image, profile.PartOf(ImageName.Of(image).Path), logger);
        }
        catch (RegexMatchTimeoutException)
        {
            Log.Slow(logger, image);
            return null;
        }
    }

    private static string? Checked(string image, string? part, ILogger logger)
    {
        if (part is null || PartName.Fault(part) is not { } fault)
            return part;
        Log.LeftOut(logger, image, fault);
        return null;
    }

    private static partial class Log
    {
        [LoggerMessage(30, LogLevel.Warning, "The part of {Image} is left out: {Fault}.")]
        public static partial void LeftOut(ILogger logger, string image, string fault);

        [LoggerMessage(
            31,
            LogLevel.Warning,
            "The name of {Image} gives no part: the expression 'part' of its camera's profile took more than 100 ms. Simplify it."
        )]
        public static partial void Slow(ILogger logger, string image);
    }
}
