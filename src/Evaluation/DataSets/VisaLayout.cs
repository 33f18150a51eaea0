using System.Globalization;
using AaClip.Scoring.Text;

namespace AaClip.Evaluation.DataSets;

/// <summary>
/// VisA's layout with its split file: columns object,split,label,image,mask, paths relative to the root
/// (github.com/amazon-science/spot-diff).
/// </summary>
internal static class VisaLayout
{
    private const string Header = "object,split,label,image,mask";

    public static bool Matches(string folder) => File.Exists(SplitFile(folder));

    public static List<LabelledImage> Read(string folder, string dataSet, DataSplit split)
    {
        string file = SplitFile(folder);
        string[] lines = File.ReadAllLines(file);
        if (lines.Length == 0 || lines[0].Trim() != Header)
            throw new InvalidDataException($"'{file}', line 1: expected the header '{Header}'.");
        List<LabelledImage> images = [];
        for (int i = 1; i < lines.Length; i++)
        {
            if (lines[i].Trim().Length == 0)
                continue;
            string where = string.Create(CultureInfo.InvariantCulture, $"'{file}', line {i + 1}");
            if (lines[i].Split(',') is not [var className, "train" or "test", "normal" or "anomaly", var image, var mask] fields)
                throw new InvalidDataException($"{where}: expected {Header} with the split train or test and the label normal or anomaly.");
            if (split != DataSplit.All && fields[1] != (split == DataSplit.Train ? "train" : "test"))
                continue;
            bool anomalous = fields[2] == "anomaly";
            images.Add(
                new LabelledImage
                {
                    Path = JsonList.Existing(folder, image, where),
                    MaskPath = anomalous && mask.Trim().Length > 0 ? JsonList.Existing(folder, mask.Trim(), where) : null,
                    Anomalous = anomalous,
                    ClassName = DataSet.ClassName(ClassNames.DataSets.Any(d => d.Name == dataSet) ? dataSet : "VisA", className),
                }
            );
        }

        return images;
    }

    private static string SplitFile(string folder) => Path.Combine(folder, "split_csv", "1cls.csv");
}
