using System.Text.Json.Serialization;
using AaClip.Pipeline.Contracts;

namespace AaClip.Pipeline.Jobs;

/// <summary>JSON of jobs.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    PropertyNameCaseInsensitive = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true
)]
[JsonSerializable(typeof(Job))]
[JsonSerializable(typeof(JobPage))]
[JsonSerializable(typeof(IReadOnlyList<Compared>))]
[JsonSerializable(typeof(RescoreRequest))]
[JsonSerializable(typeof(JobReport))]
[JsonSerializable(typeof(JobProgress))]
[JsonSerializable(typeof(IReadOnlyList<JobProgress>))]
public sealed partial class JobJson : JsonSerializerContext;
