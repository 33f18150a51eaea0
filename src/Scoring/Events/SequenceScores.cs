namespace AaClip.Scoring.Events;

/// <summary>The scores of a sequence of n snippets.</summary>
/// <param name="Binary">[n]: p1 = σ(binary logit), 0 to 1.</param>
/// <param name="Alignment">[n]: p2 = 1 − probability of the normal class, 0 to 1.</param>
/// <param name="ClassProbabilities">[n, C]: softmax over the classes; the first is the normal one.</param>
/// <param name="Valid">Snippets of each window that was scored, as the model was told.</param>
public sealed record SequenceScores(float[] Binary, float[] Alignment, float[] ClassProbabilities, IReadOnlyList<int> Valid)
{
    /// <summary>Number of snippets.</summary>
    public int Count => Binary.Length;

    /// <summary>Number of classes.</summary>
    public int Classes => ClassProbabilities.Length / Binary.Length;

    /// <summary>The scores of a branch, [n].</summary>
    public float[] Of(EventScore score) => score == EventScore.Binary ? Binary : Alignment;

    /// <summary>Turns the head's logits into scores.</summary>
    /// <param name="binary">[n].</param>
    /// <param name="alignment">[n, C].</param>
    internal static SequenceScores Of(ReadOnlySpan<float> binary, ReadOnlySpan<float> alignment, IReadOnlyList<int> valid)
    {
        int classes = alignment.Length / binary.Length;
        float[] first = new float[binary.Length],
            second = new float[binary.Length],
            all = new float[alignment.Length];
        for (int i = 0; i < binary.Length; i++)
        {
            first[i] = (float)(1 / (1 + Math.Exp(-binary[i])));
            ReadOnlySpan<float> logits = alignment.Slice(i * classes, classes);
            double largest = logits[0],
                sum = 0;
            foreach (float logit in logits)
                largest = Math.Max(largest, logit);
            foreach (float logit in logits)
                sum += Math.Exp(logit - largest);
            for (int c = 0; c < classes; c++)
                all[i * classes + c] = (float)(Math.Exp(logits[c] - largest) / sum);
            second[i] = (float)(1 - Math.Exp(logits[0] - largest) / sum);
        }

        return new SequenceScores(first, second, all, valid);
    }
}
