namespace AaClip.Tests;

/// <summary>
/// Finds the golden numbers of the published code. The small subset that the repository carries is in tests/parity; the full set
/// lies beside the checkout (shared/parity) or where AACLIP_PARITY points. A test that needs an absent file is skipped and says so.
/// </summary>
internal static class Parity
{
    private static readonly string Root = FindRoot();

    /// <summary>Absolute path of a golden file such as "tiny/golden-maps.safetensors"; skips the calling test when it is absent.</summary>
    public static string File(string relative)
    {
        foreach (string folder in Folders())
        {
            string path = Path.Combine(folder, relative);
            if (System.IO.File.Exists(path))
                return path;
        }

        Assert.Skip(
            $"Golden file '{relative}' is not in tests/parity, and no full set was found: set AACLIP_PARITY to the folder that holds it."
        );
        return ""; // not reached: Skip throws
    }

    /// <summary>The repository's root, for files that are not golden numbers.</summary>
    public static string RepositoryRoot => Root;

    private static IEnumerable<string> Folders()
    {
        yield return Path.Combine(Root, "tests", "parity");
        if (Environment.GetEnvironmentVariable("AACLIP_PARITY") is { Length: > 0 } named)
            yield return named;
        yield return Path.Combine(Root, "..", "shared", "parity");
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (System.IO.File.Exists(Path.Combine(folder.FullName, "AaClip.Functions.sln")))
                return folder.FullName;
        throw new InvalidOperationException($"No AaClip.Functions.sln above {AppContext.BaseDirectory}.");
    }
}
