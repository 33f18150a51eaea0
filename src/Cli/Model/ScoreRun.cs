using System.Diagnostics;
using AaClip.Pipeline.Contracts;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Text;

namespace AaClip.Cli.Model;

/// <summary>
/// One run of <c>aaclip score</c>: 1. load the model and make the anchors; 2. decode the next images while the model works on these;
/// 3. write what was asked for; 4. list failures.
/// </summary>
internal sealed class ScoreRun
{
    public required IReadOnlyList<ImageFile> Files { get; init; }
    public required string Model { get; init; }
    public required string ObjectClass { get; init; }
    public Domain Domain { get; init; }
    public string? Heatmaps { get; init; }
    public string? Maps { get; init; }
    public string? Json { get; init; }
    public double? Threshold { get; init; }
    public float? MapThreshold { get; init; }
    public int Batch { get; init; } = 1;
    public Provider Provider { get; init; }
    public int Threads { get; init; }
    public bool Parity { get; init; }
    public bool Legend { get; init; }
    public bool FastStart { get; init; }
    public int HeatmapSide { get; init; } = 2048;

    private int _patch; // of the model

    public int Execute(CancellationToken cancellation)
    {
        // 1
        _ = ClassNames.Resolve(ObjectClass); // a bad name is told before the model is loaded
        using ProgressLine progress = new();
        progress.Show("Loading the model", 0, 1);
        using AnomalyScorer scorer = AnomalyScorer.Load(
            Model,
            new ScorerOptions
            {
                Provider = Provider,
                Threads = Threads,
                MemoryMapped = FastStart,
                Verify = !FastStart,
                CudaBatch = Batch,
                Logger = new ConsoleLogger(progress),
            }
        );
        _patch = scorer.Model.Architecture.Patch;
        progress.Show($"Making text anchors for '{ObjectClass}'", 0, 1, force: true);
        float[] anchors = scorer.AnchorsOf(ObjectClass);
        cancellation.ThrowIfCancellationRequested();

        // 2 and 3
        using ScoreOutput output = new(this, scorer);
        try
        {
            ScoreAll(scorer, anchors, output, progress, cancellation);
        }
        catch (OperationCanceledException)
        {
            progress.Clear();
            output.Stop();
            throw;
        }
        catch
        {
            progress.Clear();
            output.ShowRows();
            throw;
        }

        // 4
        progress.Clear();
        return output.Finish();
    }

    private void ScoreAll(AnomalyScorer scorer, float[] anchors, ScoreOutput output, ProgressLine progress, CancellationToken cancellation)
    {
        int batch = scorer.Provider == "cuda" ? Batch : 1; // no gain from more on CPU, and results appear as they come
        Task<List<Decoded>> next = Task.Run(() => Decode(0, batch), cancellation);
        for (int start = 0; start < Files.Count; start += batch)
        {
            List<Decoded> images = next.GetAwaiter().GetResult();
            int following = start + batch;
            next = Task.Run(() => Decode(following, batch), cancellation);
            // Filtered just before
            List<ImageToScore> ready = [.. images.Where(i => i.Image is not null).Select(i => new ImageToScore(i.Image!, anchors, Domain))];
            Stopwatch clock = Stopwatch.StartNew();
            using IEnumerator<ImageScore> scores = scorer.Score(ready, cancellation).GetEnumerator();
            double milliseconds = clock.Elapsed.TotalMilliseconds / Math.Max(1, ready.Count);
            foreach (Decoded image in images)
            {
                progress.Clear();
                output.Add(image, image.Image is not null && scores.MoveNext() ? scores.Current : null, milliseconds);
            }

            progress.Show("Scoring", Math.Min(following, Files.Count), Files.Count, force: !Console.IsErrorRedirected);
        }
    }

    private List<Decoded> Decode(int start, int count) => [.. Files.Skip(start).Take(count).AsParallel().AsOrdered().Select(DecodeOne)];

    private Decoded DecodeOne(ImageFile file)
    {
        Stopwatch clock = Stopwatch.StartNew();
        try
        {
            RgbImage image = ImageDecoder.DecodeFile(file.Path, new DecodeOptions { Parity = Parity }).Image;
            BlankImage.Refuse(image, file.Path, _patch);
            return new Decoded(file, image, null, clock.Elapsed.TotalMilliseconds);
        }
        catch (ImageRejectedException e)
        {
            return new Decoded(file, null, new FailurePart(FailureCodes.Of(e.Code), e.Message), clock.Elapsed.TotalMilliseconds);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Decoded(file, null, new FailurePart(FailureCodes.Unreadable, e.Message), clock.Elapsed.TotalMilliseconds);
        }
    }
}

/// <summary>An image after decoding, or the reason why there is none.</summary>
internal sealed record Decoded(ImageFile File, RgbImage? Image, FailurePart? Failure, double Milliseconds);
