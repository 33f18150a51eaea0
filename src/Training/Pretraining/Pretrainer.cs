using System.Globalization;
using System.Text.Json;
using AaClip.Graphs;
using AaClip.Import.Adapters;
using AaClip.Import.Clip;
using AaClip.Import.Packages;
using AaClip.Scoring;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Tensors;
using AaClip.Scoring.Text;
using AaClip.Synthesis;
using AaClip.Synthesis.Drawing;
using AaClip.Training.Autodiff;
using AaClip.Training.Losses;
using AaClip.Training.Optimization;
using AaClip.Training.Stages;
using AaClip.Training.Towers;
using static AaClip.Graphs.Proto.TensorProto.Types;

namespace AaClip.Training.Pretraining;

/// <summary>
/// Trains a small CLIP-shaped model from scratch with two contrastive losses: images against captions (Radford et al., 2021), and, so that
/// patch features become useful, the patches of an image against a normal and an abnormal sentence about its object. All images are
/// generated. The output folder contains clip.safetensors and a vocabulary, for <c>aaclip train</c> and <c>import</c>, and
/// state.safetensors to resume.
/// </summary>
public sealed class Pretrainer : IDisposable
{
    private const float Temperature = 14.3f; // 1/0.07, CLIP's initial value
    private const float PatchTemperature = 15f;
    private const string Whole = "auxiliary.whole"; // patch projection for an image score, like det_proj of the adapters; not exported
    private const int Merges = 600;
    private const string State = "state.safetensors";
    private const string Options = "pretraining.json";

    private readonly PretrainingOptions _options;
    private readonly string _output;
    private readonly ModelArchitecture _shape;
    private readonly ClipTokenizer _tokenizer;
    private readonly Adam _adam;
    private readonly GraphFolder _graphs;

    /// <summary>Starts a training, or resumes the one in the output folder.</summary>
    /// <exception cref="IOException">The output folder already holds a model, and resuming was not requested.</exception>
    public Pretrainer(string output, bool resume, PretrainingOptions options)
    {
        (_options, _output) = (options, output);
        string state = Path.Combine(output, State);
        if (File.Exists(state) != resume)
            throw new IOException(
                resume
                    ? $"'{output}' holds nothing to go on with: leave --resume out."
                    : $"'{output}' holds a model already: go on with --resume, or choose another --out."
            );
        Directory.CreateDirectory(output);

        string vocabulary = Path.Combine(output, "bpe_simple_vocab_16e6.txt.gz");
        int words = File.Exists(vocabulary)
            ? ClipVocabulary.Load(vocabulary).Size
            : VocabularyTrainer.Train(Sentences(), Merges, vocabulary);
        ClipArchitecture clip = options.Shape with { Vocabulary = words };
        _tokenizer = new ClipTokenizer(ClipVocabulary.Load(vocabulary, words));
        _shape = ModelImporter.Shape(clip, clip.ImageSize, null);
        Parameter[] parameters =
        [
            .. ClipNames.All(clip).Select(w => Initial(w.Name, [.. w.Shape.Select(n => (int)n)], clip)),
            Initial(Whole, [clip.EmbedDim, clip.Vision.Width], clip),
        ];
        _adam = new Adam(parameters, new AdamOptions(options.Rate, Beta1: 0.9, Beta2: 0.98, Epsilon: 1e-6, Decay: 0.05));
        if (resume)
        {
            RequireSame();
            Load(state);
        }

        _graphs = new GraphFolder(options.Provider, options.Threads);
    }

