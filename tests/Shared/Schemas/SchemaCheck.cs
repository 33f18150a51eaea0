using System.Text.Json;
using Json.Schema;

namespace AaClip.Tests;

/// <summary>Compares JSON with the schemas of docs/schemas. Formats such as date-time count as well.</summary>
internal static class SchemaCheck
{
    // Draft 2020-12 where a format is a rule and an unknown keyword is an error: a misspelt one would check nothing.
    private static readonly Dialect Strict = new([
        .. new[]
        {
            Vocabulary.Draft202012_Core,
            Vocabulary.Draft202012_Applicator,
            Vocabulary.Draft202012_Unevaluated,
            Vocabulary.Draft202012_Validation,
            Vocabulary.Draft202012_MetaData,
            Vocabulary.Draft202012_FormatAssertion,
            Vocabulary.Draft202012_Content,
        }.SelectMany(v => v.Keywords),
    ])
    {
        Id = Dialect.Draft202012.Id,
        AllowUnknownKeywords = false,
    };

    private static readonly EvaluationOptions AllFaults = new() { OutputFormat = OutputFormat.List };

    private static readonly JsonDocumentOptions Lenient = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <summary>Reads a schema of docs/schemas.</summary>
    /// <param name="part">One of the schema's $defs; null for the schema itself.</param>
    /// <exception cref="JsonSchemaException">It is no schema of draft 2020-12, or holds a keyword that the draft does not know.</exception>
    public static JsonSchema Load(string name, string? part = null) =>
        Parse(File.ReadAllText(Path.Combine(Parity.RepositoryRoot, "docs", "schemas", name)), part);

    /// <summary>Reads a schema from its text; see <see cref="Load"/>.</summary>
    public static JsonSchema Parse(string text, string? part = null)
    {
        // Registries of its own: those of the process refuse an $id that comes twice.
        BuildOptions options = new()
        {
            Dialect = Strict,
            DialectRegistry = new DialectRegistry(),
            SchemaRegistry = new SchemaRegistry(),
        };
        options.DialectRegistry.Register(Strict);
        JsonSchema schema = JsonSchema.FromText(text, options);
        return part is null ? schema : JsonSchema.FromText($$"""{ "$ref": "{{schema.BaseUri}}#/$defs/{{part}}" }""", options);
    }

    /// <returns>One line for each fault: where it is in the JSON, why it is one, and which keyword of the schema says so.</returns>
    public static List<string> Faults(JsonSchema schema, string json)
    {
        using JsonDocument document = JsonDocument.Parse(json, Lenient);
        EvaluationResults results = schema.Evaluate(document.RootElement, AllFaults);
        if (results.IsValid)
            return []; // the details also hold the branches of an anyOf that were not taken
        return
        [
            .. from result in results.Details ?? []
            from error in result.Errors ?? []
            let place = result.InstanceLocation.SegmentCount == 0 ? "/" : $"{result.InstanceLocation}"
            select $"{place}: {error.Value} ({result.EvaluationPath}/{error.Key})",
        ];
    }
}
