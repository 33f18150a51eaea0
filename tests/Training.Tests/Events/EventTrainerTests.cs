using AaClip.Import.Packages;
using AaClip.Import.Temporal;
using AaClip.Scoring;
using AaClip.Scoring.Events;
using AaClip.Scoring.Images;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Tensors;
using AaClip.Synthesis.Drawing;
using AaClip.Training.Events;

namespace AaClip.Training.Tests.Events;

/// <summary>
/// Drawn features of a press whose part jams: a part moves round and round, and in abnormal recordings it stays where it is for a while and
/// others pile up behind it. The head learns from nothing but one label for each recording.
/// </summary>
public sealed class EventTrainerTests : IDisposable
{
    private const int Snippets = 24,
        Width = 32; // joint width of the small model

    private readonly Scratch _folder = new();

    [Fact]
    public void A_head_that_knows_only_labels_finds_when_a_part_jams()
    {
        string package = Trained(epochs: 40, out EventRun run);

        using TemporalScorer scorer = TemporalScorer.Load(package, new ScorerOptions { Provider = Provider.Cpu });
        List<float> jammed = [],
            moving = [];
        for (int i = 0; i < 12; i++)
        {
            (float[] features, int from, int to) = Draw(1000 + i, jams: true);
            float[] scores = scorer.Score(features, TestContext.Current.CancellationToken).Binary;
            for (int s = 0; s < Snippets; s++)
                (s >= from && s < to ? jammed : moving).Add(scores[s]);
        }

        double auc = jammed.Average(j => moving.Count(m => m < j) / (double)moving.Count);
        Assert.True(auc > 0.85, $"Frame AUC is {auc:F3}."); // 0.5 is chance
        (float[] alike, int begin, int end) = Draw(2000, jams: true);
        FoundEvent found = EventFinder
            .Find(scorer.Score(alike, TestContext.Current.CancellationToken), EventScore.Binary, run.Options.Length, 2, 0.5)
            .MaxBy(e => e.Score)!; // there is one, or the next line fails
        Assert.True(found.From < end && found.To > begin, $"The jam is at {begin} to {end}, but {found} was found.");
        Assert.Equal("jam", scorer.Model.Classes[found.Class]);
    }

    [Fact]
    public void A_resumed_training_gives_the_same_bytes_and_frames_their_cached_features()
    {
        EventRun run = Run("whole", epochs: 2);
        Train(run);
        EventRun half = run with { Output = _folder.File("half"), Options = run.Options with { Epochs = 1 } };
        Train(half);

        Train(half with { Resume = true, Options = run.Options });

        Assert.Equal(File.ReadAllBytes(_folder.File("whole/epoch_2.pth")), File.ReadAllBytes(_folder.File("half/epoch_2.pth")));
        IOException e = Assert.Throws<IOException>(() => new EventTrainer(run));
        Assert.Contains("--resume", e.Message, StringComparison.Ordinal);
        InvalidDataException other = Assert.Throws<InvalidDataException>(() =>
            new EventTrainer(run with { Resume = true, Options = run.Options with { Rate = 0.5 } })
        );
        Assert.Contains("other settings", other.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Frames_become_features_once()
    {
        string frames = Directory.CreateDirectory(_folder.File("frames")).FullName;
        for (int i = 0; i < 5; i++)
            File.WriteAllBytes(Path.Combine(frames, $"frame_{i * 4}.png"), ImageEncoder.Png(Frame(i * 4)));
        EventRun run = Run("frames-out", epochs: 1);
        File.AppendAllText(run.List, "frames,jam,\n");
        run = run with { Cache = _folder.File("cache"), Options = run.Options with { SnippetFrames = 2 } };

        Train(run);

        string cached = Assert.Single(Directory.GetFiles(_folder.File("cache")));
        Assert.Equal([2, Width], NpyFile.Read(cached).Shape); // 5 frames are two snippets of 2, and one is left over
        DateTime written = File.GetLastWriteTimeUtc(cached);
        Train(run with { Output = _folder.File("again") });
        Assert.Equal(written, File.GetLastWriteTimeUtc(Assert.Single(Directory.GetFiles(_folder.File("cache")))));
    }

    public void Dispose() => _folder.Dispose();

    private static void Train(EventRun run)
    {
        using EventTrainer trainer = new(run);
        trainer.Train(cancellation: TestContext.Current.CancellationToken);
    }

    private string Trained(int epochs, out EventRun run)
    {
        run = Run("jam", epochs);
        using EventTrainer trainer = new(run);
        trainer.Train(cancellation: TestContext.Current.CancellationToken);
        return TemporalImporter
            .Import(
                new TemporalImportOptions
                {
                    Checkpoint = trainer.Checkpoint,
                    Clip = run.Clip,
                    Vocabulary = run.Vocabulary,
                    Classes = run.Classes,
                    Window = run.Options.Window,
                    VisionHeads = 4,
                    TextHeads = 4,
                    Output = _folder.File("package"),
                },
                null,
                TestContext.Current.CancellationToken
            )
            .Folder;
    }

    // 16 normal recordings and 16 that jam, as files of features.
    private EventRun Run(string output, int epochs)
    {
        string sources = _folder.File("sources");
        if (!Directory.Exists(sources))
            RandomModel.WriteSources(Directory.CreateDirectory(sources).FullName, RandomModel.Small, 1, 1);
        ImportOptions clip = RandomModel.Options(sources, RandomModel.Small, "");
        List<string> lines = ["path,labels,events"];
        for (int i = 0; i < 32; i++)
        {
            string file = FormattableString.Invariant($"{i}.npy");
            NpyFile.Write(_folder.File(file), [Snippets, Width], Draw(i, jams: i % 2 == 1).Features);
            lines.Add($"{file},{(i % 2 == 1 ? "jam" : "normal")},");
        }

        File.WriteAllLines(_folder.File("list.csv"), lines);
        return new EventRun
        {
            Clip = clip.Clip,
            Vocabulary = clip.Vocabulary,
            List = _folder.File("list.csv"),
            Classes = ["normal", "jam"],
            Output = _folder.File(output),
            Options = EventOptions.Ucf with
            {
                Length = 32,
                Window = 8,
                Blocks = 1,
                Batch = 16,
                Rate = 1e-3,
                Drops = [30],
                Epochs = epochs,
                VisionHeads = 4,
                TextHeads = 4,
            },
        };
    }

    // Features of a recording: the position of the part in the first values, and what the camera adds.
    private static (float[] Features, int From, int To) Draw(int seed, bool jams)
    {
        SeededRandom random = new(seed, 7);
        int from = jams ? 4 + random.Below(8) : Snippets,
            to = jams ? from + 6 + random.Below(4) : Snippets;
        float[] features = new float[Snippets * Width];
        double phase = random.Between(0, 6.28);
        for (int s = 0; s < Snippets; s++)
        {
            if (s < from || s >= to)
                phase += 1.3; // the part moves on
            for (int d = 0; d < Width; d++)
            {
                double part =
                    d < 2 ? Math.Cos(phase - d * 1.57)
                    : d < 5 && s >= from && s < to ? 1.0 // parts pile up behind it
                    : d < 8 ? 0.2
                    : 0;
                features[s * Width + d] = (float)(part + 0.1 * random.Normal());
            }
        }

        return (features, from, to);
    }

    private static RgbImage Frame(int x)
    {
        byte[] pixels = new byte[3 * 64 * 48];
        for (int y = 20; y < 28; y++)
            pixels.AsSpan(3 * (y * 64 + x), 24).Fill(255);
        return new RgbImage(64, 48, pixels);
    }
}