    /// <summary>Runs all remaining steps.</summary>
    /// <param name="progress">Receives the progress of each step.</param>
    public void Train(IProgress<TrainingProgress>? progress = null, CancellationToken cancellation = default)
    {
        double sum = 0;
        int count = 0;
        if (_adam.Steps == _options.Steps)
            Save(); // the previous process may have stopped between writing two files
        Task<PictureBatch> next = Task.Run(() => Make(_adam.Steps));
        while (_adam.Steps < _options.Steps)
        {
            cancellation.ThrowIfCancellationRequested();
            PictureBatch batch = next.GetAwaiter().GetResult();
            int following = _adam.Steps + 1;
            next = Task.Run(() => Make(following));
            float loss = Step(batch, cancellation);
            if (!float.IsFinite(loss))
                throw new InvalidDataException(
                    $"The loss of step {_adam.Steps} is {loss}: the training diverges; begin again with a smaller --rate."
                );
            sum += loss;
            progress?.Report(new TrainingProgress("pre-training", 1, 1, _adam.Steps, _options.Steps, loss, sum / ++count));
            if (_adam.Steps % _options.SaveEvery == 0 || _adam.Steps == _options.Steps)
            {
                Save();
                (sum, count) = (0, 0);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _graphs.Dispose();

    /// <summary>Gives the batch of a step instead of drawn pictures; for tests.</summary>
    internal Func<ModelArchitecture, ClipTokenizer, int, PictureBatch>? Batches { get; init; }

    private PictureBatch Make(int step) =>
        Batches?.Invoke(_shape, _tokenizer, step) ?? PictureBatch.Make(_shape, _tokenizer, _options.Batch, _options.Seed, step);

    private float Step(PictureBatch batch, CancellationToken cancellation)
    {
        int b = _options.Batch,
            size = _shape.ImageSize,
            patches = _shape.Grid * _shape.Grid;
        Dictionary<string, float[]> losses = _graphs
            .Get($"pretraining-{b}", _adam.Parameters, (tape, graph) => Write(tape, graph, b))
            .Run(
                [
                    new GraphInput("image", batch.Images, b, 3, size, size),
                    new GraphInput("tokens", batch.Tokens, 3 * b, _shape.Context),
                    new GraphInput("end", batch.Ends, 3 * b, 1, _shape.Context),
                    new GraphInput("targets", batch.Targets, b, b),
                    new GraphInput("patches", batch.Patches, b, patches, 1),
                    new GraphInput("defective", batch.Defective, b, 1, 1),
                    .. _options.NormalPairs == NormalPairs.None ? [] : batch.Pairs!.Inputs(), // not null: drawn batches have them
                ],
                cancellation: cancellation
            );
        double warm = Math.Min(1, (_adam.Steps + 1) / (0.05 * _options.Steps)),
            fall = 0.5 * (1 + Math.Cos(Math.PI * _adam.Steps / _options.Steps));
        _adam.Step(warm * fall);
        return losses["loss"][0];
    }

    private void Write(Tape tape, GraphWriter graph, int b)
    {
        TransformerTape tower = new(
            tape,
            new WeightSource(tape, name => throw new InvalidOperationException($"'{name}' is not trained."), _adam.Parameters),
            Activation.Gelu
        );
        Tensor image = tape.Input("image", b, 3, _shape.ImageSize, _shape.ImageSize);
        Value tokens = graph.Input("tokens", DataType.Int64, 3 * b, _shape.Context);
        Tensor end = tape.Input("end", 3 * b, 1, _shape.Context),
            targets = tape.Input("targets", b, b);
        int patches = _shape.Grid * _shape.Grid,
            embed = _shape.Embed;
        Tensor defective = tape.Input("patches", b, patches, 1),
            state = tape.Input("defective", b, 1, 1);

        Tensor[] blocks = ImageTower.Write(tower, image, _shape);
        // In this order: captions, normal sentences, abnormal sentences
        Tensor[] text = tape.Split(tape.Normalise(TextTower.Write(tower, tokens, end, _shape, null), 1e-6f), axis: 0, parts: 3);

        // Image–caption contrast in both directions; the targets are symmetric.
        Tensor whole = tape.Reshape(tape.Normalise(ImageTower.ClassFeature(tower, blocks[^1], _shape), 1e-6f), b, embed);
        Tensor logits = tape.Product(whole, text[0], transposeB: true, scale: Temperature);
        Tensor contrast =
            _options.NormalPairs == NormalPairs.None
                ? tape.Scale(NormalPairsLoss.CrossEntropy(tape, logits, tape.Transpose(logits, 1, 0), targets), 1.0 / b)
                : NormalPairsLoss.Write(tape, logits, _options.NormalPairs).Total;

        // Patches against the two sentences, on every level: cross entropy with weight 4 for defective patches.
        Tensor difference = tape.Reshape(tape.Subtract(text[2], text[1]), b, embed, 1);
        Tensor weights = tape.Shift(tape.Scale(defective, 3), 1);
        Tensor loss = contrast;
        foreach (int level in _shape.Levels)
        {
            Tensor features = tape.Normalise(
                ImageTower.Project(tower, ImageTower.Patches(tower, blocks[level - 1], _shape.Vision.Width), _shape),
                1e-6f
            );
            Tensor score = tape.Product(features, difference, scale: PatchTemperature); // [B, patches, 1]
            Tensor entropy = tape.Subtract(tape.Softplus(score), tape.Multiply(defective, score));
            loss = tape.Add(loss, tape.Scale(tape.Mean(tape.Multiply(weights, entropy)), 4.0 / AdapterWeights.Levels));
        }

        // Whole images against the two sentences, through the mean of the last level's patches.
        Tensor last = ImageTower.Patches(tower, blocks[_shape.Levels[^1] - 1], _shape.Vision.Width);
        Tensor mean = tape.Mean(tape.Normalise(tower.Linear(last, Whole, null, _shape.Vision.Width, embed), 1e-6f), 1); // [B, 1, E]
        Tensor judged = tape.Product(mean, difference, scale: PatchTemperature);
        loss = tape.Add(loss, tape.Mean(tape.Subtract(tape.Softplus(judged), tape.Multiply(state, judged))));

        tape.Output("contrast", contrast);
        tape.Output("loss", loss);
        tape.WriteGradients(loss);
    }

    // All training sentences, so that the vocabulary has whole words for them; names of unseen classes are split into pieces.
    private static IEnumerable<string> Sentences() =>
        Catalog
            .Seen.Select(c => c.Name)
            .Append(ClassNames.AnyObject)
            .SelectMany(n => PromptEnsemble.Default.Sentences(n) is var s ? s.Normal.Concat(s.Abnormal) : []);

    private Parameter Initial(string name, int[] shape, ClipArchitecture clip)
    {
        SeededRandom random = new([_options.Seed, .. name.Select(c => (int)c)]);
        float[] values = new float[shape.Aggregate(1, (a, b) => a * b)];
        bool vision = name.StartsWith("visual.", StringComparison.Ordinal);
        int layers = vision ? clip.Vision.Layers : clip.Text.Layers;
        double deviation =
            name.EndsWith(".bias", StringComparison.Ordinal) || name.EndsWith("in_proj_bias", StringComparison.Ordinal) ? 0
            : name.Contains("ln_", StringComparison.Ordinal) ? 0
            : name is "token_embedding.weight" or "visual.class_embedding" ? 0.02
            : name.EndsWith("positional_embedding", StringComparison.Ordinal) ? 0.02
            : name is "visual.proj" or "text_projection" ? 1 / Math.Sqrt(shape[0])
            : 1
                / Math.Sqrt(shape[1..].Aggregate(1, (a, b) => a * b))
                / (
                    name.EndsWith("out_proj.weight", StringComparison.Ordinal) || name.EndsWith("c_proj.weight", StringComparison.Ordinal)
                        ? Math.Sqrt(2 * layers)
                        : 1
                );
        bool gain = name.Contains("ln_", StringComparison.Ordinal) && name.EndsWith(".weight", StringComparison.Ordinal);
        for (int i = 0; i < values.Length; i++)
            values[i] = (gain ? 1 : 0) + (float)(deviation * random.Normal());
        return new Parameter(name, shape, values);
    }

    private void Save()
    {
        Write(
            State,
            [
                .. _adam.Parameters.SelectMany(
                    (p, i) =>
                        (KeyValuePair<string, (long[], float[])>[])
                            [
                                Tensor(p.Name, p, p.Values),
                                Tensor($"mean.{p.Name}", p, _adam.Means[i]),
                                Tensor($"square.{p.Name}", p, _adam.Squares[i]),
                            ]
                ),
                new("steps", ([1], [_adam.Steps])),
            ]
        );
        Write(
            "clip.safetensors",
            [
                .. _adam.Parameters.Where(p => p.Name != Whole).Select(p => Tensor(p.Name, p, p.Values)),
                new("logit_scale", ([], [MathF.Log(Temperature)])),
            ]
        );
        string options = Path.Combine(_output, Options);
        WholeFile.Write(options, JsonSerializer.Serialize(_options, PretrainingJson.Default.PretrainingOptions));

        static KeyValuePair<string, (long[], float[])> Tensor(string name, Parameter p, float[] values) =>
            new(name, ([.. p.Shape.Select(n => (long)n)], values));
    }

    private void Write(string name, IEnumerable<KeyValuePair<string, (long[], float[])>> tensors)
    {
        string path = Path.Combine(_output, name);
        SafetensorsFile.Write(path + ".tmp", tensors);
        File.Move(path + ".tmp", path, overwrite: true);
    }

    // Schedule, images and sentences depend on these options: other values would mean another training.
    private void RequireSame()
    {
        string file = Path.Combine(_output, Options);
        if (!File.Exists(file))
            return; // the training stopped before it wrote its first complete checkpoint
        PretrainingOptions begun =
            JsonSerializer.Deserialize(File.ReadAllText(file), PretrainingJson.Default.PretrainingOptions)
            ?? throw new InvalidDataException($"'{file}' is null: choose another --out.");
        if (
            (begun.Steps, begun.Batch, begun.Rate, begun.Seed, begun.Shape, begun.NormalPairs)
            != (_options.Steps, _options.Batch, _options.Rate, _options.Seed, _options.Shape, _options.NormalPairs)
        )
            throw new InvalidDataException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The pre-training in '{_output}' began with --steps {begun.Steps} --batch {begun.Batch} --rate {begun.Rate} "
                        + $"--seed {begun.Seed} --normal-pairs {begun.NormalPairs}: resume with the same, or choose another --out."
                )
            );
    }

    private void Load(string path)
    {
        Dictionary<string, (long[] Shape, float[] Values)> state = SafetensorsFile.ReadAll(path);
        for (int i = 0; i < _adam.Parameters.Count; i++)
        {
            string name = _adam.Parameters[i].Name;
            if (
                !state.TryGetValue(name, out (long[] Shape, float[] Values) found)
                || found.Values.Length != _adam.Parameters[i].Values.Length
            )
                throw new InvalidDataException(
                    $"'{path}' has no '{name}' of the right size: it is of another shape; choose another --out."
                );
            found.Values.CopyTo(_adam.Parameters[i].Values, 0);
            state[$"mean.{name}"].Values.CopyTo(_adam.Means[i], 0);
            state[$"square.{name}"].Values.CopyTo(_adam.Squares[i], 0);
        }

        _adam.Steps = (int)state["steps"].Values[0];
    }
}

[System.Text.Json.Serialization.JsonSourceGenerationOptions(
    PropertyNamingPolicy = System.Text.Json.Serialization.JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true
)]
[System.Text.Json.Serialization.JsonSerializable(typeof(PretrainingOptions))]
internal sealed partial class PretrainingJson : System.Text.Json.Serialization.JsonSerializerContext;
