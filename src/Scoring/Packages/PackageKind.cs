namespace AaClip.Scoring.Packages;

/// <summary>The kinds of packages: the value of "kind" in model.json, which a package that scores images does not have.</summary>
public static class PackageKind
{
    /// <summary>A check for generated pictures: <see cref="CheckPackage"/>.</summary>
    public const string Check = "check";

    /// <summary>Finds events in a sequence of frames: <see cref="Events.TemporalPackage"/>.</summary>
    public const string Temporal = "temporal";

    /// <summary>What packages of a kind are.</summary>
    /// <param name="kind">Null for one that scores images.</param>
    public static string Describe(string? kind) =>
        kind switch
        {
            Check => "a check for generated pictures",
            Temporal => "a temporal package, which finds events in a sequence of frames",
            _ => "a model that scores images",
        };

    /// <summary>What a package of a kind is used with; empty for one that scores images.</summary>
    public static string Use(string? kind) =>
        kind switch
        {
            Check => "use it with 'aaclip check' or as 'generated' of a camera, and ",
            Temporal => "use it with 'aaclip timeline' or as 'events' of a camera, and ",
            _ => "",
        };

    /// <summary>The option of 'aaclip import' that makes packages of a kind.</summary>
    public static string Option(string? kind) =>
        kind switch
        {
            Check => "--check",
            Temporal => "--temporal",
            _ => "--clip",
        };
}
