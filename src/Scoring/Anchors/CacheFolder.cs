namespace AaClip.Scoring.Anchors;

/// <summary>The folder in which computed text anchors are cached between runs.</summary>
public static class CacheFolder
{
    /// <summary>Environment variable that overrides the default folder.</summary>
    public const string Variable = "AACLIP_CACHE";

    /// <summary>
    /// The folder for anchors. If AACLIP_CACHE is set, its value. Otherwise aaclip/anchors below XDG_CACHE_HOME, below the user's local
    /// application data, or, if the user has neither, below the temporary folder. The folder may not exist yet.
    /// </summary>
    public static string Path => Choose(Environment.GetEnvironmentVariable);

    internal static string Choose(Func<string, string?> variable)
    {
        if (variable(Variable) is { Length: > 0 } named)
            return System.IO.Path.GetFullPath(named);
        string? xdg = variable("XDG_CACHE_HOME");
        string local = Environment.GetFolderPath(
            Environment.SpecialFolder.LocalApplicationData,
            Environment.SpecialFolderOption.DoNotVerify
        );
        string parent =
            System.IO.Path.IsPathFullyQualified(xdg ?? "") ? xdg! // XDG rule: ignore a relative path; null is not fully qualified either
            : local.Length > 0 ? local
            : System.IO.Path.GetTempPath();
        return System.IO.Path.Combine(parent, "aaclip", "anchors");
    }
}
