using System.Text;
using System.Text.Json;
using AaClip.Evaluation.DataSets;
using AaClip.Import.Adapters;
using AaClip.Scoring;
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
    private const string Record = "training.json";
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
            _graphs = new GraphFolder(_clip.Options);
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
        int textDone = Resume("text", Path.Combine(_run.Output, TextFile), textAdam);
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
            Epochs(
                "text",
                source,
                textDone,
                _clip.Options.TextEpochs,
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
        int imageDone = Resume("image", Path.Combine(_run.Output, ImageFile), imageAdam);
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
        Epochs(
            "image",
            images,
            imageDone,
            _clip.Options.ImageEpochs,
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

    private static void Epochs(
        string stage,
        BatchSource source,
        int done,
        int epochs,
        Func<Batch, float> step,
        Action<int> save,
        IProgress<TrainingProgress>? progress,
        CancellationToken cancellation
    )
    {
        for (int epoch = done; epoch < epochs; epoch++)
        {
            int count = 0;
            double sum = 0;
            foreach (Batch batch in source.Epoch(epoch))
            {
                float loss = step(batch);
                if (!float.IsFinite(loss))
                    throw new InvalidDataException(
                        $"The loss of step {count + 1} of epoch {epoch + 1} of the {stage} stage is {loss}: the training diverges; "
                            + $"begin again in another folder with a smaller learning rate."
                    );
                sum += loss;
                progress?.Report(new TrainingProgress(stage, epoch + 1, epochs, ++count, source.Steps, loss, sum / count));
                cancellation.ThrowIfCancellationRequested();
            }

            save(epoch + 1);
        }
    }

    // Records everything that determines the result, so that a training cannot resume with other settings or images.
    private void Begin()
    {
        Directory.CreateDirectory(_run.Output);
        string file = Path.Combine(_run.Output, Record),
            settings = Settings();
        if (!File.Exists(file))
        {
            if (File.Exists(Path.Combine(_run.Output, TextFile)) && _run.Stage != TrainingStage.Image)
                throw new IOException(
                    $"'{_run.Output}' holds adapters of another training: choose another --out, or train the image stage on top of "
                        + $"them with --stage image."
                );
            WholeFile.Write(file, settings);
        }
        else if (!_run.Resume)
        {
            throw new IOException($"'{_run.Output}' holds a training already: go on with --resume, or choose another --out.");
        }
        else if (File.ReadAllText(file) != settings)
        {
            throw new InvalidDataException(
                $"The training in '{_run.Output}' began with other settings or images ({Record} there has them): resume with the "
                    + $"same, or choose another --out."
            );
        }
    }

    private string Settings()
    {
        StringBuilder images = new();
        foreach (LabelledImage image in _run.Data.Images)
            images.Append(image).Append('\n');
        AdaptationOptions options = _clip.Options with
        {
            TextEpochs = 0,
            ImageEpochs = 0,
            Threads = 0,
            Provider = Scoring.Sessions.Provider.Auto,
        }; // these may change when a training resumes
        return JsonSerializer.Serialize(
            new TrainingSettings(
                Path.GetFileName(_clip.Path),
                _run.Data.Name,
                _run.Data.Images.Count,
                TextHash.Hex(images.ToString()),
                options
            ),
            TrainingJson.Default.TrainingSettings
        );
    }

    private static int Resume(string part, string path, Adam adam)
    {
        if (!File.Exists(path))
            return 0;
        AdapterCheckpoint checkpoint = AdapterCheckpoint.Read(path, part);
        if (checkpoint.Tensors.Count != adam.Parameters.Count)
            throw new InvalidDataException(
                $"'{path}' has {checkpoint.Tensors.Count} adapters, expected {adam.Parameters.Count}: it was trained for other "
                    + $"blocks; choose another --out."
            );
        for (int i = 0; i < adam.Parameters.Count; i++)
        {
            TrainedTensor tensor = checkpoint.Tensors[i];
            Parameter parameter = adam.Parameters[i];
            if (!tensor.Shape.AsSpan().SequenceEqual(parameter.Shape))
                throw new InvalidDataException(
                    $"'{tensor.Name}' in '{path}' has the shape [{string.Join(", ", tensor.Shape)}], expected "
                        + $"[{string.Join(", ", parameter.Shape)}]: it was trained with another CLIP model."
                );
            tensor.Values.CopyTo(parameter.Values, 0);
            tensor.Mean.CopyTo(adam.Means[i], 0);
            tensor.Square.CopyTo(adam.Squares[i], 0);
        }

        adam.Steps = checkpoint.Steps;
        return checkpoint.Epoch;
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
