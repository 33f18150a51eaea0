using System.Globalization;
using System.Text.Json;
using AaClip.Evaluation.Events;
using AaClip.Graphs;
using AaClip.Import.Adapters;
using AaClip.Import.Clip;
using AaClip.Import.Methods;
using AaClip.Import.Packages;
using AaClip.Import.Temporal;
using AaClip.Scoring.Events;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Text;
using AaClip.Training.Events;
using AaClip.Training.Optimization;
using AaClip.Training.Stages;
using Microsoft.Extensions.Logging.Abstractions;

namespace AaClip.Training;

/// <summary>
/// Trains VadCLIP's head on labelled recordings (docs/training.md): 1. the features of all recordings are computed and kept on disk; 2.
/// each
/// step goes through the head and the text tower. After every epoch a checkpoint is written, so a crash or Ctrl-C loses at most one epoch.
/// The published code goes on from the epoch that is best on the test set; this does not: it has no test set.
/// </summary>
public sealed class EventTrainer : IDisposable
{
    private const string StateFile = "training.pth";
    private const string Part = "event"; // in the names of the state file
    private const double Beta1 = 0.9,
        Decay = 0.01; // of AdamW, src/ucf_train.py

    private readonly EventRun _run;
    private readonly ClipWeights _clip;
    private readonly VadClipCheckpoint? _from;
    private readonly IReadOnlyList<string> _classes;
    private readonly long[][] _tokens;
    private readonly IReadOnlyList<Recording> _recordings;

    /// <summary>Opens weights and list, and checks that the training can start or resume.</summary>
    /// <exception cref="InvalidDataException">Weights, options, recordings and the output folder do not fit together.</exception>
    /// <exception cref="IOException">The output folder already holds a training, and resuming was not requested.</exception>
    public EventTrainer(EventRun run)
    {
        _run = run;
        EventOptions options = run.Options;
        _classes = VadClipTexts.Parse(run.Classes);
        _recordings = RecordingList.Read(run.List, _classes);
        foreach (bool normal in (ReadOnlySpan<bool>)[false, true])
            if (!_recordings.Any(r => r.IsNormal == normal))
                throw new InvalidDataException(
                    $"'{run.List}' has no {(normal ? "normal" : "abnormal")} recording: a head learns from the difference; add some."
                );
        _from = run.From is null ? null : VadClipCheckpoint.Open(run.From, run.FromWindow);
        if (_from is null && run.Clip is null)
            throw new InvalidDataException(
                "No CLIP model is named: pass ViT-B-16.pt with --clip, or a checkpoint that holds it with --from."
            );
        _clip = _from is null
            ? ClipWeights.Open(run.Clip!, options.VisionHeads, options.TextHeads) // not null: checked above
            : TemporalImporter.OpenClip(run.Clip, _from, options.VisionHeads, options.TextHeads);
        try
        {
            Head = _from?.Head ?? HeadOf(_clip.Architecture, options);
            string vocabulary = ModelImporter.FindVocabulary(_clip.Path, run.Vocabulary);
            ClipTokenizer tokenizer = new(ClipVocabulary.Load(vocabulary, _clip.Architecture.Vocabulary));
            _tokens = VadClipTexts.Tokens(_classes, tokenizer, _clip.Architecture.Context);
            Begin();
        }
        catch
        {
            _clip.Dispose();
            throw;
        }
    }

    /// <summary>Sizes of the head.</summary>
    public TemporalHead Head { get; }

    /// <summary>The recordings.</summary>
    public IReadOnlyList<Recording> Recordings => _recordings;

    /// <summary>The checkpoint of the last epoch.</summary>
    public string Checkpoint => PathOf(_run.Options.Epochs);

    /// <summary>Folder of the features.</summary>
    public string Cache => _run.Cache ?? Path.Combine(_run.Output, "features");

    /// <summary>Runs the epochs that are left.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; completed epochs and features are kept.</exception>
    public void Train(IProgress<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        EventOptions options = _run.Options;
        ModelArchitecture shape = VadClipTexts.TowerSizes(_clip.Architecture);
        EventParameters parameters = _from is null
            ? EventParameters.Fresh(Head, shape.Context, shape.Text.Width, options.Seed)
            : EventParameters.Of(_from);
        Adam adam = new(parameters.All, new AdamOptions(options.Rate, Beta1, Decay: Decay) { DecayVectors = true });
        int done = adam.Restore(Part, Path.Combine(_run.Output, StateFile));
        if (done >= options.Epochs)
            return;

        // 1. Features
        List<(SnippetWindow, float[])> windows = Windows(progress, cancellation);

        // 2. Head
        using GraphFolder graphs = new(options.Provider, options.Threads);
        EventTexts texts = EventTexts.Of(_tokens, _clip.Read("token_embedding.weight"), shape.Text.Width);
        EventStep step = new(shape, Head, texts, _clip.Read, parameters, graphs, adam, options.TextWeight);
        EventBatches source = new(windows, Head.Length, options.Batch, options.Balanced, options.Seed);
        double factor = 1;
        new EpochLoop("events", done, options.Epochs).Run(
            source.Steps,
            epoch =>
            {
                factor = Math.Pow(0.1, options.Drops.Count(d => d <= epoch));
                return source.Epoch(epoch);
            },
            batch => step.Step(batch, factor, cancellation)["loss"][0],
            epoch => Save(parameters, adam, epoch),
            progress,
            cancellation
        );
    }

