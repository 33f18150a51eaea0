using System.Text.Json.Serialization;
using AaClip.Pipeline.Contracts;

namespace AaClip.Pipeline.Jobs;

/// <summary>The outcome of an image with one model.</summary>
/// <param name="Word">"normal", "anomalous", "failed", "none", "overwritten", "deleted", or of an audit "audited".</param>
/// <param name="Score">Calibrated score; null if there is none.</param>
public sealed record Outcome(string Word, double? Score)
{
    /// <summary>The model has no result.</summary>
    public static Outcome None { get; } = new("none", null);

    /// <summary>Makes the outcome of a result.</summary>
    public static Outcome Of(Verdict verdict, double? score) =>
        new(
            verdict switch
            {
                Verdict.Normal => "normal",
                Verdict.Anomalous => "anomalous",
                _ => "failed",
            },
            score
        );
}

/// <summary>An image of a page, with its old and new outcome.</summary>
public sealed record Compared(string Image, [property: JsonPropertyName("etag")] string ETag, Outcome Before, Outcome After)
{
    /// <summary>Image and ETag as one value.</summary>
    [JsonIgnore]
    public ImageVersion Version => new(Image, ETag);

    /// <summary>Whether the verdict changed from normal to anomalous, or from anomalous to normal.</summary>
    [JsonIgnore]
    public bool Flipped => (Before.Word, After.Word) is ("normal", "anomalous") or ("anomalous", "normal");
}
