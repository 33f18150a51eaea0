using System.Text.Json.Serialization;
using AaClip.Training.Autodiff;
using AaClip.Training.Optimization;

namespace AaClip.Training.Losses;

/// <summary>Whether all normal pairs of a batch fit each other, and in which form.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<NormalPairs>))]
public enum NormalPairs
{
    /// <summary>Only pairs of the same class and state fit each other.</summary>
    None,

    /// <summary>InfoNCE with several positives in a row.</summary>
    Softmax,

    /// <summary>A logistic loss of every pair by itself.</summary>
    Sigmoid,
}

/// <summary>
/// Normal pairs as positives (after OFF-CLIP, arXiv 2503.01794): in a batch of images and sentences, every normal image fits every normal
/// sentence, whatever its class. The authors never released this loss. Which pairs are positive is from the figure of their paper; the form
/// of a pair's loss and the weights, 1 and 1, are a reconstruction.
/// </summary>
/// <param name="Positives">[B, B], symmetric: 1 for pairs that fit each other.</param>
/// <param name="Targets">[B, B]: the positives of a row, divided by their number.</param>
/// <param name="Abnormal">[B, B]: targets among abnormal pairs alone, divided by the number of abnormal pairs; all 0 without any.</param>
/// <param name="Others">[1, B]: 0 for abnormal pairs, a large negative number for normal ones.</param>
internal sealed record PairTargets(float[] Positives, float[] Targets, float[] Abnormal, float[] Others)
{
    private const float Excluded = -1e4f; // added to a logit: its share of a softmax is 0, and nothing overflows

    /// <summary>The targets of a batch.</summary>
    /// <param name="normal">[B]: the state of each pair.</param>
    /// <param name="same">Whether two pairs have the same class and state, so that either's sentence fits the other's image.</param>
    /// <param name="together">Whether two normal pairs fit each other: all, or those of one class.</param>
    public static PairTargets Of(bool[] normal, Func<int, int, bool> same, Func<int, int, bool>? together = null)
    {
        int count = normal.Length,
            abnormal = normal.Count(n => !n);
        float[] positives = new float[count * count],
            targets = new float[count * count],
            among = new float[count * count];
        for (int i = 0; i < count; i++)
        {
            for (int k = 0; k < count; k++)
                if (i == k || same(i, k) || (normal[i] && normal[k] && together?.Invoke(i, k) != false))
                    positives[i * count + k] = 1;
            float all = positives.AsSpan(i * count, count).ToArray().Sum();
            int alike = Enumerable.Range(0, count).Count(k => i == k || same(i, k));
            for (int k = 0; k < count; k++)
            {
                targets[i * count + k] = positives[i * count + k] / all;
                if (!normal[i] && (i == k || same(i, k)))
                    among[i * count + k] = 1f / (alike * abnormal);
            }
        }

        return new PairTargets(positives, targets, among, [.. normal.Select(n => n ? Excluded : 0)]);
    }

    /// <summary>The inputs of a graph with <see cref="NormalPairsLoss"/>.</summary>
    public IEnumerable<GraphInput> Inputs()
    {
        int count = Others.Length;
        return
        [
            new GraphInput("pairs/positives", Positives, count, count),
            new GraphInput("pairs/targets", Targets, count, count),
            new GraphInput("pairs/abnormal", Abnormal, count, count),
            new GraphInput("pairs/others", Others, 1, count),
        ];
    }
}

/// <summary>The loss of <see cref="PairTargets"/>; all four of them are inputs of the graph.</summary>
/// <param name="Whole">The loss over all pairs.</param>
/// <param name="Abnormal">InfoNCE over the rows and columns of abnormal pairs alone; 0 with none or one.</param>
/// <param name="Total">Their sum.</param>
internal sealed record NormalPairsLoss(Tensor Whole, Tensor Abnormal, Tensor Total)
{
    /// <summary>Adds the loss.</summary>
    /// <param name="logits">[B, B], scaled: rows are images, columns are sentences.</param>
    public static NormalPairsLoss Write(Tape tape, Tensor logits, NormalPairs form)
    {
        int count = logits.Shape[0];
        Tensor positives = tape.Input("pairs/positives", count, count),
            targets = tape.Input("pairs/targets", count, count),
            abnormal = tape.Input("pairs/abnormal", count, count),
            others = tape.Input("pairs/others", 1, count);
        Tensor back = tape.Transpose(logits, 1, 0);
        Tensor whole =
            form == NormalPairs.Softmax
                ? tape.Scale(CrossEntropy(tape, logits, back, targets), 1.0 / count)
                : tape.Mean(tape.Subtract(tape.Softplus(logits), tape.Multiply(positives, logits)));
        Tensor among = CrossEntropy(tape, tape.Add(logits, others), tape.Add(back, others), abnormal);
        return new NormalPairsLoss(whole, among, tape.Add(whole, among));
    }

    /// <summary>−½ Σ targets·(ln softmax of the rows + ln softmax of the columns).</summary>
    /// <param name="columns">The transpose of <paramref name="rows"/>.</param>
    /// <param name="targets">[B, B], symmetric.</param>
    public static Tensor CrossEntropy(Tape tape, Tensor rows, Tensor columns, Tensor targets)
    {
        Tensor both = tape.Add(tape.LogSoftmax(rows), tape.LogSoftmax(columns));
        return tape.Scale(tape.Sum(tape.Multiply(targets, both)), -0.5);
    }
}
