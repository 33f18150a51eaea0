using System.Globalization;
using System.Text;
using AaClip.Scoring.Text;

namespace AaClip.Pipeline.Storage;

/// <summary>
/// Names of the blobs that the pipeline writes, made from the image, its version and the model, so that a redelivered message writes the
/// same blobs: <c>{model}/{camera}/{path}/{etag}</c> and an extension.
/// Rules: "/" in the path stays. Backslashes, quotes, control characters, "~", characters that XML cannot hold, and dots at the end of a
/// segment become "~" and two hexadecimal digits per UTF-8 byte. An empty segment becomes "~". In model, camera and ETag, "/" is escaped
/// too; quotes around the ETag are removed. A path that makes the name too long for storage, or has more than 200 segments, is cut and
/// followed by "~" and 32 digits of its SHA-256; so is a camera of more than 400 characters.
/// </summary>
public static class BlobNames
{
    /// <summary>Folder of the results container for failed messages. No model can have this name, because ids have an "@".</summary>
    public const string Failed = "failed";

    private const int MaxBlobName = 1024; // characters of a blob name (learn.microsoft.com, naming and referencing containers, blobs)
    private const int LongestETag = 64; // real ETags have about 20; fixed, so that the folder of an image does not depend on the ETag
    private const int LongestCamera = 400; // after escaping; the rest is for the path
    private const int MostSegments = 200; // storage allows 254; the pipeline adds model, camera and ETag
    private const int HashDigits = 32;
    private const int Extension = 5; // ".json"

    /// <summary>Returns the blob name without its extension.</summary>
    /// <param name="model">"name@version".</param>
    public static string Stem(string model, string image, string etag)
    {
        ArgumentException.ThrowIfNullOrEmpty(etag);
        string version = Segment(etag.Trim('"'));
        return ImageFolder(model, image) + (version.Length <= LongestETag ? version : "~" + TextHash.Hex(etag, HashDigits));
    }

    /// <summary>
    /// Returns the blob name of a camera's state: "{folder}{camera}.json", percent-encoded. Names above 200 characters are cut and end with
    /// a hash.
    /// </summary>
    public static string OfState(string folder, string camera)
    {
        string name = Uri.EscapeDataString(camera);
        return $"{folder}{(name.Length > 200 ? $"{name[..100]}~{TextHash.Hex(camera, 32)}" : name)}.json";
    }

    /// <summary>Returns the prefix of all blob names of a model, or of one of its cameras.</summary>
    public static string Prefix(string model, string? camera = null) =>
        camera is null ? $"{Segment(model)}/" : $"{Segment(model)}/{Shortened(camera)}/";

    /// <summary>
    /// Returns a camera as a segment of a blob name. A camera that is too long is cut and followed by "~" and 32 digits of its SHA-256.
    /// </summary>
    public static string Shortened(string camera) =>
        Segment(camera) is { Length: > LongestCamera } escaped ? Cut(escaped, LongestCamera, camera) : Segment(camera);

    /// <summary>Returns the prefix of the blob names of all versions of one image: the folder of its results.</summary>
    public static string ImageFolder(string model, string image)
    {
        ArgumentException.ThrowIfNullOrEmpty(model);
        (string camera, string path) = ImageName.Of(image);
        string prefix = Prefix(model, camera);
        string[] segments = path.Split('/');
        string escaped = string.Join('/', segments.Take(MostSegments).Select(s => Escape(s, slash: false)));
        int room = Math.Max(HashDigits + 1, MaxBlobName - prefix.Length - LongestETag - Extension - 1);
        if (escaped.Length > room || segments.Length > MostSegments)
            escaped = Cut(escaped, Math.Min(room, escaped.Length + HashDigits + 1), path);
        return $"{prefix}{escaped}/";
    }

    /// <summary>
    /// Checks a name that comes from outside before a blob is read by it: addresses resolve "..", which would lead to another container.
    /// </summary>
    /// <exception cref="ArgumentException">Storage has no blob of this name; the message tells why.</exception>
    public static string Checked(string name) =>
        name.Length is > 0 and <= MaxBlobName && !name.Split('/', '\\').Any(segment => segment is "." or "..")
            ? name
            : throw new ArgumentException(
                $"'{(name.Length <= MaxBlobName ? name : name[..100] + "…")}' is no blob name: expected 1 to {MaxBlobName} characters, "
                    + "without '.' or '..' between slashes."
            );

    /// <summary>Returns the model, "name@version", of a blob name made by <see cref="Stem"/>.</summary>
    public static string ModelOf(string blob) => Unescape(blob[..blob.IndexOf('/', StringComparison.Ordinal)]);

    private static string Cut(string escaped, int length, string whole)
    {
        int keep = length - HashDigits - 1;
        while (keep > 0 && (char.IsHighSurrogate(escaped[keep - 1]) || escaped[keep - 1] is '/' or '.'))
            keep--;
        return $"{escaped[..keep]}~{TextHash.Hex(whole, HashDigits)}";
    }

    private static string Segment(string text) => Escape(text, slash: true);

    private static string Escape(string segment, bool slash)
    {
        if (segment.Length == 0)
            return "~";
        int end = segment.TrimEnd('.').Length; // dots from here on
        StringBuilder? escaped = null;
        for (int i = 0; i < segment.Length; i++)
        {
            char c = segment[i];
            bool bad =
                c is '\\' or '~' or '"' or '\uFFFE' or '\uFFFF'
                || char.IsControl(c)
                || (slash && c == '/')
                || i >= end
                || char.IsSurrogate(c) && !IsPaired(segment, i);
            if (bad)
            {
                escaped ??= new StringBuilder(segment, 0, i, segment.Length + 8);
                foreach (byte b in Encoding.UTF8.GetBytes([c]))
                    escaped.Append('~').Append(b.ToString("X2", CultureInfo.InvariantCulture));
            }
            else
            {
                escaped?.Append(c);
            }
        }

        return escaped?.ToString() ?? segment;
    }

    private static string Unescape(string segment)
    {
        if (!segment.Contains('~', StringComparison.Ordinal))
            return segment;
        List<byte> bytes = [];
        for (int i = 0; i < segment.Length; i++)
        {
            if (
                segment[i] == '~'
                && i + 2 < segment.Length
                && byte.TryParse(segment.AsSpan(i + 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out byte value)
            )
            {
                bytes.Add(value);
                i += 2;
            }
            else
            {
                int length = char.IsHighSurrogate(segment[i]) ? 2 : 1;
                bytes.AddRange(Encoding.UTF8.GetBytes(segment.Substring(i, Math.Min(length, segment.Length - i))));
                i += length - 1;
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    private static bool IsPaired(string text, int at) =>
        char.IsHighSurrogate(text[at])
            ? at + 1 < text.Length && char.IsLowSurrogate(text[at + 1])
            : at > 0 && char.IsHighSurrogate(text[at - 1]);
}
