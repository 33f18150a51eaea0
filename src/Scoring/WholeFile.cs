using System.Text;

namespace AaClip.Scoring;

/// <summary>
/// Writes files so that a name never holds half of one: into NAME.tmp first, which takes the name when it is whole. What cannot be
/// written leaves nothing behind, and what had the name before stays.
/// </summary>
public static class WholeFile
{
    private const string Unfinished = ".tmp";
    private const int NoSpace = 28,
        OverQuota = 122,
        TooLarge = 27; // ENOSPC, EDQUOT, EFBIG, which .NET gives as the HResult
    private const int DiskFull = unchecked((int)0x80070070); // ERROR_DISK_FULL

    /// <summary>Writes text as UTF-8 without a mark.</summary>
    /// <exception cref="IOException">It cannot be written; the message names the file.</exception>
    public static void Write(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text));

    /// <summary>Writes bytes.</summary>
    /// <exception cref="IOException">It cannot be written; the message names the file.</exception>
    public static void Write(string path, byte[] content)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string unfinished = path + Unfinished;
        try
        {
            File.WriteAllBytes(unfinished, content);
            File.Move(unfinished, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (File.Exists(unfinished))
                File.Delete(unfinished);
            throw new IOException($"'{path}' cannot be written ({Reason(e)}).", e.HResult);
        }
    }

    /// <summary>True where a disk, a quota or a limit on the size of files is what kept a file from being written.</summary>
    public static bool IsDiskFull(Exception exception) =>
        exception is IOException { HResult: NoSpace or OverQuota or TooLarge or DiskFull };

    // "No space left on device : '/x/a.jpg.tmp'": the name is told by the caller.
    private static string Reason(Exception e) => e.Message.Split(" : ", 2)[0].TrimEnd('.');
}
