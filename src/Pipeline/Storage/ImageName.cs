using System.Text;

namespace AaClip.Pipeline.Storage;

/// <summary>A blob name in the images container, split into camera and path.</summary>
/// <param name="Camera">First segment of the name; <see cref="RootCamera"/> for a blob without a folder.</param>
/// <param name="Path">The rest of the name, without the slash after the camera.</param>
public readonly record struct ImageName(string Camera, string Path)
{
    /// <summary>Camera of images without a folder; a folder of that name is the same camera.</summary>
    public const string RootCamera = "default";

    private const int LongestCamera = 100;

    /// <summary>What is wrong with a camera that a caller names; null if images can be stored under it.</summary>
    public static string? CameraFault(string camera)
    {
        ArgumentNullException.ThrowIfNull(camera);
        return camera.Length is 0 or > LongestCamera ? $"it has {camera.Length} characters, expected 1 to {LongestCamera}"
            : camera.Any(c => c is '/' or '\\' or '\uFFFE' or '\uFFFF' || char.IsControl(c))
            || camera.EnumerateRunes().Contains(Rune.ReplacementChar)
                ? "it has a slash, a backslash or a character that cannot be printed"
            : camera.EndsWith('.') || camera.Trim() != camera ? "it ends with a dot, or begins or ends with a space"
            : null;
    }

    /// <summary>Splits a blob name: "line1/day/a.jpg" is "day/a.jpg" of camera "line1", "a.jpg" is "a.jpg" of camera "default".</summary>
    public static ImageName Of(string blob)
    {
        ArgumentException.ThrowIfNullOrEmpty(blob);
        int slash = blob.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && slash < blob.Length - 1 ? new(blob[..slash], blob[(slash + 1)..]) : new(RootCamera, blob);
    }
}
