namespace AaClip.Training.Stages;

/// <summary>The images of one step.</summary>
/// <param name="Images">[B, 3, S, S], normalised.</param>
/// <param name="Masks">[B, S, S], 1 where abnormal.</param>
/// <param name="Anomalous">[B], true for anomalous images.</param>
/// <param name="Classes">[B], names as <see cref="Scoring.Text.ClassNames"/> resolves them.</param>
/// <param name="Numbers">[B]: index of each image in the data set, if images are not augmented; otherwise null.</param>
internal sealed record Batch(float[] Images, float[] Masks, bool[] Anomalous, string[] Classes, int[]? Numbers = null)
{
    public int Count => Classes.Length;
}
