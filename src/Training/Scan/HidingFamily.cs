using System.Text.Json.Serialization;

namespace AaClip.Training.Scan;

/// <summary>A kind of input that may hide anomalies.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<HidingFamily>))]
public enum HidingFamily
{
    /// <summary>A square patch with free pixels, at one place.</summary>
    [JsonStringEnumMemberName("patch")]
    Patch,

    /// <summary>A picture that is added to the whole image, faint.</summary>
    [JsonStringEnumMemberName("picture")]
    Picture,
}
