using System.Text.Json.Nodes;

namespace AaClip.Pipeline.Routing;

/// <summary>A value of config/cameras.json that differs between two versions.</summary>
/// <param name="Path">Where it stands, such as "cameras.cam01.threshold".</param>
/// <param name="Before">Its JSON before; null if it was not there.</param>
/// <param name="After">Its JSON afterwards; null if it is not there any more.</param>
public sealed record ProfileChange(string Path, JsonNode? Before, JsonNode? After)
{
    /// <summary>What differs between two documents; objects are compared field by field, all else as a whole.</summary>
    /// <param name="before">Null for no document.</param>
    /// <param name="after">Null for no document.</param>
    public static IReadOnlyList<ProfileChange> Between(JsonNode? before, JsonNode? after) => [.. Between("", before, after)];

    private static IEnumerable<ProfileChange> Between(string path, JsonNode? before, JsonNode? after)
    {
        if (JsonNode.DeepEquals(before, after))
            return [];
        if ((before ?? new JsonObject()) is not JsonObject was || (after ?? new JsonObject()) is not JsonObject isNow)
            return [new ProfileChange(path, before?.DeepClone(), after?.DeepClone())];
        if (was.Count == 0 && isNow.Count == 0)
            return [new ProfileChange(path, before?.DeepClone(), after?.DeepClone())]; // an empty object came or went
        return was.Select(field => field.Key)
            .Union(isNow.Select(field => field.Key))
            .SelectMany(name => Between(path.Length == 0 ? name : $"{path}.{name}", was[name], isNow[name]));
    }
}
