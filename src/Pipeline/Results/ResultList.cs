using System.Text.Json.Serialization;
using AaClip.Pipeline.Results.Index;

namespace AaClip.Pipeline.Results;

/// <summary>A page of results.</summary>
/// <param name="Model">"name@version"; null for all models.</param>
/// <param name="Results">Newest image first.</param>
/// <param name="Next">Cursor of the next page; null at the end.</param>
public sealed record ResultList(string? Model, IReadOnlyList<ResultRow> Results, string? Next);

/// <summary>JSON of lists of results.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true
)]
[JsonSerializable(typeof(ResultList))]
public sealed partial class ResultListJson : JsonSerializerContext;
