using System.Numerics.Tensors;
using AaClip.Scoring.Packages;
using AaClip.Training.Autodiff;
using AaClip.Training.Losses;
using AaClip.Training.Optimization;
using AaClip.Training.Towers;
using Tensor = AaClip.Training.Autodiff.Tensor;

namespace AaClip.Training.Stages;

/// <summary>
/// Stage 1: trains the text adapters so that the anchors separate abnormal from normal patches of plain CLIP (specification 6.2; train.py):
/// 1. anchors of the batch's classes; 2. patch features, which are not trained; 3. the loss and its gradient with respect to the anchors;
/// 4. the gradients of the text tower, class by class; 5. a step of Adam.
/// </summary>
internal sealed class TextStage(FrozenClip clip, GraphFolder graphs, TextEncoding text, Adam adam)
{
    private const long MostKept = 4L << 30; // bytes of cached features; further images are computed in every epoch

    private readonly Dictionary<int, Dictionary<string, float[]>> _kept = [];
    private long _keptBytes;

    /// <summary>Does one training step.</summary>
    /// <returns>The loss before the step, and its parts by name.</returns>
    public Dictionary<string, float[]> Step(Batch batch, CancellationToken cancellation = default)
    {
        Dictionary<string, float[]> losses = Gradients(batch, cancellation);
        adam.Step();
        return losses;
    }

    /// <summary>Computes the losses of a batch, and leaves the gradients in the parameters.</summary>
    public Dictionary<string, float[]> Gradients(Batch batch, CancellationToken cancellation = default)
    {
        // 1. Anchors
        int embed = clip.Shape.Embed;
        string[] classes = [.. batch.Classes.Distinct()];
        Dictionary<string, float[]> anchors = classes.ToDictionary(c => c, c => text.Anchors(c, cancellation));
        float[] stacked = new float[batch.Count * 2 * embed];
        for (int i = 0; i < batch.Count; i++)
            anchors[batch.Classes[i]].CopyTo(stacked, i * 2 * embed);

        // 2. Patch features
        bool stay = batch.Numbers is not null && clip.Options.Surgery != Surgery.Batch; // neither augmented nor dependent on the batch
        Dictionary<string, float[]> features = stay ? Kept(batch, cancellation) : Features(batch, cancellation);

        // 3. Loss
        int b = batch.Count,
            size = clip.Shape.ImageSize,
            patches = clip.Shape.Grid * clip.Shape.Grid;
        List<GraphInput> inputs = [new("anchors", stacked, b, embed, 2), new("mask", batch.Masks, b, size, size)];
        inputs.AddRange(UsedLevels.Select(level => new GraphInput($"features/{level}", features[$"features/{level}"], b, patches, embed)));
        Dictionary<string, float[]> losses = graphs
            .Get($"text-loss-{b}", [], (tape, _) => WriteLoss(tape, b))
            .Run(inputs, cancellation: cancellation);

        // 4. Gradients of the text tower
        foreach (Parameter parameter in adam.Parameters)
            parameter.Gradient.AsSpan().Clear();
        losses.Remove("gradient/anchors", out float[]? gradient);
        foreach (string name in classes)
        {
            float[] upstream = new float[2 * embed];
            for (int i = 0; i < b; i++)
                if (batch.Classes[i] == name)
                    TensorPrimitives.Add(upstream, gradient.AsSpan(i * 2 * embed, 2 * embed), upstream);
            text.AddGradients(name, upstream, cancellation);
        }

        losses["anchors"] = stacked;
        return losses;
    }

    /// <summary>Patch features of the used levels, "features/{level}": [B, patches, E].</summary>
    public Dictionary<string, float[]> Features(Batch batch, CancellationToken cancellation = default)
    {
        int size = clip.Shape.ImageSize;
        return graphs
            .Get($"text-features-{batch.Count}", [], (tape, _) => WriteFeatures(tape, batch.Count))
            .Run([new GraphInput("image", batch.Images, batch.Count, 3, size, size)], cancellation: cancellation);
    }

