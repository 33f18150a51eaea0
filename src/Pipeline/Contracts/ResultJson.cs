using System.Text.Json.Serialization;

namespace AaClip.Pipeline.Contracts;

/// <summary>JSON of results and of failed messages.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    Converters = [typeof(DomainConverter)]
)]
[JsonSerializable(typeof(ResultDocument))]
[JsonSerializable(typeof(FailedMessage))]
public sealed partial class ResultJson : JsonSerializerContext;
