using System.Numerics.Tensors;
using AaClip.Import.Clip;
using AaClip.Import.Methods;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Tensors;
using AaClip.Scoring.Text;
using AaClip.Tests;
using AaClip.Training.Optimization;
using AaClip.Training.Prompts;
using AaClip.Training.Stages;

namespace AaClip.Training.Tests.Prompts;

/// <summary>
/// A step of the prompts. No numbers of the published training exist, so the anchors are compared with the graph of imports, the losses
/// with the formulas in double, and the gradients with numeric ones.
/// </summary>
public sealed class PromptStepTests : IDisposable
{
    private const int Images = 3;
    private const double Width = 2e-3; // of numeric derivatives

    private readonly PromptFixture _fixture = new(pairs: 1);
    private readonly GraphFolder _graphs = new(Scoring.Sessions.Provider.Cpu, threads: 1);
    private readonly List<IDisposable> _owned = [];

    public static TheoryData<string, bool> Cases =>
        new()
        {
            { "crane", true },
            { "crane", false },
            { "anomalyclip", false },
            { "anomalyclip", true },
        };

    public void Dispose()
    {
        _owned.ForEach(o => o.Dispose());
        _graphs.Dispose();
        _fixture.Dispose();
    }

    [Theory]
    [InlineData("crane")]
    [InlineData("anomalyclip")]
    public void The_anchors_equal_those_of_an_import(string method)
    {
        (PromptStep step, PromptParameters prompts, PromptModel model) = Make(method, context: false);
        PromptSentences sentences = Sentences(model);
        string checkpoint = _fixture.File("epoch_1.pth");
        new PromptCheckpoint
        {
            Sides = sentences.With([.. prompts.Learned.Select(p => p.Values)]),
            Deep = [.. prompts.Deep.Select(p => p.Values)],
            Width = 16,
        }.Write(checkpoint);
        using ClipWeights clip = ClipWeights.Open(_fixture.Sources.Clip, 2, 2);

        float[] imported = LearnedPrompts.Open(checkpoint, clip).Anchors(model.Shape, model.Activation, model.Read, _fixture.File("."));

        float[] trained = step.Gradients(Batch(model), TestContext.Current.CancellationToken)["anchors"]; // [2, E]
        float[] columns = [.. Enumerable.Range(0, 32).Select(i => trained[i % 2 * 16 + i / 2])];
        Close.Assert(imported, columns, 1e-5, "anchors");
    }

