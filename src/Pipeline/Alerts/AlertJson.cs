using System.Text.Json.Serialization;

namespace AaClip.Pipeline.Alerts;

/// <summary>JSON of alert states and of the data of events: camelCase, null fields left out.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true
)]
[JsonSerializable(typeof(AlertState))]
[JsonSerializable(typeof(AnomalyData))]
[JsonSerializable(typeof(SilenceData))]
[JsonSerializable(typeof(DriftData))]
[JsonSerializable(typeof(GeneratedData))]
[JsonSerializable(typeof(EventData))]
internal sealed partial class AlertJson : JsonSerializerContext;
