namespace AaClip.Scoring.Anchors;

/// <summary>Where computed text anchors are kept between runs.</summary>
public static class CacheFolder
{
    /// <summary>Names the folder instead of the default.</summary>
    public const string Variable = "AACLIP_CACHE";

    /// <summary>
    /// The folder for anchors: AACLIP_CACHE as it is; else aaclip/anchors below XDG_CACHE_HOME, below the user's local application data,
    /// or, for a user without either, below the temporary folder. It need not exist.
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
            System.IO.Path.IsPathFullyQualified(xdg ?? "") ? xdg! // the XDG rules have a relative path ignored; null is not fully qualified
            : local.Length > 0 ? local
            : System.IO.Path.GetTempPath();
        return System.IO.Path.Combine(parent, "aaclip", "anchors");
    }
}
