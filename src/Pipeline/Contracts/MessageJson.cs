using System.Text.Json.Serialization;

namespace AaClip.Pipeline.Contracts;

/// <summary>JSON of everything that crosses a queue, and of requests for jobs: camelCase, without empty fields.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    PropertyNameCaseInsensitive = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true
)]
[JsonSerializable(typeof(BlobCreated))]
[JsonSerializable(typeof(ScoreRequested))]
[JsonSerializable(typeof(Scored))]
[JsonSerializable(typeof(RescoreStep))]
[JsonSerializable(typeof(RescoreRequest))]
public sealed partial class MessageJson : JsonSerializerContext;
