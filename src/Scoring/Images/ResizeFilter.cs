using System.Text.Json.Serialization;

namespace AaClip.Scoring.Images;

/// <summary>How an image is resized to the model's input; both as Pillow does it, antialiased.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ResizeFilter>))]
public enum ResizeFilter
{
    /// <summary>Bicubic with a = -0.5: AA-CLIP, Crane, AnomalyCLIP.</summary>
    [JsonStringEnumMemberName("bicubic")]
    Bicubic,

    /// <summary>Bilinear: AnoVL, C2P-CLIP.</summary>
    [JsonStringEnumMemberName("bilinear")]
    Bilinear,
}

/// <summary>How an image that is not square becomes a square.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ImageFit>))]
public enum ImageFit
{
    /// <summary>Each side is resized by itself: all methods that score anomalies.</summary>
    [JsonStringEnumMemberName("stretch")]
    Stretch,

    /// <summary>The shorter side is resized, and the middle of the longer one is kept: C2P-CLIP.</summary>
    [JsonStringEnumMemberName("centreCrop")]
    CentreCrop,
}

/// <summary>How a positional table is resized to another grid of patches. It is done once, at import.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TableResize>))]
public enum TableResize
{
    /// <summary>Bicubic with a = -0.5, antialiased: AA-CLIP, AnoVL.</summary>
    [JsonStringEnumMemberName("antialiased")]
    Antialiased,

    /// <summary>Bilinear: Crane, AnomalyCLIP.</summary>
    [JsonStringEnumMemberName("bilinear")]
    Bilinear,

    /// <summary>Bicubic with a = -0.75, scaled to a grid that is 0.1 patches larger: SC-CLIP.</summary>
    [JsonStringEnumMemberName("cubicOffset")]
    CubicOffset,

    /// <summary>Bicubic with a = -0.75: AdaCLIP.</summary>
    [JsonStringEnumMemberName("cubic")]
    Cubic,
}
