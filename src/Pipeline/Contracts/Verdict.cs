using System.Text.Json.Serialization;

namespace AaClip.Pipeline.Contracts;

/// <summary>What the pipeline says of an image.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Verdict>))]
public enum Verdict
{
    /// <summary>The raw score lies below the threshold.</summary>
    [JsonStringEnumMemberName("normal")]
    Normal,

    /// <summary>The raw score reaches the threshold.</summary>
    [JsonStringEnumMemberName("anomalous")]
    Anomalous,

    /// <summary>The image has no score and never will; the result says why.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,
}
