using AaClip.Scoring.Packages;
using AaClip.Training.Autodiff;
using AaClip.Training.Losses;
using AaClip.Training.Optimization;
using AaClip.Training.Stages;
using AaClip.Training.Towers;

namespace AaClip.Training.Prompts;

/// <summary>
/// A step: the anchors from the sentences, the losses of patches and whole images, the gradients back through the text tower, and Adam. The
/// features of the images are given; they do not depend on the prompts.
/// <code>
/// prompts ─► text tower ─► anchors ─┬─ patches ─► probabilities ─► pixels ─► focal, Dice ─┐
///                                   │                 │ (Crane: weights)                  + ─► loss
///                                   └─ class feature ─┴─► cross entropy ──────────────────┘
/// </code>
/// </summary>
internal sealed class PromptStep(PromptModel model, PromptSentences sentences, PromptParameters prompts, GraphFolder graphs, Adam adam)
{
    private const float NormBound = 1e-12f; // lower bound of the norm in PyTorch's normalize

    private readonly PromptRecipe _recipe = model.Recipe;

    /// <summary>Does one training step.</summary>
    /// <returns>The loss before the step, and its parts by name.</returns>
    public Dictionary<string, float[]> Step(PromptBatch batch, CancellationToken cancellation = default)
    {
        Dictionary<string, float[]> losses = Gradients(batch, cancellation);
        adam.Step();
        return losses;
    }

    /// <summary>Computes the losses of a batch, and leaves the gradients in the parameters.</summary>
    public Dictionary<string, float[]> Gradients(PromptBatch batch, CancellationToken cancellation = default)
    {
        prompts.Round();
        Dictionary<string, float[]> losses = Run(batch, cancellation);
        prompts.TakeGradients();
        return losses;
    }

    /// <summary>The same with the deep prompts as <see cref="PromptParameters.Rounded"/> holds them.</summary>
    internal Dictionary<string, float[]> Run(PromptBatch batch, CancellationToken cancellation = default)
    {
        ModelArchitecture shape = model.Shape;
        int b = batch.Anomalous.Length;
        return graphs
            .Get($"prompts-{b}", prompts.Inputs, (tape, _) => Write(tape, b))
            .Run(
                [
                    new GraphInput("patches", batch.Patches, b, shape.Grid * shape.Grid, shape.Embed),
                    new GraphInput("whole", batch.Whole, b, 1, shape.Embed),
                    new GraphInput("mask", batch.Masks, b, shape.ImageSize, shape.ImageSize),
                    new GraphInput("sign", [.. batch.Anomalous.Select(a => a ? -1f : 1f)], b, 1, 1),
                ],
                cancellation: cancellation
            );
    }

    private void Write(Tape tape, int batch)
    {
        ModelArchitecture shape = model.Shape;
        TransformerTape tower = new(tape, new WeightSource(tape, model.Read, prompts.Inputs), model.Activation);
        Tensor patches = tape.Input("patches", batch, shape.Grid * shape.Grid, shape.Embed); // of norm 1
        Tensor whole = tape.Input("whole", batch, 1, shape.Embed); // of norm 1
        Tensor mask = tape.Input("mask", batch, shape.ImageSize, shape.ImageSize);
        Tensor sign = tape.Input("sign", batch, 1, 1); // 1 for normal, −1 for anomalous

        // Anchors: one pair for all images, or one for each
        int pairs = model.ImageContext ? batch : 1;
        Tensor features = PromptedTextTower.Write(tower, sentences, prompts, shape, model.ImageContext ? whole : null);
        Tensor anchors = tape.Normalise(features, NormBound); // [2·pairs, 1, E]
        tape.Output("anchors", anchors);
        Tensor difference = tape.Subtract(tape.Slice(anchors, 0, pairs, pairs), tape.Slice(anchors, 0, 0, pairs));
        if (pairs < batch)
            difference = tape.Expand(difference, batch, 1, shape.Embed);

        // Pixels
        Tensor logits = tape.Product(patches, difference, transposeB: true, scale: 1 / PromptRecipe.PixelTemperature); // [B, patches, 1]
        Tensor probabilities = tape.Sigmoid(logits);
        Tensor abnormal = Enlarging.Write(tape, probabilities, shape.ImageSize, _recipe.Enlarging); // [B, S, S]
        SegmentationLoss pixels = SegmentationLoss.Of(tape, tape.Shift(tape.Negate(abnormal), 1), abnormal, mask);

        // Whole image: Crane mixes the patches, weighted by their probabilities, into its feature
        if (model.Method.Pooling)
        {
            Tensor pooled = tape.Product(probabilities, patches, transposeA: true); // [B, 1, E]
            whole = tape.Normalise(tape.Add(tape.Normalise(pooled, NormBound), whole), NormBound);
        }

        Tensor logit = tape.Product(whole, difference, transposeB: true, scale: 1 / _recipe.ImageTemperature); // [B, 1, 1]
        Tensor image = tape.Mean(tape.Softplus(tape.Multiply(logit, sign))); // cross entropy of two classes: ln(1 + e^(other − true))

        Tensor loss = tape.Add(tape.Scale(pixels.Focal, _recipe.Focal), tape.Scale(pixels.DiceAbnormal, _recipe.DiceAbnormal));
        if (_recipe.DiceNormal > 0)
            loss = tape.Add(loss, tape.Scale(pixels.DiceNormal, _recipe.DiceNormal));
        loss = tape.Add(loss, tape.Scale(image, _recipe.Image));
        tape.Output("focal", pixels.Focal);
        tape.Output("dice", pixels.DiceAbnormal);
        tape.Output("image", image);
        tape.Output("loss", loss);
        tape.WriteGradients(loss);
    }
}

/// <summary>The images of one step.</summary>
/// <param name="Patches">[B, patches, E], each of norm 1.</param>
/// <param name="Whole">[B, E]: class features of norm 1.</param>
/// <param name="Masks">[B, S, S], 1 where abnormal.</param>
/// <param name="Anomalous">[B], true for anomalous images.</param>
internal sealed record PromptBatch(float[] Patches, float[] Whole, float[] Masks, bool[] Anomalous);