    /// <inheritdoc/>
    public void Dispose() => _clip.Dispose();

    private static TemporalHead HeadOf(ClipArchitecture clip, EventOptions options)
    {
        if (options.Length < 1 || options.Window < 1 || options.Length % options.Window != 0)
            throw new InvalidDataException($"--window {options.Window} does not divide the {options.Length} snippets of --length.");
        return new TemporalHead(options.Length, options.Window, options.Blocks, clip.EmbedDim, 4 * clip.EmbedDim, clip.EmbedDim / 2);
    }

    // A window of each recording without its padding, and its labels.
    private List<(SnippetWindow, float[])> Windows(IProgress<TrainingProgress>? progress, CancellationToken cancellation)
    {
        EventOptions options = _run.Options;
        string scratch = Directory.CreateTempSubdirectory("aaclip-frames-").FullName;
        FramePreprocessing frame = FramePreprocessing.For(_clip.Architecture.ImageSize, ReferenceEquals(_classes, VadClipTexts.Ucf));
        Lazy<FrameTower> tower = new(() =>
        {
            string graph = Path.Combine(scratch, TemporalPackage.FrameGraph);
            FrameGraph.Write(graph, _clip.Architecture.ImageTower, Activation.QuickGelu, _clip.Read);
            return FrameTower.Open(graph, frame, options.Provider, options.Threads, NullLogger.Instance);
        });
        try
        {
            SnippetFeatures features = new(() => tower.Value, Head.Width, options.SnippetFrames)
            {
                Cache = Cache,
                Model = _recordings.Any(r => Directory.Exists(r.Path))
                    ? string.Create(
                        CultureInfo.InvariantCulture,
                        $"{PackageFolder.HashOf(_clip.Path)} {frame.Size} {frame.Mirrored} {_clip.Architecture.Vision.Heads}"
                    )
                    : "",
            };
            List<(SnippetWindow, float[])> windows = [];
            foreach (Recording recording in _recordings)
            {
                SnippetWindow window = SnippetWindows.Reduce(features.Of(recording.Path, null, cancellation), Head.Width, Head.Length);
                windows.Add(
                    (
                        window with
                        {
                            Features = window.Features[..(window.Valid * Head.Width)],
                        },
                        [.. _classes.Select(c => recording.Labels.Contains(c) ? 1f : 0)]
                    )
                );
                progress?.Report(new TrainingProgress("recordings", 1, 1, windows.Count, _recordings.Count, 0, 0));
                cancellation.ThrowIfCancellationRequested();
            }

            return windows;
        }
        finally
        {
            if (tower.IsValueCreated)
                tower.Value.Dispose();
            Directory.Delete(scratch, recursive: true);
        }
    }

    private void Begin()
    {
        // Epochs, threads and provider may change when a training resumes
        EventSettings settings = new(
            Path.GetFileName(_clip.Path),
            _run.From is null ? null : Path.GetFileName(_run.From),
            Path.GetFileName(_run.List),
            _recordings.Count,
            TextHash.Hex(File.ReadAllText(_run.List)),
            _classes,
            _run.Options with
            {
                Epochs = 0,
                Threads = 0,
                Provider = Provider.Auto,
            }
        );
        bool foreign = Directory.Exists(_run.Output) && Directory.EnumerateFiles(_run.Output, "*.pth").Any();
        string text = JsonSerializer.Serialize(settings, EventJson.Default.EventSettings);
        TrainingRecord.Begin(
            _run.Output,
            text,
            text, // no program before wrote another form
            _run.Resume,
            foreign ? $"'{_run.Output}' holds checkpoints of another training, which this one could replace: choose another --out." : null
        );
    }

    // The head first: when the state says that an epoch is done, its checkpoint is complete.
    private void Save(EventParameters parameters, Adam adam, int epoch)
    {
        ClipArchitecture clip = _clip.Architecture;
        VadClipCheckpoint.Write(PathOf(epoch), Head, clip.Context, clip.Text.Width, parameters.Values);
        adam.Checkpoint(Part, epoch).Write(Path.Combine(_run.Output, StateFile));
    }

    private string PathOf(int epoch) => Path.Combine(_run.Output, string.Create(CultureInfo.InvariantCulture, $"epoch_{epoch}.pth"));
}
