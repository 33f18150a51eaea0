using AaClip.Evaluation.DataSets;
using AaClip.Import.Clip;
using AaClip.Import.Packages;
using AaClip.Scoring.Packages;
using AaClip.Tests;
using AaClip.Training.Prompts;

namespace AaClip.Training.Tests.Prompts;

/// <summary>A very small model of random weights, and drawn images.</summary>
internal sealed class PromptFixture : IDisposable
{
    private static readonly ClipArchitecture Shape = new(28, 7, new TowerShape(16, 4, 2, 32), new TowerShape(16, 3, 2, 32), 77, 0, 16);

    private readonly Scratch _scratch = new();

    public PromptFixture(int pairs = 6, ClipArchitecture? shape = null)
    {
        shape ??= Shape;
        Directory.CreateDirectory(File("sources"));
        RandomModel.WriteSources(File("sources"), shape, imageBlocks: 1, textBlocks: 1);
        Sources = RandomModel.Options(File("sources"), shape, File("unused"));
        SpotImages.Draw(File("data"), pairs, brightness: 5); // the untrained prompts find bright spots
    }

    /// <summary>The files of the model.</summary>
    public ImportOptions Sources { get; }

    public string File(string name) => _scratch.File(name);

    public static PromptOptions Options(string method) =>
        new()
        {
            Method = method,
            Size = SpotImages.Side,
            VisionHeads = 2,
            TextHeads = 2,
            Epochs = 3,
            Batch = 5,
            Rate = 0.01,
            Threads = 1,
        };

    public PromptTrainer Open(
        string output,
        PromptOptions options,
        bool resume = false,
        string? cache = null,
        DataSplit split = DataSplit.Test
    ) =>
        new(
            new PromptRun
            {
                Clip = Sources.Clip,
                Vocabulary = Sources.Vocabulary!, // a random model names it
                Data = DataSet.Open(File("data"), new DataSetOptions { Split = split }),
                Output = File(output),
                Cache = cache is null ? null : File(cache),
                Resume = resume,
                Options = options,
            }
        );

    /// <summary>Trains, and gives the progress of each step.</summary>
    public List<TrainingProgress> Train(string output, PromptOptions options, bool resume = false, string? cache = null)
    {
        List<TrainingProgress> steps = [];
        using PromptTrainer trainer = Open(output, options, resume, cache);
        trainer.Train(new Steps(steps.Add), TestContext.Current.CancellationToken);
        return steps;
    }

    /// <summary>Makes a package of a checkpoint.</summary>
    public ModelPackage Import(string checkpoint, string output, string? method = null) =>
        ModelImporter.Import(
            Sources with
            {
                Adapters = null,
                Method = method,
                Checkpoint = File(checkpoint),
                Size = SpotImages.Side,
                Output = File(output),
            },
            cancellation: TestContext.Current.CancellationToken
        );

    public void Dispose() => _scratch.Dispose();

    internal sealed class Steps(Action<TrainingProgress> see) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => see(value);
    }
}
