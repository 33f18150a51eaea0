using System.Text.Json;
using System.Text.Json.Serialization;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Reviews;

namespace AaClip.Review.Api;

/// <summary>JSON as the page sends and gets it.</summary>
internal static class PageJson
{
    /// <summary>The options.</summary>
    public static JsonSerializerOptions Options { get; } = Configure(new JsonSerializerOptions(JsonSerializerDefaults.Web));

    /// <summary>Changes options to these.</summary>
    public static JsonSerializerOptions Configure(JsonSerializerOptions json)
    {
        json.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        json.RespectNullableAnnotations = true;
        json.RespectRequiredConstructorParameters = true;
        json.Converters.Add(new JsonStringEnumConverter<ReviewVerdict>(JsonNamingPolicy.CamelCase));
        json.Converters.Add(new JsonStringEnumConverter<Verdict>());
        return json;
    }
}
