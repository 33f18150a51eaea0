using AaClip.Scoring.Packages;

namespace AaClip.Bench;

/// <summary>What a fresh process takes from its start to the first score on the card, and how far the card's maps are from the CPU's.</summary>
internal static class CudaProcesses
{
    private const double ColdGoal = 10; // seconds
    private const int Images = 4;

    public static IEnumerable<Row> Rows(string scratch, string provider)
    {
        Measurement exact = ScoringBench.Child("fp32 on the CPU", FullSizeModel.Package(scratch, Precision.Fp32), mapped: false, Images, "cpu", scratch);
        yield return Text("fp32 on the CPU: seconds per image", $"{ScoringBench.Median([.. exact.ImageSeconds.Order()]):F2} s");
        foreach (Precision precision in (Precision[])[Precision.Fp32, Precision.Fp16])
        {
            string name = precision.ToString().ToLowerInvariant();
            Measurement found = ScoringBench.Child(name, FullSizeModel.Package(scratch, precision), mapped: false, Images, provider, scratch);
            yield return Text($"{name}: start of the process to its first score, hashes compared", $"{found.FirstScoreSeconds:F2} s", $"load {found.LoadSeconds:F2} s") with
            {
                Target = "<= 10 s",
                Reached = found.FirstScoreSeconds <= ColdGoal,
            };
            yield return Text($"{name}: peak memory of the machine", $"{found.PeakGiB:F2} GiB");
            yield return Text($"{name}: largest map error against fp32 on the CPU, of the maps' range", $"{100 * Agreement.MapError(exact, found):G3} %", $"{Images} images");
            yield return Text($"{name}: rank agreement of a map's cells with fp32 on the CPU", $"{Agreement.Ranks(exact, found):F6}", $"lowest of {Images} images");
            yield return Text($"{name}: largest difference of a detection score", $"{exact.Detections.Zip(found.Detections).Max(p => Math.Abs(p.First - p.Second)):G3}");
        }
    }

    private static Row Text(string what, FormattableString value, FormattableString? spread = null) =>
        new(what, FormattableString.Invariant(value), spread is null ? "" : FormattableString.Invariant(spread), "", null, "");
}
