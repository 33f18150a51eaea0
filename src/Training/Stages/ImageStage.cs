using AaClip.Import.Adapters;
using AaClip.Scoring.Packages;
using AaClip.Training.Autodiff;
using AaClip.Training.Losses;
using AaClip.Training.Optimization;
using AaClip.Training.Towers;

namespace AaClip.Training.Stages;

/// <summary>
/// Stage 2: trains the image adapters to align patches and whole images with fixed anchors (specification 6.4; train.py). One graph
/// contains the adapted tower, the loss of all levels and the gradients. Each step runs it and then Adam, whose learning rate is halved at
/// given steps.
/// </summary>
internal sealed class ImageStage(FrozenClip clip, GraphFolder graphs, Func<string, float[]> anchors, Adam adam)
{
    /// <summary>Does one training step.</summary>
    /// <returns>The loss before the step, and its parts by name.</returns>
    public Dictionary<string, float[]> Step(Batch batch, CancellationToken cancellation = default)
    {
        Dictionary<string, float[]> losses = Gradients(batch, cancellation);
        adam.Step(Factor(clip.Options, adam.Steps));
        return losses;
    }

    /// <summary>
    /// Factor on the learning rate after a number of steps. A resumed training continues the schedule; the published code restarts it.
    /// </summary>
    public static double Factor(AdaptationOptions options, int steps) => Math.Pow(0.5, options.Halvings.Count(h => steps >= h));

    /// <summary>Computes the losses of a batch, and leaves the gradients in the parameters.</summary>
    public Dictionary<string, float[]> Gradients(Batch batch, CancellationToken cancellation = default)
    {
        ModelArchitecture shape = clip.Shape;
        int b = batch.Count,
            size = shape.ImageSize,
            embed = shape.Embed;
        float[] stacked = new float[b * 2 * embed];
        float[] signs = new float[b];
        for (int i = 0; i < b; i++)
        {
            anchors(batch.Classes[i]).CopyTo(stacked, i * 2 * embed);
            signs[i] = batch.Anomalous[i] ? -1 : 1;
        }

        return graphs
            .Get($"image-{b}", adam.Parameters, (tape, _) => Write(tape, b))
            .Run(
                [
                    new GraphInput("image", batch.Images, b, 3, size, size),
                    new GraphInput("anchors", stacked, b, embed, 2),
                    new GraphInput("mask", batch.Masks, b, size, size),
                    new GraphInput("sign", signs, b, 1, 1),
                    .. clip.Options.NormalPairs == NormalPairs.None ? [] : Pairs(batch).Inputs(),
                ],
                cancellation: cancellation
            );
    }

    private static PairTargets Pairs(Batch batch) =>
        PairTargets.Of(
            [.. batch.Anomalous.Select(a => !a)],
            (i, k) => batch.Classes[i] == batch.Classes[k] && batch.Anomalous[i] == batch.Anomalous[k]
        );

    private void Write(Tape tape, int batch)
    {
        ModelArchitecture shape = clip.Shape;
        TransformerTape tower = new(tape, new WeightSource(tape, clip.Read, adam.Parameters), clip.Options.Activation);
        Tensor image = tape.Input("image", batch, 3, shape.ImageSize, shape.ImageSize);
        Tensor anchors = tape.Input("anchors", batch, shape.Embed, 2);
        Tensor mask = tape.Input("mask", batch, shape.ImageSize, shape.ImageSize);
        Tensor sign = tape.Input("sign", batch, 1, 1); // 1 for normal, −1 for abnormal
        Tensor[] sides = tape.Split(anchors, axis: 2, parts: 2);
        Tensor difference = tape.Subtract(sides[1], sides[0]); // [B, E, 1]

        Tensor[] blocks = ImageTower.Write(tower, image, shape, clip.ImageAdapters);
        Tensor[] levels = [.. shape.Levels.Select(level => ImageTower.Patches(tower, blocks[level - 1], shape.Vision.Width))];

        // Cross entropy of the two unscaled cosines d·T: ln(1 + e^(other − true)).
        Tensor detection = tape.Mean(Head(tower, levels[^1], "det_proj"), 1); // [B, 1, E]
        Tensor cosines = tape.Product(detection, anchors); // [B, 1, 2]
        Tensor loss = tape.Mean(tape.Softplus(tape.Multiply(tape.Product(detection, difference), sign)));
        tape.Output("cosines", cosines);
        tape.Output("classification", loss);

        if (clip.Options.NormalPairs != NormalPairs.None)
            loss = tape.Add(loss, NormalPairsLoss.Write(tape, PairLogits(tape, detection, sides, sign), clip.Options.NormalPairs).Total);

        for (int level = 0; level < AdapterWeights.Levels; level++)
        {
            SegmentationLoss segmentation = SegmentationLoss.Write(tape, Head(tower, levels[level], $"seg_proj.{level}"), difference, mask);
            tape.Output($"segmentation/{level}", segmentation.Total);
            loss = tape.Add(loss, segmentation.Total);
        }

        tape.Output("loss", loss);
        tape.WriteGradients(loss);
    }

    /// <summary>Cosines of the detection vectors and the anchors of all images, each on its own side: [B, B].</summary>
    /// <param name="detection">[B, 1, E].</param>
    /// <param name="sides">[B, E, 1] each: normal and abnormal anchors.</param>
    /// <param name="sign">[B, 1, 1]: 1 for normal, −1 for abnormal.</param>
    internal static Tensor PairLogits(Tape tape, Tensor detection, Tensor[] sides, Tensor sign)
    {
        int batch = detection.Shape[0],
            embed = detection.Shape[2];
        Tensor normal = tape.Scale(tape.Shift(sign, 1), 0.5); // 1 or 0
        Tensor own = tape.Add(tape.Multiply(sides[0], normal), tape.Multiply(sides[1], tape.Shift(tape.Negate(normal), 1)));
        return tape.Product(tape.Reshape(detection, batch, embed), tape.Reshape(own, batch, embed), transposeB: true);
    }

    private Tensor Head(TransformerTape tower, Tensor patches, string name) =>
        ImageTower.Adapted(tower, patches, clip.Shape, name, clip.Options.Relu);
}
