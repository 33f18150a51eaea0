using System.Text.Json.Serialization;

namespace AaClip.Pipeline.Results;

/// <summary>A page of results.</summary>
/// <param name="Model">"name@version".</param>
/// <param name="Results">Newest first.</param>
public sealed record ResultList(string Model, IReadOnlyList<ResultSummary> Results);

/// <summary>JSON of pages of results.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true
)]
[JsonSerializable(typeof(ResultList))]
public sealed partial class ResultListJson : JsonSerializerContext;
