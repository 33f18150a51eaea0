using System.Text.Json;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Tensors;
using AaClip.Tests;
using AaClip.Training.Autodiff;
using AaClip.Training.Losses;
using AaClip.Training.Optimization;
using AaClip.Training.Stages;

namespace AaClip.Training.Tests.Losses;

/// <summary>The reconstruction against numbers of float64 arithmetic (parity/methods/off-clip); limits from its README.</summary>
public sealed class NormalPairsLossTests : IDisposable
{
    private const double Limit = 1e-5;

    private static readonly Dictionary<string, (long[] Shape, float[] Values)> Golden = SafetensorsFile.ReadAll(
        Parity.File("methods/off-clip/golden-loss.safetensors")
    );
    private static readonly JsonElement Losses = JsonDocument
        .Parse(File.ReadAllText(Parity.File("methods/off-clip/golden-loss.json")))
        .RootElement;

    private readonly GraphFolder _graphs = new(Provider.Cpu, 1);

    public void Dispose() => _graphs.Dispose();

    [Theory]
    [InlineData("mixed", NormalPairs.Softmax)]
    [InlineData("mixed", NormalPairs.Sigmoid)]
    [InlineData("no_normal", NormalPairs.Softmax)]
    [InlineData("no_normal", NormalPairs.Sigmoid)]
    [InlineData("all_normal", NormalPairs.Softmax)]
    [InlineData("all_normal", NormalPairs.Sigmoid)]
    [InlineData("one_abnormal", NormalPairs.Softmax)]
    [InlineData("one_abnormal", NormalPairs.Sigmoid)]
    public void Values_and_gradients_equal_the_golden_ones(string name, NormalPairs form)
    {
        bool[] normal = [.. Golden[$"{name}.normal"].Values.Select(n => n != 0)];
        PairTargets targets = PairTargets.Of(normal, (_, _) => false);
        Assert.Equal(Golden[$"{name}.targets"].Values, targets.Positives);
        Parameter logits = new("logits", [8, 8], [.. Golden["similarity"].Values]);

        float[] parts = Run(logits, targets, form);

        string word = form.ToString().ToLowerInvariant();
        Equal(Losses.GetProperty($"{name}.off_{word}").GetDouble(), parts[0]);
        Equal(Losses.GetProperty($"{name}.abnormal_infonce").GetDouble(), parts[1]);
        Near(Golden[$"{name}.total_{word}.grad_similarity"].Values, logits.Gradient);
    }

    [Fact]
    public void Without_normal_pairs_the_softmax_form_is_InfoNCE()
    {
        PairTargets targets = PairTargets.Of(new bool[8], (_, _) => false);
        Parameter logits = new("logits", [8, 8], [.. Golden["similarity"].Values]);

        Equal(Losses.GetProperty("no_normal.infonce").GetDouble(), Run(logits, targets, NormalPairs.Softmax)[0]);
    }

    [Theory]
    [InlineData(1, true, NormalPairs.Softmax)]
    [InlineData(1, false, NormalPairs.Sigmoid)]
    [InlineData(10, true, NormalPairs.Sigmoid)]
    [InlineData(10, false, NormalPairs.Softmax)]
    public void Detection_vectors_of_stage_2(int scale, bool all, NormalPairs form)
    {
        float[] classes = Golden["stage2.class"].Values,
            anomalous = Golden["stage2.anomalous"].Values,
            anchors = Golden["stage2.anchors"].Values; // [3, 12, 2]
        PairTargets targets = PairTargets.Of(
            [.. anomalous.Select(a => a == 0)],
            (i, k) => classes[i] == classes[k] && anomalous[i] == anomalous[k],
            all ? null : (i, k) => classes[i] == classes[k]
        );
        string name = $"stage2.scale{scale}.{(all ? "all" : "same_class")}";
        Assert.Equal(Golden[$"{name}.targets"].Values, targets.Positives);
        Parameter detection = new("detection", [6, 1, 12], [.. Golden["stage2.detection"].Values]);
        float[] stacked = [.. classes.SelectMany(c => anchors.AsSpan((int)c * 24, 24).ToArray())];

        float loss = _graphs
            .Get(
                "stage2",
                [detection],
                (tape, _) =>
                {
                    Tensor[] sides = tape.Split(tape.Input("anchors", 6, 12, 2), axis: 2, parts: 2);
                    Tensor cosines = ImageStage.PairLogits(tape, tape.Parameter("detection", 6, 1, 12), sides, tape.Input("sign", 6, 1, 1));
                    Tensor whole = NormalPairsLoss.Write(tape, tape.Scale(cosines, scale), form).Total;
                    tape.Output("loss", whole);
                    tape.WriteGradients(whole);
                }
            )
            .Run(
                [
                    new GraphInput("anchors", stacked, 6, 12, 2),
                    new GraphInput("sign", [.. anomalous.Select(a => a == 0 ? 1f : -1f)], 6, 1, 1),
                    .. targets.Inputs(),
                ],
                cancellation: TestContext.Current.CancellationToken
            )["loss"][0];

        string word = form.ToString().ToLowerInvariant();
        Equal(Losses.GetProperty($"{name}.off_{word}").GetDouble(), loss);
        Near(Golden[$"{name}.off_{word}.grad_detection"].Values, detection.Gradient);
    }

    private float[] Run(Parameter logits, PairTargets targets, NormalPairs form)
    {
        Dictionary<string, float[]> losses = _graphs
            .Get(
                $"pairs-{form}",
                [logits],
                (tape, _) =>
                {
                    NormalPairsLoss loss = NormalPairsLoss.Write(tape, tape.Parameter("logits", 8, 8), form);
                    tape.Output("whole", loss.Whole);
                    tape.Output("abnormal", loss.Abnormal);
                    tape.WriteGradients(loss.Total);
                }
            )
            .Run([.. targets.Inputs()], cancellation: TestContext.Current.CancellationToken);
        return [losses["whole"][0], losses["abnormal"][0]];
    }

    private static void Equal(double expected, double found) =>
        Assert.True(Math.Abs(expected - found) <= Limit, $"{found}, expected {expected}.");

    private static void Near(float[] expected, float[] found)
    {
        float largest = expected.Max(Math.Abs);
        Assert.All(expected.Zip(found), p => Assert.True(Math.Abs(p.First - p.Second) <= Limit * largest, $"{p.Second}, not {p.First}."));
    }
}
