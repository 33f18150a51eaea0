namespace AaClip.Cli.Operate;

/// <summary>
/// Folder of the built function app: named by the caller or the environment, else where the build puts it, relative to this program.
/// </summary>
internal static class FunctionsFolder
{
    /// <summary>Environment variable that names the folder.</summary>
    public const string Variable = "AACLIP_FUNCTIONS";

    /// <param name="named">Folder that the caller names; null searches for it.</param>
    public static string Find(string? named)
    {
        if ((named ?? Environment.GetEnvironmentVariable(Variable)) is { Length: > 0 } folder)
            return folder;
        // Artifacts/bin/Cli/release; the function app is in artifacts/bin/Functions/release
        DirectoryInfo own = new(AppContext.BaseDirectory);
        string built = Path.GetFullPath(Path.Combine(own.FullName, "..", "..", "Functions", own.Name));
        return Directory.Exists(built) ? built : Path.Combine(own.FullName, "functions");
    }
}
