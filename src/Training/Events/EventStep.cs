using AaClip.Scoring.Events;
using AaClip.Scoring.Packages;
using AaClip.Training.Autodiff;
using AaClip.Training.Optimization;
using AaClip.Training.Stages;
using AaClip.Training.Towers;

namespace AaClip.Training.Events;

/// <summary>
/// A step of VadCLIP's training (section 3.4; src/ucf_train.py and src/xd_train.py), from labels of whole recordings. k of a recording of L
/// snippets is ⌊L/16⌋ + 1.
/// <code>
/// loss 1: mean of the k largest p1 ─► binary cross entropy with "not normal"
/// loss 2: for each class, mean of its own k largest logits ─► cross entropy with the labels, which sum to 1
/// loss 3: Σ |cos(normal, class)| / (C − 1) ─► its weight
/// </code>
/// </summary>
internal sealed class EventStep(
    ModelArchitecture shape,
    TemporalHead head,
    EventTexts texts,
    Func<string, float[]> read,
    EventParameters parameters,
    GraphFolder graphs,
    Adam adam,
    double textWeight
)
{
    private const int Share = 16; // k = L / 16 + 1
    private const float Low = -1e30f; // softmax and order: not valid
    private const float SmallProbability = 1e-38f; // its logarithm is finite

    private int Most => head.Length / Share + 1;

    /// <summary>Does one training step.</summary>
    /// <param name="factor">Factor on the learning rate.</param>
    /// <returns>The losses before the step: "loss", "loss1", "loss2", "loss3".</returns>
    public Dictionary<string, float[]> Step(EventBatch batch, double factor = 1, CancellationToken cancellation = default)
    {
        Dictionary<string, float[]> losses = Gradients(batch, cancellation);
        adam.Step(factor);
        return losses;
    }

    /// <summary>Computes the losses of a batch, and leaves the gradients in the parameters.</summary>
    public Dictionary<string, float[]> Gradients(EventBatch batch, CancellationToken cancellation = default)
    {
        (int b, int t, int classes) = (batch.Valid.Length, head.Length, batch.Labels.Length / batch.Valid.Length);
        float[] columns = new float[b * t],
            rows = new float[b * t],
            shares = new float[b * Most],
            labels = [.. batch.Labels],
            abnormal = new float[b];
        for (int i = 0; i < b; i++)
        {
            int valid = batch.Valid[i],
                k = valid / Share + 1;
            columns.AsSpan(i * t + valid, t - valid).Fill(Low);
            rows.AsSpan(i * t, valid).Fill(1);
            shares.AsSpan(i * Most, k).Fill(1f / k);
            Span<float> own = labels.AsSpan(i * classes, classes);
            abnormal[i] = 1 - own[0];
            float sum = 0;
            foreach (float label in own)
                sum += label;
            foreach (ref float label in own)
                label /= sum;
        }

        return graphs
            .Get(FormattableString.Invariant($"events-{b}"), parameters.All, (tape, _) => Write(tape, b, classes))
            .Run(
                [
                    new GraphInput("features", batch.Features, b, t, head.Width),
                    new GraphInput("columns", columns, b, 1, t),
                    new GraphInput("rows", rows, b, t, 1),
                    new GraphInput("shares", shares, b, 1, Most),
                    new GraphInput("labels", labels, b, classes),
                    new GraphInput("abnormal", abnormal, b),
                ],
                cancellation: cancellation
            );
    }

    private void Write(Tape tape, int batch, int count)
    {
        int length = head.Length;
        TransformerTape layers = new(tape, new WeightSource(tape, read, parameters.All), Activation.QuickGelu);
        Tensor features = tape.Input("features", batch, length, head.Width);
        Tensor columns = tape.Input("columns", batch, 1, length);
        Tensor rows = tape.Input("rows", batch, length, 1);
        Tensor shares = tape.Input("shares", batch, 1, Most); // 1/k for the first k, else 0
        Tensor labels = tape.Input("labels", batch, count);
        Tensor abnormal = tape.Input("abnormal", batch);

        Tensor classes = texts.Write(layers, shape);
        (Tensor binary, Tensor alignment) = EventHead.Write(layers, head, features, columns, rows, classes);
        tape.Output("binary", binary);
        tape.Output("alignment", alignment);

        // Loss 1
        Tensor mean = Top(tape.Transpose(tape.Sigmoid(binary), 0, 2, 1)); // [B, 1]
        Tensor q = tape.Reshape(mean, batch);
        Tensor yes = tape.Log(tape.AtLeast(q, SmallProbability)),
            no = tape.Log(tape.AtLeast(tape.Shift(tape.Negate(q), 1), SmallProbability));
        Tensor hit = tape.Add(tape.Multiply(abnormal, yes), tape.Multiply(tape.Shift(tape.Negate(abnormal), 1), no));
        Tensor first = tape.Negate(tape.Mean(hit));

        // Loss 2
        Tensor scores = Top(tape.Transpose(alignment, 0, 2, 1)); // [B, C]
        Tensor second = tape.Scale(tape.Sum(tape.Multiply(labels, tape.LogSoftmax(scores))), -1.0 / batch);

        // Loss 3
        Tensor unit = tape.Normalise(classes);
        Tensor cosines = tape.Product(tape.Slice(unit, 0, 1, count - 1), tape.Slice(unit, 0, 0, 1), transposeB: true);
        Tensor third = tape.Mean(tape.Abs(cosines));

        Tensor loss = tape.Add(tape.Add(first, second), tape.Scale(third, textWeight));
        tape.Output("loss1", first);
        tape.Output("loss2", second);
        tape.Output("loss3", third);
        tape.Output("loss", loss);
        tape.WriteGradients(loss);

        // The mean of the k largest valid values, [B, n], of [B, n, T]
        Tensor Top(Tensor values)
        {
            Tensor order = tape.Add(values, columns);
            Tensor top = tape.Largest(values, order, Most);
            return tape.Reshape(tape.Sum(tape.Multiply(top, shares), 2), values.Shape[0], values.Shape[1]);
        }
    }
}

/// <summary>The recordings of one step.</summary>
/// <param name="Features">[B, T, D]: windows, zeros behind the valid snippets.</param>
/// <param name="Valid">[B]: valid snippets, 1 to T.</param>
/// <param name="Labels">[B, C]: 1 for each class of the recording; the first is the normal one.</param>
internal sealed record EventBatch(float[] Features, int[] Valid, float[] Labels);
