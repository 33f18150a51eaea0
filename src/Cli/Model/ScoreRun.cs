using System.Diagnostics;
using AaClip.Pipeline.Contracts;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.References;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Text;
using AaClip.Scoring.Tiles;

namespace AaClip.Cli.Model;

/// <summary>
/// One run of <c>aaclip score</c>: 1. load the model and make the anchors; 2. decode and resize the next images while the model scores
/// the current ones; 3. write the outputs; 4. list failures.
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
    public Tiling? Tiles { get; init; }
    public ReferencePatches? References { get; init; }
    public Provider Provider { get; init; }
    public int Threads { get; init; }
    public bool Parity { get; init; }
    public bool Legend { get; init; }
    public bool FastStart { get; init; }
    public int HeatmapSide { get; init; } = 2048;

    public int Execute(CancellationToken cancellation)
    {
        // 1. Model and anchors
        _ = ClassNames.Resolve(ObjectClass); // a wrong name is reported before the model is loaded
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
                Logger = new ConsoleLogger(progress),
            }
        );
        if (References?.MisfitOf(scorer.Model, ObjectClass, Tiles) is { } misfit)
            throw new InvalidDataException(References.Explain(misfit, scorer.Model, ObjectClass, Tiles));
        progress.Show($"Making text anchors for '{ObjectClass}'", 0, 1, force: true);
        float[] anchors = scorer.AnchorsOf(ObjectClass);
        cancellation.ThrowIfCancellationRequested();

        // 2. Decode and score; 3. write
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

        // 4. Failures
        progress.Clear();
        return output.Finish();
    }

    private void ScoreAll(AnomalyScorer scorer, float[] anchors, ScoreOutput output, ProgressLine progress, CancellationToken cancellation)
    {
        // On CPU a larger batch gains nothing and delays the results; with tiles, those of one image make the batch
        int batch = scorer.Provider != "cpu" && Tiles is null ? Batch : 1;
        Task<List<Decoded>> next = Task.Run(() => Decode(scorer, anchors, 0, batch), cancellation);
        for (int start = 0; start < Files.Count; start += batch)
        {
            List<Decoded> images = next.GetAwaiter().GetResult();
            int following = start + batch;
            next = Task.Run(() => Decode(scorer, anchors, following, batch), cancellation);
            List<ModelInput> inputs = [.. images.Select(i => i.Input).OfType<ModelInput>()];
            Stopwatch clock = Stopwatch.StartNew();
            IReadOnlyList<ImageScore> scores = images is [{ Tiles: { } tiles }]
                ? [scorer.Score(tiles, anchors, Domain, Batch, References, cancellation)]
                : ScoreTogether(scorer, inputs, cancellation);
            double milliseconds = clock.Elapsed.TotalMilliseconds / Math.Max(1, scores.Count);
            using IEnumerator<ImageScore> score = scores.GetEnumerator();
            foreach (Decoded image in images)
            {
                progress.Clear();
                output.Add(image, image.Failure is null && score.MoveNext() ? score.Current : null, milliseconds);
            }

            progress.Show("Scoring", Math.Min(following, Files.Count), Files.Count, force: !Console.IsErrorRedirected);
        }
    }

    private static IReadOnlyList<ImageScore> ScoreTogether(AnomalyScorer scorer, List<ModelInput> inputs, CancellationToken cancellation)
    {
        try
        {
            return scorer.Score(inputs, cancellation);
        }
        finally
        {
            inputs.ForEach(i => i.Dispose());
        }
    }

    private List<Decoded> Decode(AnomalyScorer scorer, float[] anchors, int start, int count) =>
        [.. Files.Skip(start).Take(count).AsParallel().AsOrdered().Select(f => DecodeOne(scorer, anchors, f))];

    private Decoded DecodeOne(AnomalyScorer scorer, float[] anchors, ImageFile file)
    {
        Stopwatch clock = Stopwatch.StartNew();
        try
        {
            RgbImage image = ImageDecoder.DecodeFile(file.Path, new DecodeOptions { Parity = Parity }).Image;
            BlankImage.Refuse(image, file.Path, scorer.Model.Architecture.Patch);
            TiledImage? tiles = scorer.Cut(image, Tiles);
            ModelInput? input = tiles is null ? scorer.Prepare(image, anchors, Domain, References) : null;
            return new Decoded(file, image, input, null, clock.Elapsed.TotalMilliseconds, tiles);
        }
        catch (ImageRejectedException e)
        {
            return new Decoded(file, null, null, new FailurePart(FailureCodes.Of(e.Code), e.Message), clock.Elapsed.TotalMilliseconds);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new Decoded(file, null, null, new FailurePart(FailureCodes.Unreadable, e.Message), clock.Elapsed.TotalMilliseconds);
        }
    }
}

/// <summary>A decoded image and what the model scores of it, or the reason why it could not be decoded.</summary>
internal sealed record Decoded(
    ImageFile File,
    RgbImage? Image,
    ModelInput? Input,
    FailurePart? Failure,
    double Milliseconds,
    TiledImage? Tiles = null
);
