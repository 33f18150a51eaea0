using System.Diagnostics;
using System.Globalization;
using System.Numerics.Tensors;
using System.Text.Json;
using AaClip.Import.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Training;
using AaClip.Training.Optimization;
using AaClip.Training.Prompts;
using AaClip.Training.Stages;
using Microsoft.ML.OnnxRuntime;

namespace AaClip.Bench;

/// <summary>
/// Seconds per training step of the full-size model, and its peak memory: of AA-CLIP stage 2 with two images and stage 1 with the sentences
/// of one class; of learned prompts the features of an image, and steps with eight images.
/// </summary>
internal static class TrainingBench
{
    private const double MemoryTarget = 8; // GiB, stage 2 at 518 px, batch 2

    /// <summary>Measures each stage in a separate process.</summary>
    public static int Run(string scratch, int steps, int size, string provider, bool save)
    {
        FullSizeModel.Sources(scratch);
        double gflop = Machine.GflopPerSecond(scratch);
        List<Row> rows = [];
        foreach (string stage in (string[])["text", "image", "features", "crane", "anomalyclip"])
        {
            string what = stage switch
            {
                "text" => "stage 1: gradients for the 16 sentences of a class",
                "image" => $"stage 2: step on 2 images of {size} px",
                "features" => $"prompts: features of an image of {size} px",
                _ => $"prompts, {stage}: step on {PromptRecipe.Batch} images of {size} px",
            };
            Console.Error.WriteLine($"{what}, {steps} times ...");
            string output = Path.Combine(scratch, $"training-{Environment.ProcessId}.json");
            using Process child = Process.Start(
                Environment.ProcessPath!,
                [
                    "training-step",
                    stage,
                    scratch,
                    steps.ToString(CultureInfo.InvariantCulture),
                    size.ToString(CultureInfo.InvariantCulture),
                    provider,
                    output,
                ]
            ); // not null: a bench runs from its own executable
            child.WaitForExit();
            if (child.ExitCode != 0)
                throw new InvalidOperationException($"Measuring stage '{stage}' ended with exit code {child.ExitCode}.");
            string written = File.ReadAllText(output);
            StepMeasurement found = JsonSerializer.Deserialize(written, BenchJson.Default.StepMeasurement)!; // not null: just written
            File.Delete(output);
            double peak = found.PeakGiB;
            double[] seconds = [.. found.Seconds.Order()];
            rows.Add(
                new Row(
                    $"{what}, seconds",
                    FormattableString.Invariant($"{ScoringBench.Median(seconds):F2} s"),
                    FormattableString.Invariant($"{seconds[0]:F2} s - {seconds[^1]:F2} s"),
                    "",
                    null,
                    ""
                )
            );
            rows.Add(
                stage != "image"
                    ? new Row($"{what}, peak resident memory", FormattableString.Invariant($"{peak:F1} GiB"), "", "", null, "")
                    : new Row(
                        $"{what}, peak resident memory",
                        FormattableString.Invariant($"{peak:F1} GiB"),
                        "",
                        FormattableString.Invariant($"<= {MemoryTarget:F0} GiB"),
                        peak <= MemoryTarget,
                        ""
                    )
            );
            if (found.CardGiB is { } card)
                rows.Add(Row.Of($"{what}, memory of the card", $"{card:F1} GiB"));
            rows.Add(Row.Of($"{what}, first step with its graphs", $"{found.FirstSeconds:F1} s"));
            if (found.GradientNorm > 0)
                rows.Add(Row.Of($"{what}, norm of the first gradients", $"{found.GradientNorm:G7}", ratio: "the same on CPU and CUDA"));
        }

        Report report = new()
        {
            At = TimeProvider.System.GetUtcNow(),
            Machine = provider == "cuda" ? $"{Card.Describe()}; {Machine.Describe()}" : Machine.Describe(),
            Runtime = $"ONNX Runtime {OrtEnv.Instance().GetVersionString()}, .NET {Environment.Version}, provider {provider}",
            GflopPerSecond = Math.Round(gflop),
            Rows = rows,
        };
        Table.Write(report, []);
        if (save)
        {
            string name = provider == "cuda" ? "training-cuda" : "training";
            name = string.Create(CultureInfo.InvariantCulture, $"{name}-{report.At:yyyyMMdd-HHmm}.json");
            string path = Path.Combine(ScoringBench.Root, "bench", "results", name);
            File.WriteAllText(path, JsonSerializer.Serialize(report, BenchJson.Default.Report) + "\n");
            Console.WriteLine($"Kept as {Path.GetRelativePath(ScoringBench.Root, path)}");
        }

        return 0;
    }

