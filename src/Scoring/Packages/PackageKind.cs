using System.Text.Json;

namespace AaClip.Scoring.Packages;

/// <summary>The kinds of packages; a model.json without "kind" is of one that scores images.</summary>
internal static class PackageKind
{
    /// <summary>The value of "kind" in the model.json of a package that finds events in a sequence of frames.</summary>
    public const string Temporal = "temporal";

    /// <summary>Whether a model.json describes a temporal package.</summary>
    public static bool IsTemporal(JsonElement root) =>
        root.ValueKind == JsonValueKind.Object
        && root.TryGetProperty("kind", out JsonElement kind)
        && kind.ValueKind == JsonValueKind.String
        && kind.ValueEquals(Temporal);
}
