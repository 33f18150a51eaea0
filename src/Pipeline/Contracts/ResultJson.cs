using System.Text.Json.Serialization;
using AaClip.Pipeline.Failures;
using AaClip.Pipeline.Results;
using AaClip.Pipeline.Routing;

namespace AaClip.Pipeline.Contracts;

/// <summary>JSON of results.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    Converters = [typeof(DomainConverter)]
)]
[JsonSerializable(typeof(ResultDocument))]
[JsonSerializable(typeof(FailedMessage))]
[JsonSerializable(typeof(ResultList))]
public sealed partial class ResultJson : JsonSerializerContext;
