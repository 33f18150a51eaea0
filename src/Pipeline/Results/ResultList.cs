using System.Text.Json.Serialization;

namespace AaClip.Pipeline.Results;

/// <summary>The results of a model, as the HTTP API lists them.</summary>
/// <param name="Model">"name@version".</param>
/// <param name="Results">Results, newest first.</param>
public sealed record ResultList(string Model, IReadOnlyList<ResultSummary> Results);

/// <summary>JSON of lists of results.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true
)]
[JsonSerializable(typeof(ResultList))]
public sealed partial class ResultListJson : JsonSerializerContext;
