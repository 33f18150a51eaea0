using System.Text.Json;
using System.Text.Json.Serialization;

namespace AaClip.Scoring.Text;

/// <summary>JSON types of this folder: the prompts, prompt packs, the class names, and a vocabulary.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true
)]
[JsonSerializable(typeof(PromptEnsemble))]
[JsonSerializable(typeof(PromptPack))]
[JsonSerializable(typeof(PublishedDataSet[]))]
[JsonSerializable(typeof(Dictionary<string, int>))]
internal sealed partial class TextJson : JsonSerializerContext;
