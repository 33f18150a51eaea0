using System.Text.Json;
using AaClip.Tests;
using AaClip.Training.Optimization;
using AaClip.Training.Stages;
using AaClip.Training.Towers;

namespace AaClip.Training.Tests.Stages;

/// <summary>
/// Stage 1 against the published training code, step by step. Limits are those that the fixtures state: features 1e-5 of the largest value,
/// losses 1e-4, gradients 5e-5 of the largest, weights after three steps 0.05 of the learning rate.
/// </summary>
public sealed class TextStageTests
{
    private const double Rate = 1e-5;

    [Fact]
    public void Patch_features_of_the_surgery_tower_equal_the_published_ones()
    {
        using GoldenTraining golden = new(sumLevels: true);
        TextStage stage = new(golden.Clip, golden.Graphs, golden.Text([]), new Adam([], new AdamOptions(Rate)));

        Dictionary<string, float[]> features = stage.Features(golden.Batch, TestContext.Current.CancellationToken);

        for (int level = 0; level < 4; level++)
            Close.AssertRelative(
                golden.Values[$"stage1.patch_features.level{level}"].Values,
                features[$"features/{level}"],
                1e-5,
                $"Level {level}"
            );
    }

    [Fact]
    public void Three_steps_give_the_published_losses_gradients_and_weights()
    {
        using GoldenTraining golden = new();
        JsonElement steps = GoldenTraining.Json("tiny/golden-train.json").GetProperty("steps").GetProperty("stage1");
        (TextStage stage, Adam adam) = Stage(golden);

        for (int step = 0; step < 3; step++)
        {
            Dictionary<string, float[]> losses = stage.Step(golden.Batch, TestContext.Current.CancellationToken);

            Assert.Equal(steps[step].GetProperty("loss").GetDouble(), losses["loss"][0], 1e-4);
            Assert.Equal(steps[step].GetProperty("orthogonal").GetDouble(), losses["orthogonality"][0], 1e-4);
            Assert.Equal(steps[step].GetProperty("seg_levels")[3].GetProperty("total").GetDouble(), losses["segmentation/3"][0], 1e-4);
            Close.AssertRelative(golden.Values[$"stage1.step{step}.text_embedding"].Values, losses["anchors"], 1e-5, "Anchors");
            foreach (Parameter parameter in adam.Parameters)
            {
                if (step == 0)
                    Close.AssertRelative(golden.Values[$"stage1.grad0.{parameter.Name}"].Values, parameter.Gradient, 5e-5, parameter.Name);
                Close.Assert(
                    golden.Values[$"stage1.after_step{step + 1}.{parameter.Name}"].Values,
                    parameter.Values,
                    0.05 * Rate,
                    parameter.Name
                );
            }
        }
    }

    [Theory]
    [InlineData(Surgery.Batch, true, "batch.sum")]
    [InlineData(Surgery.Tokens, false, "tokens.last")]
    [InlineData(Surgery.Tokens, true, "tokens.sum")]
    [InlineData(Surgery.None, false, "none.last")]
    [InlineData(Surgery.None, true, "none.sum")]
    public void The_alternatives_give_their_losses_gradients_and_weights(Surgery surgery, bool sumLevels, string name)
    {
        using GoldenTraining golden = new(surgery, sumLevels);
        JsonElement losses = GoldenTraining.Json("tiny/alt-train.json").GetProperty("losses").GetProperty(name);
        (TextStage stage, Adam adam) = Stage(golden);

        for (int step = 0; step < 3; step++)
        {
            Assert.Equal(losses[step].GetDouble(), stage.Step(golden.Batch, TestContext.Current.CancellationToken)["loss"][0], 1e-4);
            foreach (Parameter parameter in adam.Parameters.Where(_ => step == 0))
                Close.AssertRelative(
                    golden.Alternatives[$"{name}.grad0.{parameter.Name}"].Values,
                    parameter.Gradient,
                    5e-5,
                    parameter.Name
                );
        }

        foreach (Parameter parameter in adam.Parameters)
            Close.Assert(golden.Alternatives[$"{name}.after_step3.{parameter.Name}"].Values, parameter.Values, 0.05 * Rate, parameter.Name);
    }

    [Theory]
    [InlineData(Surgery.Tokens)]
    [InlineData(Surgery.None)]
    public void Features_of_images_without_variation_are_computed_once_and_are_the_same(Surgery surgery)
    {
        using GoldenTraining golden = new(surgery, sumLevels: true);
        (TextStage stage, _) = Stage(golden);
        Batch numbered = golden.Batch with { Numbers = [.. Enumerable.Range(0, golden.Batch.Count)] },
            black = numbered with { Images = new float[golden.Batch.Images.Length] };

        Dictionary<string, float[]> varied = stage.Gradients(golden.Batch, TestContext.Current.CancellationToken);
        Dictionary<string, float[]> first = stage.Gradients(numbered, TestContext.Current.CancellationToken),
            again = stage.Gradients(black, TestContext.Current.CancellationToken);
        Dictionary<string, float[]> others = stage.Gradients(black with { Numbers = null }, TestContext.Current.CancellationToken);

        Assert.Equal(varied["loss"][0], first["loss"][0], 1e-5);
        Assert.Equal(first["loss"][0], again["loss"][0]); // by their numbers, without a look at the pixels
        Assert.NotEqual(varied["loss"][0], others["loss"][0]);
    }

    [Fact]
    public void Where_batch_mates_count_nothing_is_kept()
    {
        using GoldenTraining golden = new();
        (TextStage stage, _) = Stage(golden);
        Batch numbered = golden.Batch with { Numbers = [.. Enumerable.Range(0, golden.Batch.Count)] };

        float first = stage.Gradients(numbered, TestContext.Current.CancellationToken)["loss"][0];
        float black = stage.Gradients(
            numbered with
            {
                Images = new float[golden.Batch.Images.Length],
            },
            TestContext.Current.CancellationToken
        )["loss"][0];

        Assert.NotEqual(first, black);
    }

    private static (TextStage, Adam) Stage(GoldenTraining golden)
    {
        Adam adam = new(AdapterParameters.Text(golden.Clip.Shape, 2, (name, _) => golden.Adapter(name)), new AdamOptions(Rate));
        return (new TextStage(golden.Clip, golden.Graphs, golden.Text(adam.Parameters), adam), adam);
    }
}
