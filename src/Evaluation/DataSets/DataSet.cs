using System.Text.Json;
using AaClip.Scoring;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Text;

namespace AaClip.Evaluation.DataSets;

/// <summary>
/// Labelled images from one of these sources: a list of the published code (a .jsonl file, specification 5), a folder in VisA's layout
/// (with split_csv/1cls.csv), a folder in MVTec's layout, or one class of it.
/// </summary>
public sealed class DataSet
{
    private readonly string _base;

    private DataSet(string name, string folder, IReadOnlyList<LabelledImage> images)
    {
        Name = name;
        _base = folder;
        Images = images;
        Domain =
            ClassNames.DataSets.FirstOrDefault(d => d.Name.Equals(name, StringComparison.OrdinalIgnoreCase))?.Domain == "Medical"
                ? Domain.Medical
                : Domain.Industrial;
    }

    /// <summary>Name of the data set: that of a published one, or the folder's.</summary>
    public string Name { get; }

    /// <summary>Decides the smoothing of the maps; industrial if the data set is not a published one.</summary>
    public Domain Domain { get; }

    /// <summary>The images, class by class.</summary>
    public IReadOnlyList<LabelledImage> Images { get; }

    /// <summary>Warnings about the metrics: classes without normal or without anomalous images.</summary>
    public IEnumerable<string> Notes =>
        from one in Images.GroupBy(i => i.ClassName)
        let folders = string.Join(
            ", ",
            one.Select(i => System.IO.Path.GetFileName(System.IO.Path.GetDirectoryName(i.Path))).Distinct().Take(5)
        )
        where one.All(i => i.Anomalous) || one.All(i => !i.Anomalous)
        select one.All(i => i.Anomalous)
            ? $"Class '{one.Key}' has no normal images, so that image metrics are not defined: its images lie in {folders}; normal "
                + $"ones lie in a folder called good, ok or normal."
            : $"Class '{one.Key}' has no anomalous images, so that no metric is defined: its images lie in {folders}.";

    /// <summary>Opens a data set. Images are not read.</summary>
    /// <param name="path">A folder or a list.</param>
    /// <exception cref="FileNotFoundException">There is no such file or folder.</exception>
    /// <exception cref="InvalidDataException">The layout is unknown, a line is invalid, a file is missing, or no image is left; the message
    /// names file and line.</exception>
    public static DataSet Open(string path, DataSetOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new DataSetOptions();
        path = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));
        bool list = File.Exists(path);
        if (!list && !Directory.Exists(path))
            throw new FileNotFoundException(
                $"There is no data set at '{path}': give a folder in MVTec's or VisA's layout, or a .jsonl list.",
                path
            );

        // Not null: a file has a folder
        string folder = list ? System.IO.Path.GetFullPath(options.Base ?? System.IO.Path.GetDirectoryName(path)!) : path;
        string name = NameOf(options.Name ?? System.IO.Path.GetFileName(list ? System.IO.Path.GetDirectoryName(path)! : path));
        List<LabelledImage> images =
            list ? JsonList.Read(path, folder, name)
            : VisaLayout.Matches(path) ? VisaLayout.Read(path, name, options.Split)
            : MvtecLayout.Read(path, name, options.Split);

        if (options.Classes.Count > 0)
            images = Chosen(images, options.Classes, path);
        if (options.Shots is { } shots)
            images = Few(images, shots, options.Seed);
        if (images.Count == 0)
            throw new InvalidDataException(
                $"'{path}' has no images of the part "
                    + $"'{options.Split}'{(options.Classes.Count > 0 ? $" in the classes {string.Join(", ", options.Classes)}" : "")}: "
                    + "choose another part, or look whether the folders have the layout CLASS/train/good, CLASS/test/KIND."
            );
        return new DataSet(name, folder, images);
    }

    /// <summary>Writes the images as a list of the published code, with paths relative to the data set's folder.</summary>
    public void WriteList(string path)
    {
        WholeFile.Write(
            path,
            string.Concat(
                Images.Select(image =>
                    JsonSerializer.Serialize(
                        new ListLine
                        {
                            ImagePath = Relative(image.Path),
                            Label = image.Anomalous ? 1 : 0,
                            ClassName = image.ClassName[(image.ClassName.IndexOf('/', StringComparison.Ordinal) + 1)..],
                            MaskPath = image.MaskPath is null ? null : Relative(image.MaskPath),
                        },
                        ListJson.Default.ListLine
                    ) + "\n"
                )
            )
        );

        string Relative(string file) => System.IO.Path.GetRelativePath(_base, file).Replace('\\', '/');
    }

    /// <summary>Name of a class in prompts.</summary>
    internal static string ClassName(string dataSet, string className) =>
        ClassNames.DataSets.FirstOrDefault(d => d.Name == dataSet) is { } published
        && published.Classes.Any(c => c.Class.Equals(className, StringComparison.OrdinalIgnoreCase))
            ? $"{dataSet}/{className}"
            : className.Replace('_', ' ');

    private static string NameOf(string name) =>
        ClassNames.DataSets.FirstOrDefault(d => d.Name.Equals(name, StringComparison.OrdinalIgnoreCase))?.Name ?? name;

    private static List<LabelledImage> Chosen(List<LabelledImage> images, IReadOnlyList<string> classes, string path)
    {
        string[] there = [.. images.Select(i => i.ClassName).Distinct()];
        foreach (string wanted in classes)
            if (!there.Any(c => Same(c, wanted)))
                throw new InvalidDataException($"'{path}' has no class '{wanted}'; it has {string.Join(", ", there)}.");
        return [.. images.Where(i => classes.Any(c => Same(i.ClassName, c)))];

        static bool Same(string className, string wanted) =>
            className.Equals(wanted, StringComparison.OrdinalIgnoreCase)
            || className[(className.IndexOf('/', StringComparison.Ordinal) + 1)..]
                .Replace('_', ' ')
                .Equals(wanted.Replace('_', ' '), StringComparison.OrdinalIgnoreCase);
    }

    // Half normal, half anomalous; if there are too few of one, more of the other are taken. The order of the data set is kept.
    private static List<LabelledImage> Few(List<LabelledImage> images, int shots, int seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(shots, 1);
        HashSet<LabelledImage> chosen = [];
        Random random = new(seed); // the sequence for a given seed is fixed
        foreach (IGrouping<string, LabelledImage> group in images.GroupBy(i => i.ClassName))
        {
            LabelledImage[] normal = [.. group.Where(i => !i.Anomalous)],
                anomalous = [.. group.Where(i => i.Anomalous)];
            random.Shuffle(normal);
            random.Shuffle(anomalous);
            int ofAnomalous = Math.Min(anomalous.Length, Math.Max(shots / 2, shots - normal.Length));
            chosen.UnionWith(anomalous[..ofAnomalous]);
            chosen.UnionWith(normal[..Math.Min(normal.Length, shots - ofAnomalous)]);
        }

        return [.. images.Where(chosen.Contains)];
    }
}
