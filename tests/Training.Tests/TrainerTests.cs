using AaClip.Evaluation.DataSets;
using AaClip.Import.Clip;
using AaClip.Import.Packages;
using AaClip.Scoring.Packages;
using AaClip.Tests;
using AaClip.Training.Stages;

namespace AaClip.Training.Tests;

/// <summary>Whole trainings of a very small model on a few drawn images.</summary>
public sealed class TrainerTests : IDisposable
{
    private static readonly ClipArchitecture Shape = new(28, 14, new TowerShape(16, 4, 2, 32), new TowerShape(16, 2, 2, 32), 77, 0, 16);

    private static readonly AdaptationOptions Options = new()
    {
        Size = 42,
        VisionHeads = 2,
        TextHeads = 2,
        TextEpochs = 2,
        ImageEpochs = 3,
        TextBatch = 4,
        TextRate = 1e-3,
        ImageRate = 2e-3,
        Halvings = [4],
        Threads = 1,
    };

    private readonly Scratch _scratch = new();
    private readonly ImportOptions _sources;

    public TrainerTests()
    {
        Directory.CreateDirectory(_scratch.File("sources"));
        RandomModel.WriteSources(_scratch.File("sources"), Shape, imageBlocks: 1, textBlocks: 1);
        _sources = RandomModel.Options(_scratch.File("sources"), Shape, _scratch.File("package"));
        SpotImages.Draw(_scratch.File("data"), 6);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_resumed_training_equals_one_that_was_not_interrupted_bit_by_bit()
    {
        Train("whole", Options);
        Train("begun", Options with { TextEpochs = 1 }, TrainingStage.Text);
        Train("begun", Options with { ImageEpochs = 2 }, resume: true);

        Train("begun", Options, resume: true);

        foreach (string file in (string[])["text_adapter.pth", "image_adapter.pth", "image_adapter_1.pth", "image_adapter_3.pth"])
            Assert.Equal(File.ReadAllBytes(_scratch.File($"whole/{file}")), File.ReadAllBytes(_scratch.File($"begun/{file}")));
    }

    [Fact]
    public void The_loss_falls_and_the_checkpoints_make_a_package()
    {
        List<TrainingProgress> steps = Train("out", Options with { ImageEpochs = 8, Augment = false });

        double[] means = [.. steps.Where(s => s.Stage == "image" && s.Step == s.Steps).Select(s => s.Mean)];
        Assert.Equal(8, means.Length);
        Assert.True(means[^1] < 0.9 * means[0], $"The mean loss went from {means[0]} to {means[^1]}.");
        ModelPackage package = ModelImporter.Import(
            _sources with
            {
                Adapters = _scratch.File("out"),
                Size = Options.Size,
                Classes = ["part"],
            },
            cancellation: Cancellation
        );
        Assert.Equal(2, package.Manifest.Provenance.Sources.Count(s => s.Key.Contains("adapter", StringComparison.Ordinal)));
        TrainingOrigin origin = package.Manifest.Provenance.Training!; // the training has left a record
        Assert.Equal(PackageFolder.HashOf(_scratch.File("out/training.json")), origin.Record);
        Assert.Equal(PackageFolder.HashOf(_sources.Clip), origin.ClipSha256);
        Assert.Equal((steps.Count > 0, Options.Seed), (origin.Images > 0, origin.Seed));
    }

    [Fact]
    public void A_training_of_a_program_that_recorded_no_hash_goes_on()
    {
        Train("out", Options with { ImageEpochs = 0 });
        string record = _scratch.File("out/training.json");
        string[] lines = File.ReadAllLines(record);
        File.WriteAllText(record, string.Join(Environment.NewLine, lines.Where(l => !l.Contains("clipSha256", StringComparison.Ordinal))));

        Train("out", Options with { ImageEpochs = 1 }, resume: true);

        Assert.True(File.Exists(_scratch.File("out/image_adapter_1.pth")));
        Assert.Contains(lines, l => l.Contains(PackageFolder.HashOf(_sources.Clip), StringComparison.Ordinal));
    }

    [Fact]
    public void A_cancelled_training_keeps_the_epochs_that_are_done_and_goes_on_bit_by_bit()
    {
        using CancellationTokenSource stop = new();
        using (Trainer trainer = Open("out", Options))
        {
            Assert.ThrowsAny<OperationCanceledException>(() =>
                trainer.Train(
                    new Steps(p =>
                    {
                        if (p is { Stage: "image", Epoch: 2, Step: 3 })
                            stop.Cancel();
                    }),
                    stop.Token
                )
            );
        }

        Assert.True(File.Exists(_scratch.File("out/image_adapter_1.pth")));
        Assert.False(File.Exists(_scratch.File("out/image_adapter_2.pth")));
        File.WriteAllBytes(_scratch.File("out/image_adapter_2.pth.tmp"), [1, 2, 3]); // as a power cut leaves it
        Train("out", Options, resume: true);
        Train("whole", Options);
        Assert.Equal(
            File.ReadAllBytes(_scratch.File("whole/image_adapter.pth")),
            File.ReadAllBytes(_scratch.File("out/image_adapter.pth"))
        );
    }

    [Fact]
    public void A_folder_with_a_training_is_neither_overwritten_nor_gone_on_with_otherwise()
    {
        Train("out", Options with { ImageEpochs = 0 });

        IOException there = Assert.Throws<IOException>(() => Open("out", Options));
        InvalidDataException other = Assert.Throws<InvalidDataException>(() => Open("out", Options with { Seed = 5 }, resume: true));

        Train("out", Options with { ImageEpochs = 1 }, resume: true);
        InvalidDataException unfit = Assert.Throws<InvalidDataException>(() =>
            Train("out", Options with { TextEpochs = Options.TextEpochs + 1 }, resume: true)
        );

        Assert.Contains("--text-epochs", unfit.Message, StringComparison.Ordinal);
        Assert.Contains("--resume", there.Message, StringComparison.Ordinal);
        Assert.Contains("training.json", other.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Few_shots_and_every_alternative_run()
    {
        foreach (Towers.Surgery surgery in Enum.GetValues<Towers.Surgery>())
            Assert.NotEmpty(
                Train(
                    $"out-{surgery}",
                    Options with
                    {
                        TextEpochs = 1,
                        ImageEpochs = 1,
                        Surgery = surgery,
                        SumLevels = true,
                        Relu = true,
                        Activation = Activation.QuickGelu,
                    },
                    shots: 4
                )
            );
    }

    private List<TrainingProgress> Train(
        string output,
        AdaptationOptions options,
        TrainingStage stage = TrainingStage.Both,
        bool resume = false,
        int? shots = null
    )
    {
        List<TrainingProgress> steps = [];
        using Trainer trainer = Open(output, options, stage, resume, shots);
        trainer.Train(new Steps(steps.Add), Cancellation);
        return steps;
    }

    private Trainer Open(
        string output,
        AdaptationOptions options,
        TrainingStage stage = TrainingStage.Both,
        bool resume = false,
        int? shots = null
    ) =>
        new(
            new TrainingRun
            {
                Clip = _sources.Clip,
                Vocabulary = _sources.Vocabulary!, // a random model names it
                Data = DataSet.Open(_scratch.File("data"), new DataSetOptions { Shots = shots }),
                Output = _scratch.File(output),
                Stage = stage,
                Resume = resume,
                Options = options,
            }
        );

    private sealed class Steps(Action<TrainingProgress> see) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => see(value);
    }
}
