using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace AaClip.Bench;

/// <summary>
/// Seconds per image, memory and load time of the full-size model in each precision, and the time of preprocessing, as a table with the
/// stored baselines.
/// </summary>
internal static class ScoringBench
{
    private sealed record Variant(
        string Name,
        Precision Precision,
        bool Mapped,
        double? Seconds,
        double? GiB,
        double? Load,
        string Kernel = ""
    );

    // Targets for two cores of a Zen 4 class machine.
    private static readonly Variant[] Variants =
    [
        new("fp32", Precision.Fp32, false, 8.2, 1.6, null),
        new("int8", Precision.Int8, false, 3.1, 0.7, null),
        new("int8 as without VNNI", Precision.Int8, false, null, null, null, nameof(Int8Kernel.U8U8)),
        new("fp32 memory-mapped", Precision.Fp32, true, null, null, 0.3),
        new("int8 memory-mapped", Precision.Int8, true, null, null, 0.3),
    ];

    /// <summary>Root folder of the repository.</summary>
    public static string Root { get; } = FindRoot();

    public static int Run(string scratch, int rounds, int images, bool save)
    {
        Directory.CreateDirectory(scratch);
        Dictionary<string, List<Measurement>> measured = Variants.ToDictionary(v => v.Name, _ => new List<Measurement>());
        foreach (Variant variant in Variants)
            FullSizeModel.Package(scratch, variant.Precision);
        double gflop = Machine.GflopPerSecond(scratch);
        for (int round = 0; round < rounds; round++)
            foreach (Variant variant in Variants)
            {
                Console.Error.WriteLine($"Round {round + 1} of {rounds}: {variant.Name}");
                string model = FullSizeModel.Package(scratch, variant.Precision);
                measured[variant.Name].Add(Child(variant.Name, model, variant.Mapped, images, "cpu", scratch, variant.Kernel));
            }

        List<Row> rows = [];
        Baseline[] baselines =
            JsonSerializer.Deserialize(File.ReadAllText(Path.Combine(Root, "bench", "baselines.json")), BenchJson.Default.BaselineArray)
            ?? [];
        foreach (Variant variant in Variants)
            rows.AddRange(Rows(variant, measured[variant.Name], baselines));
        rows.AddRange(Differences(measured));
        rows.AddRange(Preprocessing());
        Report report = new()
        {
            At = TimeProvider.System.GetUtcNow(),
            Machine = Machine.Describe(),
            Runtime = $"ONNX Runtime {OrtEnv.Instance().GetVersionString()}, .NET {Environment.Version}",
            GflopPerSecond = Math.Round(gflop),
            Rows = rows,
        };
        Table.Write(report, baselines);
        if (save)
        {
            string path = Path.Combine(
                Root,
                "bench",
                "results",
                string.Create(CultureInfo.InvariantCulture, $"scoring-{report.At:yyyyMMdd-HHmm}.json")
            );
            Directory.CreateDirectory(Path.GetDirectoryName(path)!); // not null: a file has a folder
            File.WriteAllText(path, JsonSerializer.Serialize(report, BenchJson.Default.Report) + "\n");
            Console.WriteLine($"Kept as {Path.GetRelativePath(Root, path)}");
        }

        return 0;
    }

    /// <summary>Measures one variant in a separate process.</summary>
    /// <param name="kernel">Kernel of an int8 package; empty takes the one for this machine.</param>
    internal static Measurement Child(
        string name,
        string model,
        bool mapped,
        int images,
        string provider,
        string scratch,
        string kernel = ""
    )
    {
        string output = Path.Combine(scratch, $"measurement-{Environment.ProcessId}.json");
        string[] arguments =
        [
            "score",
            name,
            model,
            mapped.ToString(),
            kernel,
            images.ToString(CultureInfo.InvariantCulture),
            provider,
            output,
        ];
        using Process child = Process.Start(Environment.ProcessPath!, arguments); // not null: a bench runs from its own executable
        child.WaitForExit();
        if (child.ExitCode != 0)
            throw new InvalidOperationException($"Measuring {name} ended with exit code {child.ExitCode}.");
        Measurement measurement = JsonSerializer.Deserialize(File.ReadAllText(output), BenchJson.Default.Measurement)!; // just written
        File.Delete(output);
        return measurement;
    }

    private static IEnumerable<Row> Rows(Variant variant, List<Measurement> runs, Baseline[] baselines)
    {
        double[] seconds = [.. runs.SelectMany(r => r.ImageSeconds).Order()];
        double[] loads = [.. runs.Select(r => r.LoadSeconds).Order()];
        double peak = runs.Max(r => r.PeakGiB);
        string ratio = string.Join(", ", baselines.Select(b => FormattableString.Invariant($"{b.SecondsPerImage / Median(seconds):F1}x")));
        string memory = string.Join(", ", baselines.Select(b => FormattableString.Invariant($"{b.PeakGiB / peak:F1}x less")));
        yield return Timed($"{variant.Name}: seconds per image", seconds, variant.Seconds, "s", ratio);
        yield return new Row(
            $"{variant.Name}: peak resident memory",
            Text(peak, "GiB"),
            "",
            Limit(variant.GiB, "GiB"),
            variant.GiB is { } g ? peak <= g : null,
            memory
        );
        yield return Timed($"{variant.Name}: load{(variant.Mapped ? "" : ", hashes compared")}", loads, variant.Load, "s", "");
    }

    // Difference of the other precisions from float32 on the same images.
    private static IEnumerable<Row> Differences(Dictionary<string, List<Measurement>> measured)
    {
        Measurement exact = measured["fp32"][0];
        foreach (Variant variant in Variants.Where(v => v.Precision != Precision.Fp32))
        {
            double worst = Agreement.MapError(exact, measured[variant.Name][0]);
            string what = $"{variant.Name}: largest map error against fp32, of the map's range";
            yield return Row.Of(what, $"{100 * worst:F2} %", ratio: "random weights");
        }
    }

    private static IEnumerable<Row> Preprocessing()
    {
        byte[] jpeg = ImageEncoder.Jpeg(TestImages.Inspection(4000, 3000, seed: 1));
        Preprocessor preprocessor = new(new Preprocessing());
        float[] input = new float[preprocessor.Length];
        double[] decode = new double[15],
            whole = new double[15];
        for (int i = -3; i < whole.Length; i++)
        {
            long start = Stopwatch.GetTimestamp();
            RgbImage image = ImageDecoder.Decode(jpeg, "12-megapixel.jpg").Image;
            double decoded = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            preprocessor.Write(image, input);
            if (i >= 0)
                (decode[i], whole[i]) = (decoded, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        Array.Sort(decode);
        Array.Sort(whole);
        yield return Timed("12-megapixel JPEG: decode", decode, null, "ms", "");
        yield return Timed("12-megapixel JPEG: decode, resize, normalise", whole, 200, "ms", "");
    }

    private static Row Timed(string what, double[] sorted, double? target, string unit, string ratio) =>
        new(
            what,
            Text(Median(sorted), unit),
            $"{Text(sorted[0], unit)} - {Text(sorted[^1], unit)}",
            Limit(target, unit),
            target is { } t ? Median(sorted) <= t : null,
            ratio
        );

    private static string Limit(double? target, string unit) => target is { } t ? $"<= {Text(t, unit)}" : "";

    private static string Text(double value, string unit) =>
        unit == "ms" ? FormattableString.Invariant($"{value:F0} ms") : FormattableString.Invariant($"{value:F2} {unit}");

    internal static double Median(double[] sorted) =>
        sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "AaClip.Functions.sln")))
                return folder.FullName;
        return Environment.CurrentDirectory;
    }
}
