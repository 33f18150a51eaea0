using System.Text;

namespace AaClip.Scoring;

/// <summary>
/// Writes files atomically: the content is written to NAME.tmp first, which is then renamed to NAME. If writing fails, NAME.tmp is deleted
/// and an existing file NAME stays unchanged.
/// </summary>
public static class WholeFile
{
    private const string Unfinished = ".tmp";
    private const int NoSpace = 28,
        OverQuota = 122,
        TooLarge = 27; // ENOSPC, EDQUOT, EFBIG; .NET returns them as HResult
    private const int DiskFull = unchecked((int)0x80070070); // ERROR_DISK_FULL

    /// <summary>Writes text as UTF-8 without a byte order mark.</summary>
    /// <exception cref="IOException">The file cannot be written; the message names it.</exception>
    public static void Write(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text));

    /// <summary>Writes bytes.</summary>
    /// <exception cref="IOException">The file cannot be written; the message names it.</exception>
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

    /// <summary>Writes what a writer puts into a stream, which can seek.</summary>
    /// <exception cref="IOException">The file cannot be written; the message names it.</exception>
    public static async Task WriteAsync(string path, Func<Stream, Task> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string unfinished = path + Unfinished;
        try
        {
            await using (FileStream file = new(unfinished, FileMode.Create, FileAccess.ReadWrite))
                await write(file);
            File.Move(unfinished, path, overwrite: true);
        }
        catch (Exception e)
        {
            File.Delete(unfinished); // no error where there is none
            if (e is IOException or UnauthorizedAccessException)
                throw new IOException($"'{path}' cannot be written ({Reason(e)}).", e.HResult);
            throw;
        }
    }

    /// <summary>True if a write failed because of a full disk, a quota or a limit on the file size.</summary>
    public static bool IsDiskFull(Exception exception) =>
        exception is IOException { HResult: NoSpace or OverQuota or TooLarge or DiskFull };

    // "No space left on device : '/x/a.jpg.tmp'": cut the path, because the caller's message names it.
    private static string Reason(Exception e) => e.Message.Split(" : ", 2)[0].TrimEnd('.');
}
