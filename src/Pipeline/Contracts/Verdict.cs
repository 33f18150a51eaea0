using System.Text.Json.Serialization;

namespace AaClip.Pipeline.Contracts;

/// <summary>The pipeline's decision on an image.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Verdict>))]
public enum Verdict
{
    /// <summary>The raw score is below the threshold.</summary>
    [JsonStringEnumMemberName("normal")]
    Normal,

    /// <summary>The raw score reaches the threshold.</summary>
    [JsonStringEnumMemberName("anomalous")]
    Anomalous,

    /// <summary>The image cannot be scored; the result says why.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,
}
