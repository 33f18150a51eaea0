using System.Text.Json.Serialization;

namespace AaClip.Pipeline.Contracts;

/// <summary>JSON of queue messages and of job requests: camelCase, null fields left out.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    PropertyNameCaseInsensitive = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true
)]
[JsonSerializable(typeof(BlobCreated))]
[JsonSerializable(typeof(ScoreRequested))]
[JsonSerializable(typeof(Scored))]
[JsonSerializable(typeof(FrameSeen))]
[JsonSerializable(typeof(RescoreStep))]
[JsonSerializable(typeof(RescoreRequest))]
public sealed partial class MessageJson : JsonSerializerContext;
