using System.Text.Json;
using AaClip.Import.Clip;
using AaClip.Import.Methods;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Tensors;
using AaClip.Tests;
using AaClip.Training.Events;
using AaClip.Training.Optimization;
using AaClip.Training.Stages;

namespace AaClip.Training.Tests.Events;

/// <summary>
/// Three steps of VadCLIP's published training on the small model (parity/methods/vadclip, with its tolerances). The key part of every
/// attention's bias is left out: its gradient is zero, and Adam makes steps of rounding noise.
/// </summary>
public sealed class EventStepTests
{
    private const double Logits = 2e-5,
        Losses = 1e-5,
        Gradients = 2e-4,
        Steps = 0.2; // of the learning rate

    [Theory]
    [InlineData("ucf", 8, 2e-5, 0.1)]
    [InlineData("xd", 16, 1e-5, 1e-4)]
    public void Losses_gradients_and_three_steps_equal_the_published_ones(string name, int window, double rate, double textWeight)
    {
        var golden = SafetensorsFile.ReadAll(Parity.File("methods/vadclip/golden-train.safetensors"));
        var tokens = SafetensorsFile.ReadAll(Parity.File("methods/vadclip/golden-vadclip.safetensors"))[$"{name}.word_tokens"];
        using JsonDocument log = JsonDocument.Parse(File.ReadAllText(Parity.File("methods/vadclip/golden-train.json")));
        string file = name == "ucf" ? "model_ucf_tiny.pth" : "model_xd_tiny.safetensors";
        VadClipCheckpoint checkpoint = VadClipCheckpoint.Open(Parity.File($"methods/vadclip/{file}"), window);
        using ClipWeights clip = ClipWeights.Open(Parity.File("methods/vadclip/model_ucf_tiny.pth"), 4, 2);
        EventParameters parameters = EventParameters.Of(checkpoint);
        EventTexts texts = EventTexts.Of(
            [.. tokens.Values.Chunk(77).Select(row => (long[])[.. row.Select(t => (long)t)])],
            clip.Read("token_embedding.weight"),
            16
        );
        using GraphFolder graphs = new(Provider.Cpu, 0);
        Adam adam = new(parameters.All, new AdamOptions(rate, 0.9, Decay: 0.01) { DecayVectors = true });
        EventStep step = new(
            VadClipTexts.TowerSizes(clip.Architecture),
            checkpoint.Head,
            texts,
            clip.Read,
            parameters,
            graphs,
            adam,
            textWeight
        );
        EventBatch batch = new(
            golden[$"{name}.visual"].Values,
            [.. golden[$"{name}.lengths"].Values.Select(n => (int)n)],
            golden[$"{name}.labels"].Values
        );
        JsonElement[] published = [.. log.RootElement.GetProperty("steps").GetProperty(name).EnumerateArray()];

        for (int i = 0; i < 3; i++)
        {
            Dictionary<string, float[]> found = step.Step(batch, cancellation: TestContext.Current.CancellationToken);
            Close.Assert([Of(published[i], "loss1")], found["loss1"], Losses, $"loss 1 of step {i}");
            Close.Assert([Of(published[i], "loss2")], found["loss2"], Losses, $"loss 2 of step {i}");
            Close.Assert([Of(published[i], "total")], found["loss"], Losses, $"loss of step {i}");
            if (i > 0)
                continue;
            Close.AssertRelative(golden[$"{name}.logits1"].Values, found["binary"], Logits, "binary");
            Close.AssertRelative(golden[$"{name}.logits2"].Values, found["alignment"], Logits, "alignment");
            foreach (Parameter parameter in parameters.All)
                Close.AssertRelative(
                    WithoutKeys(parameter.Name, golden[$"{name}.grad0.{parameter.Name}"].Values),
                    WithoutKeys(parameter.Name, parameter.Gradient),
                    Gradients,
                    $"gradient of {parameter.Name}"
                );
        }

        Assert.Equal(golden.Keys.Count(k => k.StartsWith($"{name}.after3.", StringComparison.Ordinal)), parameters.All.Count);
        foreach (Parameter parameter in parameters.All)
            Close.Assert(
                WithoutKeys(parameter.Name, golden[$"{name}.after3.{parameter.Name}"].Values),
                WithoutKeys(parameter.Name, parameter.Values),
                Steps * rate,
                $"{parameter.Name} after three steps"
            );
    }

    private static float Of(JsonElement step, string loss) => step.GetProperty(loss).GetSingle();

    private static float[] WithoutKeys(string name, float[] values)
    {
        int third = values.Length / 3;
        return name.EndsWith("attn.in_proj_bias", StringComparison.Ordinal) ? [.. values[..third], .. values[(2 * third)..]] : values;
    }
}
