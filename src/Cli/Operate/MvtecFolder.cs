using System.Buffers.Binary;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AaClip.Evaluation.DataSets;
using AaClip.Pipeline.Contracts;
using AaClip.Scoring;
using AaClip.Scoring.Text;

namespace AaClip.Cli.Operate;

/// <summary>
/// A data set in MVTec's layout whose files are image versions. A file is named by its blob and ends with 16 digits of the SHA-256 of name
/// and ETag, so that a second run finds what the first has written.
/// </summary>
internal sealed partial class MvtecFolder
{
    private const string TrainGood = "train/good",
        TestGood = "test/good",
        TestDefect = "test/defect",
        Truth = "ground_truth/defect";
    private const string MetaFile = "meta.json",
        ClassKey = "class_word";
    private const int KeyDigits = 16;
    private const int MaxName = 80; // characters of the blob's name in a file's name
    private const uint TestShare = 5; // one of so many fine images is for testing

    private readonly string _folder;
    private readonly Dictionary<string, string> _files = new(StringComparer.Ordinal); // key: the 16 digits

    /// <summary>Looks which images are there.</summary>
    public MvtecFolder(string folder)
    {
        _folder = folder;
        Directory.CreateDirectory(folder);
        foreach (string path in Classes.SelectMany(c => new[] { TrainGood, TestGood, TestDefect }.SelectMany(part => In(c, part))))
            if (KeyedName().Match(Path.GetFileNameWithoutExtension(path)) is { Success: true } match)
                _files.TryAdd(match.Groups[1].Value, path);
    }

    /// <summary>
    /// For each class its name, and how many files there are in train/good, test/good, test/defect and ground_truth/defect.
    /// </summary>
    public IEnumerable<string[]> Counts =>
        from one in Classes
        let counts = new[] { TrainGood, TestGood, TestDefect, Truth }.Select(part => In(one, part).Count().ToString("D", null))
        select (string[])[Path.GetFileName(one), .. counts];

    private IEnumerable<string> Classes =>
        Directory.EnumerateDirectories(_folder).Where(c => File.Exists(Path.Combine(c, MetaFile))).Order(StringComparer.Ordinal);

    /// <summary>The file of an image version, in whatever folder it is; null if there is none.</summary>
    public string? Find(ImageVersion image) => _files.GetValueOrDefault(Key(image));

    /// <summary>
    /// Where an image belongs, without the extension. Whether a fine one is for training depends on the image version alone.
    /// </summary>
    public string PathOf(ImageVersion image, string objectClass, bool defect) =>
        Path.Combine(
            _folder,
            FolderOf(objectClass),
            defect ? TestDefect
                : BinaryPrimitives.ReadUInt32BigEndian(TextHash.Bytes(image.Identity).AsSpan(KeyDigits)) % TestShare == 0 ? TestGood
                : TrainGood,
            $"{Plain(image.Image)[^Math.Min(MaxName, image.Image.Length)..].TrimStart('.')}-{Key(image)}" // hidden files are not read
        );

    /// <summary>The mask of an image of a defect.</summary>
    public static string MaskOf(string path) =>
        Path.GetFullPath(Path.Combine(path, "../../..", Truth, Path.GetFileNameWithoutExtension(path) + "_mask.png"));

    /// <summary>Makes the folders of a class, with what it is called in prompts.</summary>
    /// <exception cref="InvalidDataException">The folder is that of another class.</exception>
    public void Begin(string objectClass)
    {
        string folder = Path.Combine(_folder, FolderOf(objectClass));
        foreach (string part in (string[])[TrainGood, TestGood, TestDefect, Truth])
            Directory.CreateDirectory(Path.Combine(folder, part));
        string file = Path.Combine(folder, MetaFile);
        if (!File.Exists(file))
            WholeFile.Write(file, new JsonObject { [ClassKey] = objectClass }.ToJsonString() + "\n");
        else if (JsonNode.Parse(File.ReadAllText(file))?[ClassKey]?.ToString() is var other && Words(other) != Words(objectClass))
            throw new InvalidDataException($"'{folder}' holds class '{other}', not '{objectClass}': name another folder, or use --name.");
    }

    /// <summary>Deletes an image and its mask.</summary>
    public static void Delete(string path)
    {
        File.Delete(path);
        DeleteMask(path);
    }

    /// <summary>Deletes the mask of an image.</summary>
    public static void DeleteMask(string path)
    {
        if (File.Exists(MaskOf(path)))
            File.Delete(MaskOf(path));
    }

    private static IEnumerable<string> In(string folder, string part) =>
        Directory.Exists(Path.Combine(folder, part))
            ? Directory.EnumerateFiles(Path.Combine(folder, part)).Where(PictureFiles.IsImage)
            : [];

    private static string Key(ImageVersion image) => TextHash.Hex(image.Identity, KeyDigits);

    // A folder "train" or "test" would make its parent a class.
    private static string FolderOf(string objectClass) =>
        Plain(objectClass).Replace('.', '_') is var name && ReservedName().IsMatch(name) ? name + "_" : name;

    private static string? Words(string? objectClass) => objectClass?.Replace('_', ' ');

    private static string Plain(string text) => Unusual().Replace(text, "_");

    [GeneratedRegex(@"[^\p{L}\p{Nd}._-]")]
    private static partial Regex Unusual();

    [GeneratedRegex("-([0-9a-f]{16})$")]
    private static partial Regex KeyedName();

    [GeneratedRegex("^(train|test|test_public)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ReservedName();
}
