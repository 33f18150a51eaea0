using System.Text.Json.Serialization;
using AaClip.Pipeline.Cameras;

namespace AaClip.Pipeline.Results;

/// <summary>JSON of results.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    Converters = [typeof(DomainConverter)])]
[JsonSerializable(typeof(ResultDocument))]
[JsonSerializable(typeof(FailedMessage))]
[JsonSerializable(typeof(ResultList))]
public sealed partial class ResultJson : JsonSerializerContext;
