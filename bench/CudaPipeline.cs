using AaClip.Pipeline.Scoring;
using AaClip.Scoring.Images;

namespace AaClip.Bench;

/// <summary>
/// Measures the pipeline with a model on the GPU: the steps of a worker for an image, from its bytes to its heatmap, with and without
/// storage (Azurite) around them.
/// </summary>
internal static class CudaPipeline
{
    private const int Callers = 48, // images at once: decoded, waiting for a run, or drawn
        Burst = 800;
    private const double Goal = 0.95; // of the scorer alone

    /// <param name="model">Folder of the model package.</param>
    /// <param name="alone">Images per second of the scorer alone, at the pipeline's batch size.</param>
    public static async Task<IEnumerable<Row>> RowsAsync(
        string model,
        string provider,
        double seconds,
        double alone,
        CancellationToken cancellation
    )
    {
        byte[][] images = [.. Enumerable.Range(0, 32).Select(seed => ImageEncoder.Jpeg(TestImages.Inspection(640, 480, seed)))];
        await using PipelineSite site = await PipelineSite.StartAsync(model, cancellation, provider);
        await StepsAsync(Math.Min(1, seconds)); // warm-up
        Throughput measured = await StepsAsync(seconds);
        (double steps, double processor) = (measured.PerSecond, measured.ProcessorOfImage.TotalMilliseconds);

        byte[][] burst = [.. Enumerable.Range(0, provider == "cuda" ? Burst : Burst / 10).Select(i => images[i % images.Length])];
        await site.PassAsync(burst[..(burst.Length / 8)], TimeSpan.FromMilliseconds(200), cancellation); // warm-up
        site.BeginProcessor();
        (_, double time) = await site.PassAsync(burst, TimeSpan.FromMilliseconds(500), cancellation);
        (double host, double worker, double azurite) = site.ProcessorTime();
        double through = burst.Length / time;
        return
        [
            Row.Of(
                $"decoding, scoring and drawing, {Callers} images at once, without storage: images per second",
                $"{steps:F1}",
                ">= 95 % of the scorer alone",
                steps >= Goal * alone,
                $"{100 * steps / alone:F0} % of the scorer alone"
            ),
            Row.Of(
                "decoding, scoring and drawing, without storage: processor time of an image",
                $"{processor:F0} ms",
                $"at most {1000 * Environment.ProcessorCount / processor:F0} images per second on these cores"
            ),
            Row.Of(
                $"pipeline on Azurite, {burst.Length} images at once: images per second",
                $"{through:F1}",
                ">= 95 % of the scorer alone",
                through >= Goal * alone,
                $"{100 * through / alone:F0} % of the scorer alone"
            ),
            Row.Of(
                "pipeline on Azurite: processor time of an image, host and bench, worker, Azurite",
                $"{host / burst.Length:F1}, {worker / burst.Length:F1}, {azurite / burst.Length:F1} ms",
                $"Azurite has one thread: at most {1000 * burst.Length / azurite:F0} images per second"
            ),
        ];

        Task<Throughput> StepsAsync(double duration) =>
            Throughput.MeasureAsync(site.Model, images, Callers, TimeSpan.FromSeconds(duration), null, cancellation);
    }
}
