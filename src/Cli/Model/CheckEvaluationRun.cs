using System.Globalization;
using System.Text.Json;
using AaClip.Evaluation;
using AaClip.Evaluation.DataSets;
using AaClip.Scoring;

namespace AaClip.Cli.Model;

/// <summary><c>aaclip evaluate --check</c>: measures a check on real and generated pictures, by the published protocol.</summary>
internal static class CheckEvaluationRun
{
    private static readonly Column[] Header =
    [
        Column.Name("set"),
        "real",
        "generated",
        "accuracy",
        "of real",
        "of generated",
        "AP",
        "AUROC",
        "calibration error",
    ];

    /// <param name="folder">Package of the check.</param>
    /// <param name="data">Folder with 0_real and 1_fake, or with folders that have them.</param>
    public static int Run(string folder, string data, ScorerOptions options, bool json, CancellationToken cancellation)
    {
        IReadOnlyList<CheckSet> sets = CheckSet.Find(data);
        List<CheckReport> reports = [];
        List<CheckedPicture> failed = [];
        string id;
        using (PictureCheck check = PictureCheck.Load(folder, options))
        using (ProgressLine line = new())
        {
            id = check.Id;
            CheckedPictures pictures = new(check, parity: true, line);
            foreach (CheckSet set in sets)
            {
                double[] real = Of(set.Real),
                    generated = Of(set.Generated);
                if (real.Length + generated.Length > 0)
                    reports.Add(CheckReport.Of(set.Name, real, generated));
            }

            double[] Of(IReadOnlyList<string> files)
            {
                List<double> read = [];
                foreach (CheckedPicture picture in pictures.Run(files, cancellation))
                    if (picture.Probability is { } probability)
                        read.Add(probability);
                    else
                        failed.Add(picture);
                return [.. read];
            }
        }

        if (reports.Count > 0 && json)
            Console.WriteLine(
                JsonSerializer.Serialize(
                    new CheckEvaluationReport(id, reports, CheckReport.Mean(reports)),
                    CheckJson.Default.CheckEvaluationReport
                )
            );
        else if (reports.Count > 0)
        {
            Console.WriteLine($"{id} on {data}, percent; accuracy at a probability of 0.5");
            IEnumerable<CheckReport> shown = reports.Count > 1 ? [.. reports, CheckReport.Mean(reports)] : reports;
            Tables.Write(Header, shown.Select(Row));
        }

        return CheckedPictures.Tell(failed, sets.Sum(s => s.Real.Count + s.Generated.Count));
    }

    private static string[] Row(CheckReport r) =>
        [
            r.Name,
            r.Real.ToString(CultureInfo.InvariantCulture),
            r.Generated.ToString(CultureInfo.InvariantCulture),
            .. ((double?[])[r.Accuracy, r.RealAccuracy, r.GeneratedAccuracy, r.AveragePrecision, r.Auroc, r.CalibrationError]).Select(v =>
                v is { } x ? FormattableString.Invariant($"{100 * x:F2}") : "not defined"
            ),
        ];
}
