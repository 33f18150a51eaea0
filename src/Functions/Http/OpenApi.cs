using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Results;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;

namespace AaClip.Functions;

/// <summary>The description of the HTTP API, made from the functions: OpenAPI 3.1.</summary>
public sealed class OpenApi
{
    private const string Key = "functionKey";
    private const string Json = "application/json",
        Plain = "text/plain",
        ProblemMedia = "application/problem+json";

    private static readonly JsonSerializerOptions Types = new()
    {
        TypeInfoResolver = JsonTypeInfoResolver.Combine(
            ResultJson.Default,
            ResultListJson.Default,
            JobJson.Default,
            MessageJson.Default,
            PushJson.Default,
            AlertsApiJson.Default,
            HealthJson.Default,
            ProblemJson.Default
        ),
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
    };

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private static readonly Lazy<string> Document = new(() => Build().ToJsonString(Indented));

    /// <summary>GET openapi.json: the description; needs no key.</summary>
    [Function("OpenApi")]
    [Operation("The description of this API.", "openapi")]
    [Answer(200, "OpenAPI 3.1")]
    public static IActionResult Read([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "openapi.json")] HttpRequest request) =>
        new ContentResult
        {
            Content = Document.Value,
            ContentType = Json,
            StatusCode = StatusCodes.Status200OK,
        };

    /// <summary>All functions of this assembly with an HTTP trigger.</summary>
    internal static IEnumerable<(MethodInfo Method, string Name, HttpTriggerAttribute Trigger)> Routes() =>
        from type in typeof(OpenApi).Assembly.GetTypes()
        from method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
        let function = method.GetCustomAttribute<FunctionAttribute>()
        where function is not null
        from parameter in method.GetParameters()
        let trigger = parameter.GetCustomAttribute<HttpTriggerAttribute>()
        where trigger is not null
        select (method, function.Name, trigger);

    private static JsonObject Build()
    {
        JsonObject paths = [],
            schemas = [];
        foreach (
            (MethodInfo method, string name, HttpTriggerAttribute trigger) in Routes()
                .OrderBy(r => r.Trigger.Route, StringComparer.Ordinal)
                .ThenBy(r => r.Trigger.Methods![0], StringComparer.Ordinal) // every trigger of ours names its methods
        )
        {
            string path = "/" + trigger.Route!.Replace("{*", "{", StringComparison.Ordinal); // each has a route
            if (paths[path] is not JsonObject item)
                paths[path] = item = [];
            foreach (string verb in trigger.Methods!)
                item[verb] = Operation(method, name, trigger, path, schemas);
        }

        return new JsonObject
        {
            ["openapi"] = "3.1.1",
            ["info"] = new JsonObject
            {
                ["title"] = "AaClip.Functions",
                ["version"] = typeof(OpenApi).Assembly.GetName().Version?.ToString(3),
                ["description"] =
                    "Images in, anomalies out. In Azure every route but health and this description needs a function key: header "
                    + "x-functions-key, or the parameter code.",
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/api" }),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["schemas"] = schemas,
                ["securitySchemes"] = new JsonObject
                {
                    [Key] = new JsonObject
                    {
                        ["type"] = "apiKey",
                        ["in"] = "header",
                        ["name"] = "x-functions-key",
                    },
                },
            },
        };
    }

    private static JsonObject Operation(MethodInfo method, string name, HttpTriggerAttribute trigger, string path, JsonObject schemas)
    {
        OperationAttribute about =
            method.GetCustomAttribute<OperationAttribute>()
            ?? throw new InvalidOperationException($"Function {name} has no [Operation]: say what it does.");
        JsonObject operation = new()
        {
            ["operationId"] = name,
            ["summary"] = about.Summary,
            ["tags"] = new JsonArray(about.Tag),
        };
        JsonArray parameters =
        [
            .. method
                .GetParameters()
                .Where(p => path.Contains($"{{{p.Name}}}", StringComparison.Ordinal))
                .Select(p => Parameter(p.Name!, "path", "", "string", required: true)), // C# parameters have names
            .. method
                .GetCustomAttributes<QueryAttribute>()
                .Select(q => Parameter(q.Name, "query", q.Description, q.Type, required: q.Required)),
        ];
        if (parameters.Count > 0)
            operation["parameters"] = parameters;
        if (method.GetCustomAttributes<BodyAttribute>().ToArray() is { Length: > 0 } bodies)
            operation["requestBody"] = new JsonObject
            {
                ["required"] = true,
                ["content"] = new JsonObject(
                    bodies.Select(b => KeyValuePair.Create(b.MediaType, (JsonNode?)Media(b.Type, schemas, binary: b.Type is null)))
                ),
            };
        operation["responses"] = new JsonObject(
            method
                .GetCustomAttributes<AnswerAttribute>()
                .OrderBy(a => a.Status)
                .Select(a => KeyValuePair.Create($"{a.Status}", (JsonNode?)Response(a, schemas)))
        );
        if (trigger.AuthLevel != AuthorizationLevel.Anonymous)
            operation["security"] = new JsonArray(new JsonObject { [Key] = new JsonArray() });
        return operation;
    }

    private static JsonObject Parameter(string name, string place, string description, string type, bool required)
    {
        JsonObject parameter = new()
        {
            ["name"] = name,
            ["in"] = place,
            ["required"] = required,
            ["schema"] =
                type == "date-time" ? new JsonObject { ["type"] = "string", ["format"] = type } : new JsonObject { ["type"] = type },
        };
        if (description.Length > 0)
            parameter["description"] = description;
        return parameter;
    }

    private static JsonObject Response(AnswerAttribute answer, JsonObject schemas)
    {
        JsonObject response = new() { ["description"] = answer.Description };
        string media =
            answer.Problem ? ProblemMedia
            : answer.Status >= 400 && answer.Type is null ? Plain
            : Json;
        response["content"] = new JsonObject { [media] = Media(answer.Type, schemas, binary: false, text: media == Plain) };
        return response;
    }

    private static JsonObject Media(Type? type, JsonObject schemas, bool binary, bool text = false)
    {
        if (type is null)
            return binary
                    ? new JsonObject
                    {
                        ["schema"] = new JsonObject { ["type"] = "string", ["format"] = "binary" },
                    }
                : text ? new JsonObject { ["schema"] = new JsonObject { ["type"] = "string" } }
                : new JsonObject { ["schema"] = new JsonObject { ["type"] = "object" } };
        if (type.IsArray)
            return new JsonObject
            {
                // An array has one
                ["schema"] = new JsonObject { ["type"] = "array", ["items"] = Reference(type.GetElementType()!, schemas) },
            };
        return new JsonObject { ["schema"] = Reference(type, schemas) };
    }

    private static JsonObject Reference(Type type, JsonObject schemas)
    {
        string place = $"#/components/schemas/{type.Name}";
        if (!schemas.ContainsKey(type.Name))
        {
            JsonNode schema = JsonSchemaExporter.GetJsonSchemaAsNode(
                Types,
                type,
                new JsonSchemaExporterOptions { TreatNullObliviousAsNonNullable = true }
            );
            Rebase(schema, place);
            schemas[type.Name] = schema;
        }

        return new JsonObject { ["$ref"] = place };
    }

    // References inside of a schema are written from its own root.
    private static void Rebase(JsonNode? node, string place)
    {
        if (node is JsonObject parts)
        {
            if (parts["$ref"] is JsonValue reference && reference.TryGetValue(out string? target) && target.StartsWith('#'))
                parts["$ref"] = place + target[1..];
            foreach ((_, JsonNode? part) in parts.ToArray())
                Rebase(part, place);
        }
        else if (node is JsonArray items)
        {
            foreach (JsonNode? item in items)
                Rebase(item, place);
        }
    }
}
