using System.Text.Json;
using System.Text.Json.Serialization;
using AaClip.Pipeline.Contracts;

namespace AaClip.Pipeline.Routing;

/// <summary>
/// JSON of camera profiles. Unknown fields are rejected: otherwise a misspelt threshold would silently become the default.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowTrailingCommas = true,
    ReadCommentHandling = JsonCommentHandling.Skip,
    RespectRequiredConstructorParameters = true, // otherwise a severity band without minCalibrated would start at 0
    WriteIndented = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(DomainConverter)]
)]
[JsonSerializable(typeof(CameraProfile))]
[JsonSerializable(typeof(AlertRule))]
[JsonSerializable(typeof(FirstModel))]
[JsonSerializable(typeof(GeneratedRule))]
public sealed partial class CameraJson : JsonSerializerContext;
