namespace AaClip.Training.Stages;

/// <summary>Images of one step.</summary>
/// <param name="Images">[B, 3, S, S], normalised.</param>
/// <param name="Masks">[B, S, S], 1 where abnormal.</param>
/// <param name="Anomalous">[B].</param>
/// <param name="Classes">[B], as <see cref="Scoring.Text.ClassNames"/> resolves them.</param>
/// <param name="Numbers">[B]: which images of the data set they are, where those come without variation; else null.</param>
internal sealed record Batch(float[] Images, float[] Masks, bool[] Anomalous, string[] Classes, int[]? Numbers = null)
{
    public int Count => Classes.Length;
}
