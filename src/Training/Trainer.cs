using System.Text.Json;
using AaClip.Import.Adapters;
using AaClip.Scoring.Text;
using AaClip.Training.Optimization;
using AaClip.Training.Stages;

namespace AaClip.Training;

/// <summary>
/// Adapts CLIP to anomaly detection (AA-CLIP, arXiv 2503.06661; train.py): 1. stage 1 trains the text adapters; 2. the anchors of all
/// classes are computed and then fixed; 3. stage 2 trains the image adapters. After every epoch a complete checkpoint in the published
/// format is written, so a crash or Ctrl-C loses at most one epoch. On CPU, a resumed training gives the same bits as an uninterrupted one.
/// </summary>
public sealed class Trainer : IDisposable
{
    private const string TextFile = "text_adapter.pth";
    private const string ImageFile = "image_adapter.pth";

    private readonly TrainingRun _run;
    private readonly FrozenClip _clip;
    private readonly GraphFolder _graphs;
    private readonly ClipTokenizer _tokenizer;

    /// <summary>Opens the weights, and checks that the training can start or resume.</summary>
    /// <exception cref="InvalidDataException">Weights, options and the content of the output folder do not fit together.</exception>
    /// <exception cref="IOException">The output folder already holds a training, and resuming was not requested.</exception>
    public Trainer(TrainingRun run)
    {
        _run = run;
        _clip = new FrozenClip(run.Clip, run.Options);
        try
        {
            _tokenizer = new ClipTokenizer(ClipVocabulary.Load(run.Vocabulary, _clip.Shape.Vocabulary));
            foreach (string name in run.Data.Images.Select(i => i.ClassName).Distinct())
                // Fail now rather than after an epoch
                _ = ClassNames.Resolve(name, _tokenizer, PromptPack.Default, _clip.Shape.Context);
            Begin();
            _graphs = new GraphFolder(run.Options.Provider, run.Options.Threads);
        }
        catch
        {
            _clip.Dispose();
            throw;
        }
    }

    /// <summary>Runs the requested stages.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; the completed epochs are in the output folder.</exception>
    public void Train(IProgress<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        // 1. Text adapters
        IReadOnlyList<Parameter> text = AdapterParameters.Text(
            _clip.Shape,
            _clip.TextAdapters.Blocks,
            AdapterParameters.Initial(_clip.Options.Seed)
        );
        Adam textAdam = new(text, new AdamOptions(_clip.Options.TextRate));
        int textDone = textAdam.Restore("text", Path.Combine(_run.Output, TextFile));
        if (
            _run.Stage != TrainingStage.Image
            && textDone > 0
            && textDone < _clip.Options.TextEpochs
            && File.Exists(Path.Combine(_run.Output, ImageFile))
        )
            throw new InvalidDataException(
                $"'{_run.Output}' holds image adapters that were trained on the anchors of {textDone} text epochs: with "
                    + $"{_clip.Options.TextEpochs} they would not fit any more; choose another --out, or leave --text-epochs as it was."
            );
        TextEncoding encoding = new(_clip, _graphs, text, TextEncoding.With(_tokenizer, _clip.Shape.Context));
        if (_run.Stage != TrainingStage.Image)
        {
            TextStage stage = new(_clip, _graphs, encoding, textAdam);
            BatchSource source = new(
                _run.Data,
                _clip.Shape.ImageSize,
                _clip.Options.TextBatch,
                _clip.Options.Seed,
                stage: 1,
                _clip.Options.Augment,
                jitter: false
            );
            new EpochLoop("text", textDone, _clip.Options.TextEpochs).Run(
                source.Steps,
                source.Epoch,
                batch => stage.Step(batch, cancellation)["loss"][0],
                epoch => Save("text", textAdam, epoch, TextFile),
                progress,
                cancellation
            );
        }

        if (_run.Stage == TrainingStage.Text)
            return;

        // 2. Anchors
        bool adapted = File.Exists(Path.Combine(_run.Output, TextFile));
        TextEncoding fixedText = adapted
            ? encoding
            : new TextEncoding(_clip, _graphs, [], TextEncoding.With(_tokenizer, _clip.Shape.Context)) { Plain = true };
        Dictionary<string, float[]> anchors = _run
            .Data.Images.Select(i => i.ClassName)
            .Distinct()
            .ToDictionary(c => c, c => fixedText.Anchors(c, cancellation));

        // 3. Image adapters
        _graphs.Clear(); // stage 1 is done; frees more than a gigabyte
        IReadOnlyList<Parameter> image = AdapterParameters.Image(
            _clip.Shape,
            _clip.ImageAdapters.Blocks,
            AdapterParameters.Initial(_clip.Options.Seed + 1)
        );
        Adam imageAdam = new(image, new AdamOptions(_clip.Options.ImageRate));
        int imageDone = imageAdam.Restore("image", Path.Combine(_run.Output, ImageFile));
        ImageStage second = new(_clip, _graphs, c => anchors[c], imageAdam);
        BatchSource images = new(
            _run.Data,
            _clip.Shape.ImageSize,
            _clip.Options.ImageBatch,
            _clip.Options.Seed,
            stage: 2,
            _clip.Options.Augment,
            jitter: true
        );
        new EpochLoop("image", imageDone, _clip.Options.ImageEpochs).Run(
            images.Steps,
            images.Epoch,
            batch => second.Step(batch, cancellation)["loss"][0],
            epoch => Save("image", imageAdam, epoch, FormattableString.Invariant($"image_adapter_{epoch}.pth"), ImageFile),
            progress,
            cancellation
        );
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _graphs.Dispose();
        _clip.Dispose();
    }

