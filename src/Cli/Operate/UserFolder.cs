using AaClip.Scoring.Anchors;

namespace AaClip.Cli.Operate;

/// <summary>Where the program keeps what it can make again: AACLIP_CACHE as it is, else the folder above the anchors.</summary>
internal static class UserFolder
{
    public static string File(string name) => Path.Combine(Root, name);

    private static string Root =>
        Environment.GetEnvironmentVariable(CacheFolder.Variable) is { Length: > 0 }
            ? CacheFolder.Path
            : Path.GetDirectoryName(CacheFolder.Path) ?? CacheFolder.Path; // the default path has a folder
}
