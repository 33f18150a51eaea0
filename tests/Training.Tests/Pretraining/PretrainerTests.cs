using AaClip.Import.Clip;
using AaClip.Import.Packages;
using AaClip.Scoring.Packages;
using AaClip.Training.Pretraining;

namespace AaClip.Training.Tests.Pretraining;

public sealed class PretrainerTests : IDisposable
{
    private static readonly PretrainingOptions Options = new()
    {
        Shape = new ClipArchitecture(32, 8, new TowerShape(16, 4, 2, 32), new TowerShape(16, 1, 2, 32), 24, 0, 16),
        Steps = 12,
        Batch = 6,
        SaveEvery = 4,
        Rate = 3e-3,
        Threads = 1,
    };

    private readonly Scratch _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void The_loss_falls_and_the_model_can_be_imported()
    {
        List<double> losses = Train("out", Options with { Steps = 60, SaveEvery = 10 });

        Assert.True(
            losses[^20..].Average() < 0.9 * losses[..10].Average(),
            $"The loss went from {losses[..10].Average():F3} to {losses[^20..].Average():F3}."
        );
        ModelPackage package = ModelImporter.Import(
            new ImportOptions
            {
                Clip = _scratch.File("out/clip.safetensors"),
                Output = _scratch.File("package"),
                Size = 32,
                VisionHeads = 2,
                TextHeads = 2,
                Classes = ["object"],
            },
            cancellation: TestContext.Current.CancellationToken
        );
        Assert.Equal(32, package.Manifest.Architecture.ImageSize);
    }

    [Fact]
    public void Going_on_after_a_stop_equals_never_having_stopped()
    {
        Train("whole", Options);
        using (CancellationTokenSource stop = new())
        using (Pretrainer begun = new(_scratch.File("begun"), resume: false, Options))
            Assert.ThrowsAny<OperationCanceledException>(() =>
                begun.Train(
                    new Steps(p =>
                    {
                        if (p.Step == 6)
                            stop.Cancel();
                    }),
                    stop.Token
                )
            );

        Train("begun", Options, resume: true);

        Assert.Equal(
            File.ReadAllBytes(_scratch.File("whole/clip.safetensors")),
            File.ReadAllBytes(_scratch.File("begun/clip.safetensors"))
        );
    }

    [Fact]
    public void A_folder_with_a_model_is_not_overwritten_and_an_empty_one_is_not_gone_on_with()
    {
        Train("out", Options with { Steps = 4 });

        Assert.Throws<IOException>(() => new Pretrainer(_scratch.File("out"), resume: false, Options));
        Assert.Throws<IOException>(() => new Pretrainer(_scratch.File("none"), resume: true, Options));
    }

    private List<double> Train(string output, PretrainingOptions options, bool resume = false)
    {
        List<double> losses = [];
        using Pretrainer pretrainer = new(_scratch.File(output), resume, options);
        pretrainer.Train(new Steps(p => losses.Add(p.Loss)), TestContext.Current.CancellationToken);
        return losses;
    }

    private sealed class Steps(Action<TrainingProgress> see) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => see(value);
    }
}