    // One image at a time, so that the bits are the same with and without the cache: a resumed training starts with an empty cache.
    private Dictionary<string, float[]> Kept(Batch batch, CancellationToken cancellation)
    {
        int image = batch.Images.Length / batch.Count;
        Dictionary<string, float[]> all = [];
        for (int i = 0; i < batch.Count; i++)
        {
            int number = batch.Numbers![i]; // not null: checked by the caller
            if (!_kept.TryGetValue(number, out Dictionary<string, float[]>? features))
            {
                features = Features(new Batch(batch.Images[(i * image)..((i + 1) * image)], [], [], [batch.Classes[i]]), cancellation);
                long bytes = features.Values.Sum(f => (long)sizeof(float) * f.Length);
                if (_keptBytes + bytes <= MostKept)
                {
                    _kept[number] = features;
                    _keptBytes += bytes;
                }
            }

            foreach ((string name, float[] values) in features)
            {
                if (!all.TryGetValue(name, out float[]? stacked))
                    all[name] = stacked = new float[batch.Count * values.Length];
                values.CopyTo(stacked, i * values.Length);
            }
        }

        return all;
    }

    // The published code loops over all levels but keeps only the loss of the last one (specification 0.4).
    private IEnumerable<int> UsedLevels =>
        clip.Options.SumLevels ? Enumerable.Range(0, clip.Shape.Levels.Count) : [clip.Shape.Levels.Count - 1];

    // Sum of two unit vectors: patches of the surgery tower after CLIP's projection, and the class feature of the plain tower.
    private void WriteFeatures(Tape tape, int batch)
    {
        ModelArchitecture shape = clip.Shape;
        TransformerTape tower = new(tape, new WeightSource(tape, clip.Read, []), clip.Options.Activation);
        Tensor image = tape.Input("image", batch, 3, shape.ImageSize, shape.ImageSize);
        int from = shape.Vision.Layers - (clip.Options.SurgeryBlocks ?? 0);
        Tensor[] plain = ImageTower.Write(tower, image, shape);
        Tensor[] blocks =
            clip.Options.Surgery == Surgery.None
                ? plain
                : ImageTower.Write(tower, image, shape, surgery: clip.Options.Surgery, surgeryFrom: from);
        Tensor whole = tape.Normalise(ImageTower.ClassFeature(tower, plain[^1], shape)); // [B, 1, E]
        foreach (int level in UsedLevels)
        {
            Tensor patches = ImageTower.Patches(tower, blocks[shape.Levels[level] - 1], shape.Vision.Width);
            // The sum is not normalised
            tape.Output($"features/{level}", tape.Add(tape.Normalise(ImageTower.Project(tower, patches, shape)), whole));
        }
    }

    private void WriteLoss(Tape tape, int batch)
    {
        ModelArchitecture shape = clip.Shape;
        Tensor anchors = tape.Parameter("anchors", batch, shape.Embed, 2);
        Tensor mask = tape.Input("mask", batch, shape.ImageSize, shape.ImageSize);
        Tensor[] sides = tape.Split(anchors, axis: 2, parts: 2);
        Tensor difference = tape.Subtract(sides[1], sides[0]); // [B, E, 1]

        Tensor orthogonality = tape.Square(tape.Mean(tape.Sum(tape.Multiply(sides[0], sides[1]), 1)));
        Tensor loss = tape.Scale(orthogonality, clip.Options.Orthogonality);
        foreach (int level in UsedLevels)
        {
            Tensor features = tape.Input($"features/{level}", batch, shape.Grid * shape.Grid, shape.Embed);
            SegmentationLoss segmentation = SegmentationLoss.Write(tape, features, difference, mask);
            tape.Output($"segmentation/{level}", segmentation.Total);
            loss = tape.Add(loss, segmentation.Total);
        }

        tape.Output("orthogonality", orthogonality);
        tape.Output("loss", loss);
        tape.WriteGradients(loss);
    }
}
