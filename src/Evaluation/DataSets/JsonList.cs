using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace AaClip.Evaluation.DataSets;

/// <summary>A list of the published code: one JSON object per line (specification 5).</summary>
internal static class JsonList
{
    public static List<LabelledImage> Read(string path, string folder, string dataSet)
    {
        List<LabelledImage> images = [];
        int number = 0;
        foreach (string text in File.ReadLines(path))
        {
            number++;
            if (string.IsNullOrWhiteSpace(text))
                continue;
            string where = string.Create(CultureInfo.InvariantCulture, $"'{path}', line {number}");
            ListLine line;
            try
            {
                line = JsonSerializer.Deserialize(text, ListJson.Default.ListLine) ?? throw new JsonException("It is null.");
            }
            catch (JsonException e)
            {
                throw new InvalidDataException(
                    $"{where}: expected an object with image_path, label, class_name and for anomalies mask_path ({e.Message}).",
                    e
                );
            }

            if (line.Label is not (0 or 1))
                throw new InvalidDataException(
                    string.Create(CultureInfo.InvariantCulture, $"{where}: the label is {line.Label}, expected 0 or 1.")
                );
            bool anomalous = line.Label == 1;
            images.Add(
                new LabelledImage
                {
                    Path = Existing(folder, line.ImagePath, where),
                    // The mask of a normal image is ignored, as in the published code
                    MaskPath = anomalous && line.MaskPath is { Length: > 0 } mask ? Existing(folder, mask, where) : null,
                    Anomalous = anomalous,
                    ClassName = DataSet.ClassName(dataSet, line.ClassName),
                }
            );
        }

        return images;
    }

    internal static string Existing(string folder, string relative, string where)
    {
        string path = Path.GetFullPath(Path.Combine(folder, relative));
        return File.Exists(path)
            ? path
            : throw new InvalidDataException(
                $"{where}: there is no file '{path}': name the folder that the paths start from, or restore the file."
            );
    }
}

/// <summary>A line of a list.</summary>
internal sealed record ListLine
{
    [JsonPropertyName("image_path")]
    public required string ImagePath { get; init; }

    [JsonPropertyName("label")]
    public required double Label { get; init; }

    [JsonPropertyName("class_name")]
    public required string ClassName { get; init; }

    [JsonPropertyName("mask_path")]
    public string? MaskPath { get; init; }
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ListLine))]
internal sealed partial class ListJson : JsonSerializerContext;
