using AaClip.Evaluation.DataSets;
using AaClip.Scoring.Packages;
using AaClip.Synthesis.Drawing;
using AaClip.Training.Prompts;

namespace AaClip.Training;

/// <summary>
/// Batches of an epoch: features from the cache, and masks, in random order, which depends only on seed and epoch. The next batch is read
/// while a step runs.
/// </summary>
/// <param name="features">Their features, in the order of the images.</param>
internal sealed class PromptBatches(
    IReadOnlyList<LabelledImage> images,
    CachedFeatures[] features,
    ModelArchitecture shape,
    int batch,
    int seed
)
{
    /// <summary>Steps per epoch; the last batch may be smaller.</summary>
    public int Steps => (images.Count + batch - 1) / batch;

    /// <summary>The batches of an epoch.</summary>
    /// <param name="epoch">Number of the epoch, from 0.</param>
    public IEnumerable<PromptBatch> Epoch(int epoch)
    {
        int[] order = [.. Enumerable.Range(0, images.Count)];
        new SeededRandom(seed, epoch).Shuffle(order.AsSpan());
        return Prefetch.Of(Steps, step => Make(order.AsSpan(step * batch, Math.Min(batch, order.Length - step * batch))));
    }

    private PromptBatch Make(ReadOnlySpan<int> numbers)
    {
        int patches = shape.Grid * shape.Grid * shape.Embed,
            plane = shape.ImageSize * shape.ImageSize;
        PromptBatch made = new(
            new float[numbers.Length * patches],
            new float[numbers.Length * shape.Embed],
            new float[numbers.Length * plane],
            new bool[numbers.Length]
        );
        for (int i = 0; i < numbers.Length; i++)
        {
            LabelledImage image = images[numbers[i]];
            CachedFeatures own = features[numbers[i]];
            own.Read(made.Patches.AsSpan(i * patches, patches), made.Whole.AsSpan(i * shape.Embed, shape.Embed));
            TrainingMask.Read(image, own.Width, own.Height, shape.ImageSize, made.Masks.AsSpan(i * plane, plane));
            made.Anomalous[i] = image.Anomalous;
        }

        return made;
    }
}
