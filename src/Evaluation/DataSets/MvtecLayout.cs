using System.Text.Json;

namespace AaClip.Evaluation.DataSets;

/// <summary>
/// MVTec AD's layout: CLASS/train/good, CLASS/test/good, CLASS/test/KIND with masks in CLASS/ground_truth/KIND/NAME_mask.png. A folder with
/// train or test in it is one class; its meta.json may give the words for it ("class_word").
/// </summary>
internal static class MvtecLayout
{
    private const string Good = "good";
    private static readonly string[] Endings = [".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"];

    public static List<LabelledImage> Read(string folder, string dataSet, DataSplit split)
    {
        bool one = IsClass(folder);
        string[] classes = one ? [folder] : [.. Directory.EnumerateDirectories(folder).Where(IsClass).Order(StringComparer.Ordinal)];
        if (classes.Length == 0)
            throw new InvalidDataException($"'{folder}' is no data set: expected folders CLASS/train/good and CLASS/test/KIND, VisA's split_csv/1cls.csv, or a .jsonl list.");
        List<LabelledImage> images = [];
        foreach (string path in classes)
        {
            string className = Word(path) ?? DataSet.ClassName(dataSet, Path.GetFileName(path));
            if (split != DataSplit.Test)
                Add(images, path, "train", className);
            if (split != DataSplit.Train)
                Add(images, path, "test", className);
        }

        return images;
    }

    private static bool IsClass(string folder) => Directory.Exists(Path.Combine(folder, "test")) || Directory.Exists(Path.Combine(folder, "train"));

    private static void Add(List<LabelledImage> images, string folder, string part, string className)
    {
        string root = Path.Combine(folder, part);
        if (!Directory.Exists(root))
            return;
        foreach (string kind in Directory.EnumerateDirectories(root).Order(StringComparer.Ordinal))
        {
            bool anomalous = Path.GetFileName(kind) != Good;
            foreach (string file in Directory.EnumerateFiles(kind).Where(f => Endings.Contains(Path.GetExtension(f), StringComparer.OrdinalIgnoreCase)).Order(StringComparer.Ordinal))
                images.Add(new LabelledImage { Path = file, MaskPath = anomalous ? MaskOf(folder, file) : null, Anomalous = anomalous, ClassName = className });
        }
    }

    private static string? MaskOf(string folder, string image)
    {
        string kind = Path.GetFileName(Path.GetDirectoryName(image)!); // test/KIND
        string stem = Path.Combine(folder, "ground_truth", kind, Path.GetFileNameWithoutExtension(image));
        return ((string[])[$"{stem}_mask.png", $"{stem}.png"]).FirstOrDefault(File.Exists);
    }

    private static string? Word(string folder)
    {
        string file = Path.Combine(folder, "meta.json");
        if (!File.Exists(file))
            return null;
        try
        {
            using JsonDocument meta = JsonDocument.Parse(File.ReadAllBytes(file));
            return meta.RootElement.ValueKind == JsonValueKind.Object && meta.RootElement.TryGetProperty("class_word", out JsonElement word) ? word.GetString() : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"'{file}' is not a JSON object with a text 'class_word': repair it or delete it.", e);
        }
    }
}
