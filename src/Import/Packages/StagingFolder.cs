namespace AaClip.Import.Packages;

/// <summary>
/// A hidden folder next to the target folder. It is renamed to the target when it is complete, and deleted otherwise. A lock file next to
/// it is kept open; without the lock, the folder was left by a killed process.
/// </summary>
internal sealed class StagingFolder : IDisposable
{
    private const string LockEnding = ".lock";

    private readonly string _target;
    private readonly FileStream _lock;

    /// <param name="target">Absolute path of the final folder.</param>
    public StagingFolder(string target)
    {
        _target = target;
        Path = $"{Prefix(target)}{Guid.NewGuid():N}";
        Directory.CreateDirectory(Parent(target));
        _lock = new FileStream(Path + LockEnding, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        Directory.CreateDirectory(Path);
    }

    /// <summary>Absolute path of the hidden folder.</summary>
    public string Path { get; }

    /// <summary>Path of a file in the hidden folder.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Renames the folder to the target.</summary>
    /// <exception cref="IOException">The target was created in the meantime.</exception>
    public void Commit() => Directory.Move(Path, _target);

    /// <summary>Deletes the folders that killed processes left for this target.</summary>
    public static void RemoveAbandoned(string target)
    {
        if (!Directory.Exists(Parent(target)))
            return;
        foreach (string left in Directory.EnumerateDirectories(Parent(target), System.IO.Path.GetFileName(Prefix(target)) + "*"))
            if (TryLock(left + LockEnding) is { } taken)
                using (taken)
                    Directory.Delete(left, recursive: true);
    }

    public void Dispose()
    {
        if (Directory.Exists(Path))
            Directory.Delete(Path, recursive: true);
        _lock.Dispose();
    }

    private static string Parent(string target) => System.IO.Path.GetDirectoryName(target) ?? "/";

    private static string Prefix(string target) =>
        System.IO.Path.Combine(Parent(target), $".{System.IO.Path.GetFileName(target)}.importing.");

    // The operating system releases the lock when the process ends for any reason.
    private static FileStream? TryLock(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
