using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace AaClip.Bench;

/// <summary>Measures the tower in PyTorch on the same GPU, with bench/published.py.</summary>
internal static class PublishedForm
{
    private const double Goal = 8; // target: so many times faster than the published form in float32

    /// <param name="python">A Python that has PyTorch.</param>
    /// <param name="ours">Best images per second of the product.</param>
    public static IEnumerable<Row> Rows(string python, double seconds, double ours)
    {
        string script = Path.Combine(ScoringBench.Root, "bench", "published.py");
        string[] arguments = [script, "--batches", "1,16,32", "--seconds", seconds.ToString(CultureInfo.InvariantCulture)];
        ProcessStartInfo start = new(python, arguments) { RedirectStandardOutput = true };
        using Process process = Process.Start(start)!; // not null: starts a program, not a document
        string printed = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{script} ended with exit code {process.ExitCode}.");
        TorchRate[] rates = JsonSerializer.Deserialize(printed, BenchJson.Default.TorchRateArray) ?? [];
        foreach (TorchRate rate in rates)
            yield return Row.Of(
                $"PyTorch {rate.Torch}, {rate.Form} attention, {rate.Precision} batch {rate.Batch}: images per second",
                $"{rate.ImagesPerSecond:F1}",
                ratio: FormattableString.Invariant($"our best is {ours / rate.ImagesPerSecond:F2}x")
            );
        double ratio = ours / rates.Where(r => r is { Form: "published", Precision: "fp32" }).Max(r => r.ImagesPerSecond);
        yield return Row.Of("fp16 against the published form in float32, each at its best batch", $"{ratio:F1}x", ">= 8x", ratio >= Goal);
    }
}