    /// <summary>Measures one stage in the child process and writes a <see cref="StepMeasurement"/>.</summary>
    public static void Child(string stage, string scratch, int steps, int size, string provider, string output)
    {
        ImportOptions model = RandomModel.Options(FullSizeModel.Sources(scratch), RandomModel.Full, "");
        Provider runs = provider == "cuda" ? Provider.Cuda : Provider.Cpu;
        using GraphFolder graphs = new(runs, 0);
        if (stage is not ("text" or "image"))
        {
            using PromptSteps prompts = new(model, stage == "features" ? "crane" : stage, size, graphs, runs, scratch);
            Measure(stage == "features" ? prompts.Features : prompts.Step, prompts.Adam, steps, provider, output);
            return;
        }

        AdaptationOptions options = new() { Size = size, Provider = runs };
        using FrozenClip clip = new(model.Clip, options);
        (Action step, Adam adam) = stage == "text" ? TextStep(clip, graphs, model) : ImageStep(clip, graphs);
        Measure(step, adam, steps, provider, output);
    }

    private static void Measure(Action step, Adam adam, int steps, string provider, string output)
    {
        long start = Stopwatch.GetTimestamp();
        step();
        double first = Stopwatch.GetElapsedTime(start).TotalSeconds;
        double norm = Math.Sqrt(adam.Parameters.Sum(p => (double)TensorPrimitives.SumOfSquares(p.Gradient)));
        double[] seconds = new double[steps];
        for (int i = 0; i < steps; i++)
        {
            start = Stopwatch.GetTimestamp();
            step();
            seconds[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        using Process self = Process.GetCurrentProcess();
        double? card = provider == "cuda" ? Card.UsedGiB() : null;
        StepMeasurement found = new(self.PeakWorkingSet64 / (double)(1 << 30), card, norm, first, seconds);
        File.WriteAllText(output, JsonSerializer.Serialize(found, BenchJson.Default.StepMeasurement));
    }

    private static (Action Step, Adam Adam) ImageStep(FrozenClip clip, GraphFolder graphs)
    {
        const int Images = 2;
        int size = clip.Shape.ImageSize;
        Adam adam = new(
            AdapterParameters.Image(clip.Shape, clip.ImageAdapters.Blocks, AdapterParameters.Initial(1)),
            new AdamOptions(5e-4)
        );
        Random random = new(1);
        float[] images = [.. Enumerable.Range(0, Images * 3 * size * size).Select(_ => 2 * (random.NextSingle() - 0.5f))];
        float[] masks = new float[Images * size * size];
        masks.AsSpan(size * size / 3, size * size / 5).Fill(1);
        float[] anchors = [.. Enumerable.Range(0, 2 * clip.Shape.Embed).Select(_ => (random.NextSingle() - 0.5f) / 10)];
        ImageStage stage = new(clip, graphs, _ => anchors, adam);
        Batch batch = new(images, masks, [true, false], ["a", "b"]);
        return (() => stage.Step(batch), adam);
    }

    private static (Action Step, Adam Adam) TextStep(FrozenClip clip, GraphFolder graphs, ImportOptions model)
    {
        Adam adam = new(AdapterParameters.Text(clip.Shape, clip.TextAdapters.Blocks, AdapterParameters.Initial(1)), new AdamOptions(1e-5));
        // Not null: the options of a random model contain it
        Scoring.Text.ClipTokenizer tokenizer = new(Scoring.Text.ClipVocabulary.Load(model.Vocabulary!, clip.Shape.Vocabulary));
        TextEncoding text = new(clip, graphs, adam.Parameters, TextEncoding.With(tokenizer, clip.Shape.Context));
        float[] upstream = new float[2 * clip.Shape.Embed];
        Array.Fill(upstream, 0.1f);
        return (Step, adam);

        void Step()
        {
            _ = text.Anchors("candle");
            text.AddGradients("candle", upstream);
            adam.Step();
        }
    }
}
