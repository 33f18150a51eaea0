using System.Text.Json;
using AaClip.Tests;
using AaClip.Training.Optimization;
using AaClip.Training.Stages;

namespace AaClip.Training.Tests.Stages;

/// <summary>
/// Stage 2 against the published training code, step by step, with the anchors it had. Limits are those that the fixtures state: losses
/// 1e-4, gradients 5e-5 of the largest, weights after three steps 0.01 of the learning rate.
/// </summary>
public sealed class ImageStageTests
{
    private const double Rate = 5e-4;

    [Fact]
    public void Three_steps_give_the_published_losses_gradients_and_weights()
    {
        using GoldenTraining golden = new();
        JsonElement steps = GoldenTraining.Json("tiny/golden-train.json").GetProperty("steps").GetProperty("stage2");
        Adam adam = new(AdapterParameters.Image(golden.Clip.Shape, 3, (name, _) => golden.Adapter(name)), new AdamOptions(Rate));
        ImageStage stage = new(golden.Clip, golden.Graphs, c => golden.Values[$"stage2.text_embedding.{c.Split('/')[1]}"].Values, adam);

        for (int step = 0; step < 3; step++)
        {
            Dictionary<string, float[]> losses = stage.Step(golden.Batch, TestContext.Current.CancellationToken);

            Assert.Equal(steps[step].GetProperty("loss").GetDouble(), losses["loss"][0], 1e-4);
            Close.Assert(golden.Values[$"stage2.step{step}.cls_logits"].Values, losses["cosines"], 1e-5, "Cosines");
            for (int level = 0; level < 4; level++)
                Assert.Equal(
                    steps[step].GetProperty("seg_levels")[level].GetProperty("total").GetDouble(),
                    losses[$"segmentation/{level}"][0],
                    1e-4
                );
            foreach (Parameter parameter in adam.Parameters)
            {
                if (step == 0)
                    Close.AssertRelative(golden.Values[$"stage2.grad0.{parameter.Name}"].Values, parameter.Gradient, 5e-5, parameter.Name);
                Close.Assert(
                    golden.Values[$"stage2.after_step{step + 1}.{parameter.Name}"].Values,
                    parameter.Values,
                    0.01 * Rate,
                    parameter.Name
                );
            }
        }
    }
}
