using AaClip.Scoring.Packages;

namespace AaClip.Bench;

/// <summary>Time of a new process to its first score on the GPU, and the difference between the GPU's maps and the CPU's.</summary>
internal static class CudaProcesses
{
    private const double ColdGoal = 10; // seconds
    private const int Images = 4;

    public static IEnumerable<Row> Rows(string scratch, string provider)
    {
        Measurement exact = Child(Precision.Fp32, "cpu", scratch);
        yield return Row.Of("fp32 on the CPU: seconds per image", $"{ScoringBench.Median([.. exact.ImageSeconds.Order()]):F2} s");
        foreach (Precision precision in (Precision[])[Precision.Fp32, Precision.Fp16])
        {
            string name = precision.ToString().ToLowerInvariant();
            Measurement found = Child(precision, provider, scratch);
            double first = found.FirstScoreSeconds;
            double detections = exact.Detections.Zip(found.Detections).Max(p => Math.Abs(p.First - p.Second));
            yield return Row.Of(
                $"{name}: start of the process to its first score, hashes compared",
                $"{first:F2} s",
                "<= 10 s",
                first <= ColdGoal,
                $"load {found.LoadSeconds:F2} s"
            );
            yield return Row.Of($"{name}: peak memory of the machine", $"{found.PeakGiB:F2} GiB");
            yield return Row.Of(
                $"{name}: largest map error against fp32 on the CPU, of the maps' range",
                $"{100 * Agreement.MapError(exact, found):G3} %",
                $"{Images} images"
            );
            yield return Row.Of(
                $"{name}: rank agreement of a map's cells with fp32 on the CPU",
                $"{Agreement.Ranks(exact, found):F6}",
                $"lowest of {Images} images"
            );
            yield return Row.Of($"{name}: largest difference of a detection score", $"{detections:G3}");
        }
    }

    private static Measurement Child(Precision precision, string provider, string scratch) =>
        ScoringBench.Child(precision.ToString(), FullSizeModel.Package(scratch, precision), mapped: false, Images, provider, scratch);
}
