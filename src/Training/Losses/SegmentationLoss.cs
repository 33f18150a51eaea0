using AaClip.Training.Autodiff;

namespace AaClip.Training.Losses;

/// <summary>Segmentation loss: focal loss plus the Dice losses of both classes, over all pixels (specification 6.1; train.py).</summary>
/// <param name="Focal">Mean over pixels of −(1 − p)²·ln p.</param>
/// <param name="DiceNormal">1 − Dice of the normal probability and the inverted mask.</param>
/// <param name="DiceAbnormal">1 − Dice of the abnormal probability and the mask.</param>
/// <param name="Total">Sum of the three.</param>
internal sealed record SegmentationLoss(Tensor Focal, Tensor DiceNormal, Tensor DiceAbnormal, Tensor Total)
{
    private const double Temperature = 100; // logits are 100 times the cosine
    private const double Smoothing = 1e-5; // label smoothing of the focal loss

    /// <summary>Adds the loss of one level.</summary>
    /// <param name="features">[B, g·g, E], of length 1 in stage 2.</param>
    /// <param name="difference">[B, E, 1]: the abnormal anchor minus the normal one.</param>
    /// <param name="mask">[B, S, S], 1 where abnormal.</param>
    public static SegmentationLoss Write(Tape tape, Tensor features, Tensor difference, Tensor mask)
    {
        Tensor cosines = tape.Product(features, difference, scale: Temperature); // [B, g·g, 1]
        Tensor logits = Enlarging.Write(tape, cosines, mask.Shape[1], Enlargement.Aligned); // [B, S, S]: abnormal minus normal
        return Of(tape, tape.Sigmoid(tape.Negate(logits)), tape.Sigmoid(logits), mask); // softmax over the two classes
    }

    /// <summary>Adds the loss of probabilities.</summary>
    /// <param name="normal">[B, S, S].</param>
    /// <param name="abnormal">[B, S, S], one minus <paramref name="normal"/>.</param>
    /// <param name="mask">[B, S, S], 1 where abnormal.</param>
    public static SegmentationLoss Of(Tape tape, Tensor normal, Tensor abnormal, Tensor mask)
    {
        Tensor rest = tape.Shift(tape.Negate(mask), 1);

        // p = (1 − s)·P(true) + s·P(other) + s
        Tensor right = tape.Add(tape.Multiply(mask, abnormal), tape.Multiply(rest, normal));
        Tensor wrong = tape.Add(tape.Multiply(mask, normal), tape.Multiply(rest, abnormal));
        Tensor p = tape.Shift(tape.Add(tape.Scale(right, 1 - Smoothing), tape.Scale(wrong, Smoothing)), Smoothing);
        Tensor focal = tape.Negate(tape.Mean(tape.Multiply(tape.Square(tape.Shift(tape.Negate(p), 1)), tape.Log(p))));

        Tensor diceNormal = Dice(tape, normal, rest),
            diceAbnormal = Dice(tape, abnormal, mask);
        return new SegmentationLoss(focal, diceNormal, diceAbnormal, tape.Add(focal, tape.Add(diceNormal, diceAbnormal)));
    }

    // 1 − mean over images of (2·ΣPM + 1)/(ΣP + ΣM + 1).
    private static Tensor Dice(Tape tape, Tensor probability, Tensor mask)
    {
        Tensor both = tape.Shift(tape.Scale(tape.Sum(tape.Multiply(probability, mask), 1, 2), 2), 1);
        Tensor each = tape.Shift(tape.Add(tape.Sum(probability, 1, 2), tape.Sum(mask, 1, 2)), 1);
        return tape.Shift(tape.Negate(tape.Mean(tape.Divide(both, each))), 1);
    }
}
