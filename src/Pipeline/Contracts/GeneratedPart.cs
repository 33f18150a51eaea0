using System.Text.Json.Serialization;

namespace AaClip.Pipeline.Contracts;

/// <summary>Whether a picture seems to come from a generator instead of the camera (docs/methods.md says how little that proves).</summary>
/// <param name="Model">"name@version" of the check.</param>
/// <param name="Probability">That a generator made it, as far as the check knows: 0 to 1.</param>
/// <param name="PValue">
/// Of pictures that the camera took, at most this share has such a probability or a higher one; one of few steps. Null if the check is not
/// calibrated on pictures of the camera.
/// </param>
/// <param name="Verdict">Generated if the probability reaches the threshold.</param>
/// <param name="Threshold">0 to 1.</param>
public sealed record GeneratedPart(string Model, double Probability, double? PValue, PictureOrigin Verdict, double Threshold);

/// <summary>Where a picture seems to come from.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PictureOrigin>))]
public enum PictureOrigin
{
    /// <summary>A camera took it, or the check does not see that it did not.</summary>
    [JsonStringEnumMemberName("camera")]
    Camera,

    /// <summary>A generator made it.</summary>
    [JsonStringEnumMemberName("generated")]
    Generated,
}
