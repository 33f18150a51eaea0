using System.Text.Json.Serialization;

namespace AaClip.Pipeline.Reviews;

/// <summary>JSON of people's decisions.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    Converters = [typeof(JsonStringEnumConverter<ReviewVerdict>)]
)]
[JsonSerializable(typeof(Review))]
[JsonSerializable(typeof(IReadOnlyList<IReadOnlyList<IReadOnlyList<double>>>))]
internal sealed partial class ReviewJson : JsonSerializerContext;
