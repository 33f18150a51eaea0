using AaClip.Scoring.Anchors;

namespace AaClip.Cli.Operate;

/// <summary>Folder for files that the program can make again: AACLIP_CACHE, else the parent of the default cache folder.</summary>
internal static class UserFolder
{
    public static string File(string name) => Path.Combine(Root, name);

    private static string Root =>
        Environment.GetEnvironmentVariable(CacheFolder.Variable) is { Length: > 0 }
            ? CacheFolder.Path
            : Path.GetDirectoryName(CacheFolder.Path) ?? CacheFolder.Path; // the default path has a parent
}