    [Theory]
    [InlineData(true, "image_context.text_used")]
    [InlineData(false, "text_features")]
    public void The_anchors_equal_the_published_ones(bool context, string golden)
    {
        Dictionary<string, (long[] Shape, float[] Values)> published = SafetensorsFile.ReadAll(
            Parity.File("methods/crane/golden.safetensors")
        );
        Dictionary<string, (long[] Shape, float[] Values)> learned = SafetensorsFile.ReadAll(
            Parity.File("methods/crane/epoch_5.safetensors")
        );
        PromptOptions options = new()
        {
            Method = "crane",
            Size = 112,
            VisionHeads = 4,
            TextHeads = 4,
            ImageContext = context,
        };
        using PromptModel model = new(Parity.File("tiny/clip-tiny.safetensors"), options);
        PromptSentences sentences = Sentences(model, Parity.File("tokenizer/bpe_simple_vocab_16e6.txt.gz"));
        PromptParameters prompts = new(model.Shape, seed: 1, deepBlocks: 2);
        foreach (Parameter parameter in prompts.Trained)
            learned[parameter.Name].Values.CopyTo(parameter.Values, 0);
        PromptStep step = new(model, sentences, prompts, _graphs, new Adam(prompts.Trained, new AdamOptions(1)));
        float[] whole = [.. published["class_feature"].Values.Chunk(32).SelectMany(Unit)];

        float[] anchors = step.Gradients(Batch(model) with { Whole = whole }, TestContext.Current.CancellationToken)["anchors"];

        int pairs = context ? Images : 1; // the published order is pair by pair, ours side by side
        float[] ordered = [.. Enumerable.Range(0, 2 * pairs).SelectMany(i => anchors.AsSpan((i % 2 * pairs + i / 2) * 32, 32).ToArray())];
        Close.AssertRelative([.. published[golden].Values.Chunk(32).SelectMany(Unit)], ordered, 1e-5, golden);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_losses_are_those_of_the_formulas(string method, bool context)
    {
        (PromptStep step, _, PromptModel model) = Make(method, context);
        PromptBatch batch = Batch(model);

        Dictionary<string, float[]> found = step.Gradients(batch, TestContext.Current.CancellationToken);

        (double focal, double dice, double image, double loss) = PromptLoss.Of(method, batch, found["anchors"], model.Shape);
        foreach (
            (string name, double expected) in (ReadOnlySpan<(string, double)>)
                [("focal", focal), ("dice", dice), ("image", image), ("loss", loss)]
        )
            Assert.Equal(expected, found[name][0], 5e-5 * Math.Max(1, expected));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_gradient_of_every_parameter_equals_the_numeric_one(string method, bool context)
    {
        (PromptStep step, PromptParameters prompts, PromptModel model) = Make(method, context);
        PromptBatch batch = Batch(model);
        Flatten(batch, step.Gradients(batch, TestContext.Current.CancellationToken)["anchors"], model.Shape.Embed);
        _ = step.Gradients(batch, TestContext.Current.CancellationToken);
        Random random = new(3);

        Assert.Equal(2 + 2, prompts.Trained.Count); // three blocks: two deep prompts
        foreach ((Parameter exact, Parameter input) in prompts.Trained.Zip(prompts.Inputs))
        {
            double norm = Math.Sqrt(exact.Gradient.Sum(g => (double)g * g));
            Assert.True(norm > 1e-3, $"The gradient of {exact.Name} is {norm}, so nothing is compared.");
            float[] gradient = [.. exact.Gradient],
                middle = [.. input.Values];
            for (int trial = 0; trial < 6; trial++) // along halves of the gradient, then in random directions
            {
                double[] direction = [.. gradient.Select(g => trial < 3 ? random.Next(2) * g : 2 * random.NextDouble() - 1)];
                double length = Math.Sqrt(direction.Sum(d => d * d));
                direction = [.. direction.Select(d => d / length)];
                double expected = gradient.Zip(direction).Sum(p => p.First * p.Second);
                double numeric = (8 * (Loss(+Width) - Loss(-Width)) - (Loss(+2 * Width) - Loss(-2 * Width))) / (12 * Width);
                Assert.True(
                    Math.Abs(numeric - expected) < 0.005 * norm,
                    $"{method}: the derivative by {exact.Name} is {expected}, numerically {numeric}, of a gradient of norm {norm}."
                );

                double Loss(double width)
                {
                    for (int i = 0; i < middle.Length; i++)
                        input.Values[i] = (float)(middle[i] + width * direction[i]);
                    double loss = step.Run(batch, TestContext.Current.CancellationToken)["loss"][0];
                    middle.CopyTo(input.Values, 0);
                    return loss;
                }
            }
        }
    }

    [Fact]
    public void Deep_prompts_are_used_in_float16_and_trained_in_float32()
    {
        (PromptStep step, PromptParameters prompts, PromptModel model) = Make("crane", context: true);
        float[] before = [.. prompts.Deep[0].Values];

        _ = step.Step(Batch(model), TestContext.Current.CancellationToken);

        Assert.Equal(before.Select(v => (float)(Half)v), prompts.Rounded[0].Values);
        Assert.NotEqual(before, prompts.Rounded[0].Values);
        Assert.Equal(prompts.Rounded[0].Gradient, prompts.Deep[0].Gradient);
        Assert.Contains(prompts.Deep[0].Values, v => v != (float)(Half)v);
    }

    private (PromptStep Step, PromptParameters Prompts, PromptModel Model) Make(string method, bool context)
    {
        PromptModel model = new(_fixture.Sources.Clip, PromptFixture.Options(method) with { ImageContext = context });
        _owned.Add(model);
        PromptParameters prompts = new(model.Shape, seed: 9);
        foreach (Parameter parameter in prompts.Trained)
            for (int i = 0; i < parameter.Values.Length; i++)
                parameter.Values[i] *= 20; // as large as other rows, so that they matter
        Adam adam = new(prompts.Trained, new AdamOptions(0.01));
        return (new PromptStep(model, Sentences(model), prompts, _graphs, adam), prompts, model);
    }

    // The vocabulary of a random model is not null: its options name it
    private PromptSentences Sentences(PromptModel model, string? vocabulary = null) =>
        new(
            model.Shape,
            new ClipTokenizer(ClipVocabulary.Load(vocabulary ?? _fixture.Sources.Vocabulary!, model.Shape.Vocabulary)),
            model.Read
        );

    private static float[] Unit(float[] values)
    {
        float norm = TensorPrimitives.Norm<float>(values);
        return [.. values.Select(v => v / norm)];
    }

    // Makes features less like either anchor, so that the softmax is not saturated and its curvature not so large.
    private static void Flatten(PromptBatch batch, float[] anchors, int embed)
    {
        int pairs = anchors.Length / (2 * embed);
        foreach (float[] features in (float[][])[batch.Patches, batch.Whole])
            for (int at = 0; at < features.Length; at += embed)
            {
                int pair = at / (features.Length / Images) % pairs;
                Span<float> feature = features.AsSpan(at, embed);
                float[] difference = new float[embed];
                TensorPrimitives.Subtract(anchors.AsSpan((pairs + pair) * embed, embed), anchors.AsSpan(pair * embed, embed), difference);
                float share =
                    0.95f * TensorPrimitives.Dot<float>(feature, difference) / TensorPrimitives.Dot<float>(difference, difference);
                for (int e = 0; e < embed; e++)
                    feature[e] -= share * difference[e];
                TensorPrimitives.Divide(feature, TensorPrimitives.Norm<float>(feature), feature);
            }
    }

    private static PromptBatch Batch(PromptModel model)
    {
        ModelArchitecture shape = model.Shape;
        Random random = new(1);
        int patches = shape.Grid * shape.Grid;
        float[] masks = new float[Images * shape.ImageSize * shape.ImageSize];
        for (int i = 0; i < 2 * masks.Length / Images; i++) // the last image is normal
            masks[i] = i / 11 % 4 == 0 ? 1 : 0;
        return new PromptBatch(Units(Images * patches), Units(Images), masks, [true, true, false]);

        float[] Units(int rows)
        {
            float[] values = new float[rows * shape.Embed];
            foreach (int row in Enumerable.Range(0, rows))
            {
                Span<float> one = values.AsSpan(row * shape.Embed, shape.Embed);
                foreach (ref float v in one)
                    v = random.NextSingle() - 0.4f;
                double norm = 0;
                foreach (float v in one)
                    norm += v * v;
                foreach (ref float v in one)
                    v /= (float)Math.Sqrt(norm);
            }

            return values;
        }
    }
}
