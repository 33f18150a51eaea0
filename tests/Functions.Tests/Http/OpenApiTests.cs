using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AaClip.Pipeline.Results.Index;
using AaClip.Tests;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;

namespace AaClip.Functions.Tests.Http;

public partial class OpenApiTests
{
    private static readonly string Json = Assert.IsType<ContentResult>(OpenApi.Read(new DefaultHttpContext().Request)).Content!;

    private static readonly string Metadata = Path.Combine(
        AppContext.BaseDirectory,
        "..",
        "..",
        "Functions",
        new DirectoryInfo(AppContext.BaseDirectory).Name,
        "functions.metadata"
    );

    private static JsonObject Document => JsonNode.Parse(Json)!.AsObject(); // it is one

    [Fact]
    public void A_reader_of_OpenAPI_finds_no_fault()
    {
        ReadResult read = OpenApiDocument.Parse(Json, "json");

        Assert.Empty(read.Diagnostic!.Errors.Select(e => $"{e.Pointer}: {e.Message}")); // a reader always has a diagnosis
        Assert.Empty(read.Diagnostic.Warnings.Select(w => $"{w.Pointer}: {w.Message}"));
    }

    [Fact]
    public void Every_route_is_described_and_nothing_else()
    {
        IEnumerable<string> described =
            from path in Document["paths"]!.AsObject()
            from verb in path.Value!.AsObject()
            select $"{verb.Key} {path.Key}";

        // The worker's build writes this file, from which hosts know the functions
        JsonNode[] functions = [.. JsonNode.Parse(File.ReadAllText(Metadata))!.AsArray().OfType<JsonNode>()];
        IEnumerable<string> routes =
            from function in functions
            from binding in function["bindings"]!.AsArray()
            where (string?)binding!["type"] == "httpTrigger"
            from verb in binding["methods"]!.AsArray()
            select $"{verb} /{((string)binding["route"]!).Replace("{*", "{", StringComparison.Ordinal)}";

        Assert.Equal(routes.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
        Assert.InRange(routes.Count(), 12, 100);
    }

    [Fact]
    public void The_parameters_of_results_are_those_that_are_read()
    {
        IEnumerable<string> described = Document["paths"]!["/results"]!["get"]!["parameters"]!
            .AsArray()
            .Select(p => p!["name"]!.GetValue<string>());

        Assert.Equal(ResultQueryText.Parameters.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_reference_leads_somewhere()
    {
        string[] references = [.. Reference().Matches(Json).Select(m => m.Groups[1].Value).Distinct()];

        Assert.NotEmpty(references);
        Assert.All(
            references,
            reference =>
            {
                JsonNode? node = Document;
                foreach (string part in reference.Split('/').Skip(1))
                    node = node is JsonArray items
                        ? items[int.Parse(part, System.Globalization.CultureInfo.InvariantCulture)]
                        : node?[part];
                Assert.NotNull(node);
            }
        );
    }

    [Fact]
    public void Routes_without_a_key_are_health_and_this_description()
    {
        IEnumerable<string> open =
            from path in Document["paths"]!.AsObject()
            from verb in path.Value!.AsObject()
            where verb.Value!["security"] is null
            select path.Key;

        Assert.Equal(["/health", "/health/live", "/openapi.json"], open.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_route_is_in_the_documentation()
    {
        string docs = File.ReadAllText(Path.Combine(Parity.RepositoryRoot, "docs", "api.md"));

        Assert.All(Document["paths"]!.AsObject(), path => Assert.Contains($"/api{path.Key}", docs, StringComparison.Ordinal));
    }

    [GeneratedRegex("\"\\$ref\": \"(#[^\"]+)\"")]
    private static partial Regex Reference();
}
