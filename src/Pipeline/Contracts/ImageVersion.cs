using AaClip.Pipeline.Storage;

namespace AaClip.Pipeline.Contracts;

/// <summary>
/// One version of an image. A model's result, heatmap and map of it have the same blob name with different extensions; see
/// <see cref="BlobNames"/>.
/// </summary>
/// <param name="Image">Blob name in the images container.</param>
/// <param name="ETag">Version of the blob, without quotes.</param>
public readonly record struct ImageVersion(string Image, string ETag)
{
    /// <summary>Camera of the image; see <see cref="ImageName"/>.</summary>
    public string Camera => ImageName.Of(Image).Camera;

    /// <summary>Name and version as one text, for hashes: no other image version has the same.</summary>
    public string Identity => $"{Image}\n{ETag}";

    /// <summary>Blob name of the result in the results container.</summary>
    /// <param name="model">"name@version".</param>
    public string Result(string model) => BlobNames.Stem(model, Image, ETag) + ".json";

    /// <summary>Blob name of the heatmap in the heatmaps container.</summary>
    /// <param name="model">"name@version".</param>
    public string Heatmap(string model) => BlobNames.Stem(model, Image, ETag) + ".jpg";

    /// <summary>Blob name of the raw map in the maps container.</summary>
    /// <param name="model">"name@version".</param>
    public string Map(string model) => BlobNames.Stem(model, Image, ETag) + ".png";
}
