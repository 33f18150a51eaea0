using System.Security.Cryptography;
using System.Text;

namespace AaClip.Scoring.Text;

/// <summary>
/// SHA-256 of a text in UTF-8. Names of blobs, of cached files and versions of packages are made of it: it never changes.
/// </summary>
public static class TextHash
{
    /// <summary>The whole hash: 32 bytes.</summary>
    public static byte[] Bytes(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    /// <summary>The hash in lower-case hexadecimal.</summary>
    /// <param name="digits">How many digits, from the first: 1 to 64.</param>
    public static string Hex(string text, int digits = 64) => Convert.ToHexStringLower(Bytes(text))[..digits];
}