    private void Begin()
    {
        AdaptationOptions options = _clip.Options with
        {
            TextEpochs = 0,
            ImageEpochs = 0,
            Threads = 0,
            Provider = Scoring.Sessions.Provider.Auto,
        }; // these may change when a training resumes
        TrainingSettings settings = new(
            Path.GetFileName(_clip.Path),
            TrainingRecord.HashOf(_clip.Files),
            _run.Data.Name,
            _run.Data.Images.Count,
            TrainingRecord.HashOf(_run.Data),
            options
        );
        bool adapters = File.Exists(Path.Combine(_run.Output, TextFile)) && _run.Stage != TrainingStage.Image;
        TrainingRecord.Begin(
            _run.Output,
            JsonSerializer.Serialize(settings, TrainingJson.Default.TrainingSettings),
            JsonSerializer.Serialize(settings with { ClipSha256 = null }, TrainingJson.Default.TrainingSettings),
            _run.Resume,
            adapters
                ? $"'{_run.Output}' holds adapters of another training: choose another --out, or train the image stage on top of "
                    + $"them with --stage image."
                : null
        );
    }

    // The numbered file first: when the file of the newest checkpoint changes, its numbered copy is already complete.
    private void Save(string part, Adam adam, int epoch, params ReadOnlySpan<string> names)
    {
        string prefix = $"{part}_adapter.";
        AdapterCheckpoint checkpoint = new(
            part,
            epoch,
            adam.Steps,
            adam.Options.LearningRate * (part == "image" ? ImageStage.Factor(_clip.Options, adam.Steps) : 1),
            adam.Options.Beta1,
            [
                .. adam.Parameters.Select(
                    (p, i) => new TrainedTensor(Published(p.Name[prefix.Length..]), p.Shape, p.Values, adam.Means[i], adam.Squares[i])
                ),
            ]
        )
        {
            InitialRate = part == "image" ? adam.Options.LearningRate : null,
        };
        foreach (string name in names)
            checkpoint.Write(Path.Combine(_run.Output, name));
    }

    // With --relu, the published code names the projections "fc.0.weight".
    private string Published(string name) =>
        _clip.Options.Relu && name.EndsWith(".fc.weight", StringComparison.Ordinal)
            ? name.Replace(".fc.weight", ".fc.0.weight", StringComparison.Ordinal)
            : name;
}
