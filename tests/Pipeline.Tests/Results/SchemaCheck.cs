using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace AaClip.Tests;

/// <summary>
/// Compares JSON with a schema: the keywords that our own schemas use, and a failure for any other one, so that none is silently skipped.
/// </summary>
internal static class SchemaCheck
{
    private static readonly HashSet<string> Annotations = ["$schema", "$id", "$defs", "title", "description", "default", "format"];

    /// <summary>Reads a schema of docs/schemas.</summary>
    public static JsonElement Load(string name) =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(Parity.RepositoryRoot, "docs", "schemas", name))).RootElement;

    /// <param name="part">One of the schema's $defs; null for the schema itself.</param>
    /// <returns>One line for each fault, with its place.</returns>
    public static List<string> Faults(JsonElement schema, string json, string? part = null)
    {
        List<string> faults = [];
        using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip });
        Check(schema, part is null ? schema : schema.GetProperty("$defs").GetProperty(part), document.RootElement, "$", faults);
        return faults;
    }

    private static void Check(JsonElement root, JsonElement schema, JsonElement value, string at, List<string> faults)
    {
        if (schema.ValueKind == JsonValueKind.False)
        {
            faults.Add($"{at}: not allowed here");
            return;
        }

        foreach (JsonProperty rule in schema.EnumerateObject())
        {
            JsonElement r = rule.Value;
            bool fine = rule.Name switch
            {
                "type" => Is(value, r.GetString()),
                "const" => JsonElement.DeepEquals(r, value),
                "enum" => r.EnumerateArray().Any(e => JsonElement.DeepEquals(e, value)),
                "required" => value.ValueKind != JsonValueKind.Object || r.EnumerateArray().All(n => value.TryGetProperty(n.GetString()!, out _)), // names are texts
                "minimum" => value.ValueKind != JsonValueKind.Number || value.GetDouble() >= r.GetDouble(),
                "maximum" => value.ValueKind != JsonValueKind.Number || value.GetDouble() <= r.GetDouble(),
                "exclusiveMinimum" => value.ValueKind != JsonValueKind.Number || value.GetDouble() > r.GetDouble(),
                "exclusiveMaximum" => value.ValueKind != JsonValueKind.Number || value.GetDouble() < r.GetDouble(),
                "minLength" => value.ValueKind != JsonValueKind.String || value.GetString()!.Length >= r.GetInt32(),
                "minItems" => value.ValueKind != JsonValueKind.Array || value.GetArrayLength() >= r.GetInt32(),
                "maxItems" => value.ValueKind != JsonValueKind.Array || value.GetArrayLength() <= r.GetInt32(),
                "pattern" => value.ValueKind != JsonValueKind.String || Regex.IsMatch(value.GetString()!, r.GetString()!),
                "anyOf" => r.EnumerateArray().Any(s => Fits(root, s, value)),
                "$ref" => Follow(root, r.GetString()!, value, at, faults),
                "items" => Items(root, r, value, at, faults),
                "properties" => Properties(root, r, value, at, faults),
                "additionalProperties" => Others(root, schema, r, value, at, faults),
                _ => Annotations.Contains(rule.Name) ? true : throw new NotSupportedException($"The check does not know '{rule.Name}' at {at}."),
            };
            if (!fine)
                faults.Add($"{at}: {value.GetRawText()} breaks {rule.Name} {r.GetRawText()}");
        }
    }

    private static bool Fits(JsonElement root, JsonElement schema, JsonElement value)
    {
        List<string> faults = [];
        Check(root, schema, value, "", faults);
        return faults.Count == 0;
    }

    private static bool Is(JsonElement value, string? type) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && value.GetDouble() == Math.Floor(value.GetDouble()),
        _ => throw new NotSupportedException($"The check does not know type '{type}'."),
    };

    private static bool Follow(JsonElement root, string reference, JsonElement value, string at, List<string> faults)
    {
        JsonElement target = root;
        foreach (string part in reference.TrimStart('#', '/').Split('/'))
            target = target.GetProperty(part);
        Check(root, target, value, at, faults);
        return true;
    }

    private static bool Items(JsonElement root, JsonElement schema, JsonElement value, string at, List<string> faults)
    {
        int i = 0;
        if (value.ValueKind == JsonValueKind.Array)
            foreach (JsonElement item in value.EnumerateArray())
                Check(root, schema, item, string.Create(CultureInfo.InvariantCulture, $"{at}[{i++}]"), faults);
        return true;
    }

    private static bool Properties(JsonElement root, JsonElement schemas, JsonElement value, string at, List<string> faults)
    {
        if (value.ValueKind == JsonValueKind.Object)
            foreach (JsonProperty schema in schemas.EnumerateObject())
                if (value.TryGetProperty(schema.Name, out JsonElement member))
                    Check(root, schema.Value, member, $"{at}.{schema.Name}", faults);
        return true;
    }

    private static bool Others(JsonElement root, JsonElement schema, JsonElement rule, JsonElement value, string at, List<string> faults)
    {
        if (value.ValueKind != JsonValueKind.Object)
            return true;
        bool named(string name) => schema.TryGetProperty("properties", out JsonElement properties) && properties.TryGetProperty(name, out _);
        foreach (JsonProperty member in value.EnumerateObject().Where(m => !named(m.Name)))
            Check(root, rule, member.Value, $"{at}.{member.Name}", faults);
        return true;
    }
}
