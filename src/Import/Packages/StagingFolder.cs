namespace AaClip.Import.Packages;

/// <summary>
/// A hidden folder beside the target that takes its name when all is there, and goes away when not. A lock file beside it, held open,
/// tells a folder in work from one that a killed process left.
/// </summary>
internal sealed class StagingFolder : IDisposable
{
    private const string LockEnding = ".lock";

    private readonly string _target;
    private readonly FileStream _lock;

    /// <param name="target">Absolute path that the folder will have.</param>
    public StagingFolder(string target)
    {
        _target = target;
        Path = $"{Prefix(target)}{Guid.NewGuid():N}";
        Directory.CreateDirectory(Parent(target));
        _lock = new FileStream(Path + LockEnding, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        Directory.CreateDirectory(Path);
    }

    /// <summary>Absolute path while it is being filled.</summary>
    public string Path { get; }

    /// <summary>Path of a file in it.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Gives the folder its name.</summary>
    /// <exception cref="IOException">The target came to exist meanwhile.</exception>
    public void Commit() => Directory.Move(Path, _target);

    /// <summary>Removes what killed processes left for this target.</summary>
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

    // The system lets go of a lock when its process ends, however it ends.
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
