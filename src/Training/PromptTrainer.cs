using System.Globalization;
using System.Text.Json;
using AaClip.Evaluation.DataSets;
using AaClip.Import.Adapters;
using AaClip.Import.Methods;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Text;
using AaClip.Training.Optimization;
using AaClip.Training.Prompts;
using AaClip.Training.Stages;

namespace AaClip.Training;

/// <summary>
/// Learns the prompts of Crane or AnomalyCLIP (docs/training.md): 1. the features of all images are computed and kept on disk; 2. each step
/// goes through the text tower alone. After every epoch a checkpoint in the published format is written, so a crash or Ctrl-C loses at most
/// one epoch, and no features. On CPU, a resumed training gives the same bits as an uninterrupted one.
/// </summary>
public sealed class PromptTrainer : IDisposable
{
    private const string StateFile = "training.pth";
    private const string Part = "prompt"; // in the names of the state file

    private readonly PromptRun _run;
    private readonly PromptModel _model;
    private readonly PromptSentences _sentences;

    /// <summary>Opens the weights, and checks that the training can start or resume.</summary>
    /// <exception cref="InvalidDataException">Weights, options, images and the output folder do not fit together.</exception>
    /// <exception cref="IOException">The output folder already holds a training, and resuming was not requested.</exception>
    public PromptTrainer(PromptRun run)
    {
        _run = run;
        Check(run.Data);
        _model = new PromptModel(run.Clip, run.Options);
        try
        {
            ClipTokenizer tokenizer = new(ClipVocabulary.Load(run.Vocabulary, _model.Shape.Vocabulary));
            _sentences = new PromptSentences(_model.Shape, tokenizer, _model.Read);
            Epochs = run.Options.Epochs ?? _model.Recipe.Epochs;
            Begin();
        }
        catch
        {
            _model.Dispose();
            throw;
        }
    }

    /// <summary>Epochs in all.</summary>
    public int Epochs { get; }

    /// <summary>The checkpoint of the last epoch.</summary>
    public string Checkpoint => PathOf(Epochs);

    /// <summary>Folder of the image features.</summary>
    public string Cache => _run.Cache ?? Path.Combine(_run.Output, "features");

    /// <summary>Runs the epochs that are left.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; completed epochs and features are kept.</exception>
    public void Train(IProgress<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        PromptOptions options = _run.Options;
        PromptParameters prompts = new(_model.Shape, options.Seed);
        Adam adam = new(prompts.Trained, new AdamOptions(options.Rate ?? PromptRecipe.Rate, _model.Recipe.Beta1));
        int done = adam.Restore(Part, Path.Combine(_run.Output, StateFile));
        if (done >= Epochs)
            return;

        // 1. Features
        CachedFeatures[] features = Features(progress, cancellation);

        // 2. Prompts
        using GraphFolder graphs = new(options.Provider, options.Threads);
        PromptStep step = new(_model, _sentences, prompts, graphs, adam);
        PromptBatches source = new(_run.Data.Images, features, _model.Shape, options.Batch ?? PromptRecipe.Batch, options.Seed);
        new EpochLoop("prompts", done, Epochs).Run(
            source.Steps,
            source.Epoch,
            batch => step.Step(batch, cancellation)["loss"][0],
            epoch => Save(prompts, adam, epoch),
            progress,
            cancellation
        );
    }

    /// <inheritdoc/>
    public void Dispose() => _model.Dispose();

    private static void Check(DataSet data)
    {
        foreach (bool anomalous in (ReadOnlySpan<bool>)[false, true])
            if (!data.Images.Any(i => i.Anomalous == anomalous))
                throw new InvalidDataException(
                    $"'{data.Name}' has no {(anomalous ? "anomalous" : "normal")} images: prompts are learned from the difference between "
                        + "normal and anomalous ones; add some, or choose another --split."
                );
    }

    private CachedFeatures[] Features(IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        IReadOnlyList<LabelledImage> images = _run.Data.Images;
        using FeatureCache cache = new(Cache, _model, _run.Options.Provider, _run.Options.Threads);
        CachedFeatures[] features = new CachedFeatures[images.Count];
        float[] mask = new float[_model.Shape.ImageSize * _model.Shape.ImageSize];
        for (int i = 0; i < features.Length; i++)
        {
            features[i] = cache.Add(images[i].Path, cancellation);
            // Fail now rather than in an epoch
            TrainingMask.Read(images[i], features[i].Width, features[i].Height, _model.Shape.ImageSize, mask);
            progress?.Report(new TrainingProgress("features", 1, 1, i + 1, features.Length, 0, 0));
            cancellation.ThrowIfCancellationRequested();
        }

        return features;
    }

    private void Begin()
    {
        // Epochs, threads and provider may change when a training resumes
        PromptOptions options = _run.Options with
        {
            Method = _model.Method.Name,
            Batch = _run.Options.Batch ?? PromptRecipe.Batch,
            Rate = _run.Options.Rate ?? PromptRecipe.Rate,
            ImageContext = _model.ImageContext,
            Activation = _model.Activation,
            Epochs = null,
            Threads = 0,
            Provider = Provider.Auto,
        };
        PromptSettings settings = new(
            Path.GetFileName(_model.Path),
            TrainingRecord.HashOf(_model.Files),
            _run.Data.Name,
            _run.Data.Images.Count,
            TrainingRecord.HashOf(_run.Data),
            options
        );
        bool foreign = Directory.Exists(_run.Output) && Directory.EnumerateFiles(_run.Output, "*.pth").Any();
        TrainingRecord.Begin(
            _run.Output,
            JsonSerializer.Serialize(settings, PromptJson.Default.PromptSettings),
            JsonSerializer.Serialize(settings with { ClipSha256 = null }, PromptJson.Default.PromptSettings),
            _run.Resume,
            foreign ? $"'{_run.Output}' holds checkpoints of another training, which this one could replace: choose another --out." : null
        );
    }

    // The prompts first: when the state says that an epoch is done, its checkpoint is complete.
    private void Save(PromptParameters prompts, Adam adam, int epoch)
    {
        new PromptCheckpoint
        {
            Sides = _sentences.With([.. prompts.Learned.Select(p => p.Values)]),
            Deep = [.. prompts.Deep.Select(p => p.Values)],
            Width = _model.Shape.Text.Width,
            Projections = _model.Method.Name == "anomalyclip",
        }.Write(PathOf(epoch));
        adam.Checkpoint(Part, epoch).Write(Path.Combine(_run.Output, StateFile));
    }

    private string PathOf(int epoch) => Path.Combine(_run.Output, string.Create(CultureInfo.InvariantCulture, $"epoch_{epoch}.pth"));
}
