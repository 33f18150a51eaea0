using System.Text.Json;
using System.Text.Json.Serialization;
using AaClip.Pipeline.Contracts;

namespace AaClip.Pipeline.Routing;

/// <summary>JSON of camera profiles. Unknown fields are refused: a misspelt threshold must not be silently the default one.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowTrailingCommas = true,
    ReadCommentHandling = JsonCommentHandling.Skip,
    RespectRequiredConstructorParameters = true, // a severity band without a limit must not begin at 0
    WriteIndented = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(DomainConverter)]
)]
[JsonSerializable(typeof(CameraProfile))]
[JsonSerializable(typeof(AlertRule))]
public sealed partial class CameraJson : JsonSerializerContext;
