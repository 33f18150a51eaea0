using System.Diagnostics;
using System.Globalization;

namespace AaClip.Checkpoints.Import;

/// <summary>A hidden folder beside the target that takes its name when all is there, and goes away when not.</summary>
internal sealed class StagingFolder : IDisposable
{
    private readonly string _target;

    /// <param name="target">Absolute path that the folder will have.</param>
    public StagingFolder(string target)
    {
        _target = target;
        Path = $"{Prefix(target)}{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}.{Guid.NewGuid():N}";
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
        string parent = System.IO.Path.GetDirectoryName(target) ?? "/";
        if (!Directory.Exists(parent))
            return;
        string prefix = System.IO.Path.GetFileName(Prefix(target));
        foreach (string left in Directory.EnumerateDirectories(parent, $"{prefix}*"))
            if (int.TryParse(System.IO.Path.GetFileName(left)[prefix.Length..].Split('.')[0], CultureInfo.InvariantCulture, out int process) && !IsRunning(process))
                Directory.Delete(left, recursive: true);
    }

    public void Dispose()
    {
        if (Directory.Exists(Path))
            Directory.Delete(Path, recursive: true);
    }

    private static string Prefix(string target) =>
        System.IO.Path.Combine(System.IO.Path.GetDirectoryName(target) ?? "/", $".{System.IO.Path.GetFileName(target)}.importing.");

    private static bool IsRunning(int process)
    {
        try
        {
            using Process found = Process.GetProcessById(process);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
