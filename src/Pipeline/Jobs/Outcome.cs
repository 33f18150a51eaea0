using System.Text.Json.Serialization;
using AaClip.Pipeline.Contracts;

namespace AaClip.Pipeline.Jobs;

/// <summary>What a model made of an image.</summary>
/// <param name="Word">"normal", "anomalous", "failed", "none", "overwritten", "deleted".</param>
/// <param name="Score">Calibrated score; null where there is none.</param>
public sealed record Outcome(string Word, double? Score)
{
    /// <summary>The model has no result.</summary>
    public static Outcome None { get; } = new("none", null);

    /// <summary>Of a result.</summary>
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

/// <summary>An image of a page, with both outcomes.</summary>
public sealed record Compared(string Image, [property: JsonPropertyName("etag")] string ETag, Outcome Before, Outcome After)
{
    /// <summary>Image and ETag in one.</summary>
    [JsonIgnore]
    public ImageVersion Version => new(Image, ETag);

    /// <summary>Whether the verdict went from normal to anomalous or back.</summary>
    [JsonIgnore]
    public bool Flipped => (Before.Word, After.Word) is ("normal", "anomalous") or ("anomalous", "normal");
}
