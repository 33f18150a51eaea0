using AaClip.Evaluation;
using AaClip.Evaluation.DataSets;

namespace AaClip.Training;

/// <summary>Masks as training needs them.</summary>
internal static class TrainingMask
{
    /// <summary>Reads the mask of an image; all 0 if it has none.</summary>
    /// <param name="width">Width of the image in pixels.</param>
    /// <param name="height">Height of the image in pixels.</param>
    /// <param name="mask">[size, size]: becomes 1 where abnormal, else 0.</param>
    /// <exception cref="InvalidDataException">The mask does not show which pixels are abnormal.</exception>
    public static void Read(LabelledImage image, int width, int height, int size, Span<float> mask)
    {
        mask.Clear();
        if (image.MaskPath is not { } path)
            return;
        GroundTruth truth = GroundTruth.Read(path, width, height, size);
        if (truth.Fault is { } fault)
            throw new InvalidDataException(
                $"Mask '{path}' of '{image.Path}' cannot be learnt from: {fault}. Mend it, or leave the image out."
            );
        for (int i = 0; i < mask.Length; i++)
            mask[i] = truth.Pixels[i];
    }
}
