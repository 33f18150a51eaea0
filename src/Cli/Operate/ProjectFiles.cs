namespace AaClip.Cli.Operate;

/// <summary>Files and folders of the checkout: searched from the current folder upwards, then from the program's folder upwards.</summary>
internal static class ProjectFiles
{
    /// <returns>The full path; null if nothing of that name is found.</returns>
    public static string? Find(string relative)
    {
        foreach (string start in (string[])[Environment.CurrentDirectory, AppContext.BaseDirectory])
            for (DirectoryInfo? folder = new(start); folder is not null; folder = folder.Parent)
                if (Path.Combine(folder.FullName, relative) is var path && Path.Exists(path))
                    return path;
        return null;
    }
}
