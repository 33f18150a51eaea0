using System.Text.Json;

namespace AaClip.Evaluation.DataSets;

/// <summary>
/// The layout of MVTec AD and similar data sets: CLASS/train/good, CLASS/test/good, CLASS/test/KIND with masks in
/// CLASS/ground_truth/KIND/NAME_mask.png. Folder names are case-insensitive. Normal images are in good, ok (BTAD) or normal. "test_public"
/// is the test part of MVTec AD 2. Images of a kind may be in a subfolder "rgb", with masks in "gt" (MVTec 3D). A mask is named NAME_mask,
/// NAME_gt or NAME with any supported extension, or is the only file in a folder NAME (MVTec LOCO). A folder that contains train or test is
/// one class; its meta.json may give the class's name in prompts ("class_word").
/// </summary>
internal static class MvtecLayout
{
    private static readonly string[] NormalKinds = ["good", "ok", "normal"];
    private static readonly string[] MaskEndings = ["_mask", "_gt", ""];

    public static List<LabelledImage> Read(string folder, string dataSet, DataSplit split)
    {
        bool one = IsClass(folder);
        string[] classes = one ? [folder] : [.. Directory.EnumerateDirectories(folder).Where(IsClass).Order(StringComparer.Ordinal)];
        if (classes.Length == 0)
            throw new InvalidDataException(
                $"'{folder}' is no data set: expected folders CLASS/train/good and CLASS/test/KIND, VisA's split_csv/1cls.csv, or a "
                    + $".jsonl list."
            );
        List<LabelledImage> images = [];
        foreach (string path in classes)
        {
            string className = Word(path) ?? DataSet.ClassName(dataSet, Path.GetFileName(path));
            if (split != DataSplit.Test && Child(path, "train") is { } train)
                Add(images, path, train, className);
            if (split != DataSplit.Train && (Child(path, "test") ?? Child(path, "test_public")) is { } test)
                Add(images, path, test, className);
        }

        return images;
    }

    private static bool IsClass(string folder) =>
        !PictureFiles.IsLitterFolder(Path.GetFileName(folder))
        && (Child(folder, "test") ?? Child(folder, "train") ?? Child(folder, "test_public")) is not null;

    private static void Add(List<LabelledImage> images, string folder, string part, string className)
    {
        foreach (string kind in Folders(part).Where(f => !PictureFiles.IsMaskFolder(Path.GetFileName(f))))
        {
            bool anomalous = !NormalKinds.Contains(Path.GetFileName(kind), StringComparer.OrdinalIgnoreCase);
            string[] files = [.. Images(kind)];
            if (files.Length == 0 && Child(kind, "rgb") is { } rgb)
                files = [.. Images(rgb)];
            MaskFolder masks = new(anomalous && files.Length > 0 ? MaskFolders(folder, part, kind) : []);
            foreach (string file in files)
                images.Add(
                    new LabelledImage
                    {
                        Path = file,
                        MaskPath = masks.Of(file),
                        Anomalous = anomalous,
                        ClassName = className,
                    }
                );
        }
    }

    // In this order: CLASS/ground_truth/KIND, CLASS/ground_truth, CLASS/test_public/ground_truth/KIND, CLASS/test/KIND/gt.
    private static IEnumerable<string> MaskFolders(string folder, string part, string kind)
    {
        foreach (string owner in (string[])[folder, part])
        foreach (string truth in Folders(owner).Where(f => PictureFiles.IsMaskFolder(Path.GetFileName(f))))
        {
            if (Child(truth, Path.GetFileName(kind)) is { } own)
                yield return own;
            yield return truth;
        }

        foreach (string truth in Folders(kind).Where(f => PictureFiles.IsMaskFolder(Path.GetFileName(f))))
            yield return truth;
    }

    private static IEnumerable<string> Folders(string folder) =>
        Directory.EnumerateDirectories(folder).Where(f => !PictureFiles.IsLitterFolder(Path.GetFileName(f))).Order(StringComparer.Ordinal);

    private static IEnumerable<string> Images(string folder) =>
        Directory.EnumerateFiles(folder).Where(PictureFiles.IsImage).Order(StringComparer.Ordinal);

    // Prefers the exact name; otherwise ignores case.
    private static string? Child(string folder, string name) =>
        Path.Combine(folder, name) is var exact && Directory.Exists(exact)
            ? exact
            : Directory
                .EnumerateDirectories(folder)
                .Order(StringComparer.Ordinal)
                .FirstOrDefault(f => Path.GetFileName(f).Equals(name, StringComparison.OrdinalIgnoreCase));

    private static string? Word(string folder)
    {
        string file = Path.Combine(folder, "meta.json");
        if (!File.Exists(file))
            return null;
        try
        {
            using JsonDocument meta = JsonDocument.Parse(File.ReadAllBytes(file));
            return meta.RootElement.ValueKind == JsonValueKind.Object && meta.RootElement.TryGetProperty("class_word", out JsonElement word)
                ? word.GetString()
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"'{file}' is not a JSON object with a text 'class_word': repair it or delete it.", e);
        }
    }

    /// <summary>The masks of a kind, by image name.</summary>
    private sealed class MaskFolder
    {
        private readonly List<Dictionary<string, string>> _byStem = [];

        public MaskFolder(IEnumerable<string> folders)
        {
            foreach (string folder in folders)
            {
                Dictionary<string, string> stems = new(StringComparer.OrdinalIgnoreCase);
                foreach (string file in Images(folder))
                    stems.TryAdd(Path.GetFileNameWithoutExtension(file), file);
                foreach (string each in Folders(folder))
                    if (Images(each).Take(2).ToArray() is [var only])
                        stems.TryAdd(Path.GetFileName(each), only);
                _byStem.Add(stems);
            }
        }

        public string? Of(string image)
        {
            string name = Path.GetFileNameWithoutExtension(image);
            foreach (Dictionary<string, string> stems in _byStem)
            foreach (string ending in MaskEndings)
                if (stems.TryGetValue(name + ending, out string? mask))
                    return mask;
            return null;
        }
    }
}
