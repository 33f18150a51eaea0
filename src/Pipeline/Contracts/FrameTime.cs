using System.Globalization;

namespace AaClip.Pipeline.Contracts;

/// <summary>
/// The time of a frame: what the uploader wrote into the image's metadata <c>time</c>, such as 2026-11-27T14:03:10.25Z, else when the image
/// was stored, of which storage keeps whole seconds. A time that is not valid, or later than the image was stored by more than
/// <see cref="Ahead"/> (a camera with a wrong clock would end every window), counts as none.
/// </summary>
public static class FrameTime
{
    /// <summary>Name of the metadata.</summary>
    public const string Metadata = "time";

    /// <summary>How far a camera's clock may be ahead of storage's.</summary>
    public static readonly TimeSpan Ahead = TimeSpan.FromMinutes(1);

    /// <summary>The time of a frame.</summary>
    /// <param name="metadata">The blob's metadata; names in any case.</param>
    /// <param name="stored">When the blob was stored.</param>
    public static DateTimeOffset Of(IDictionary<string, string>? metadata, DateTimeOffset stored)
    {
        string? text = metadata?.FirstOrDefault(m => m.Key.Equals(Metadata, StringComparison.OrdinalIgnoreCase)).Value;
        return
            text is not null
            && DateTimeOffset.TryParse(
                text,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                out DateTimeOffset taken
            )
            && taken <= stored + Ahead
            ? taken
            : stored.ToUniversalTime();
    }
}
