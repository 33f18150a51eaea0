using AaClip.Evaluation;
using AaClip.Evaluation.DataSets;
using AaClip.Scoring.Images;
using AaClip.Synthesis;
using AaClip.Synthesis.Drawing;
using AaClip.Training.Augmentation;
using AaClip.Training.Stages;

namespace AaClip.Training;

/// <summary>
/// Batches of an epoch: images in random order, augmented and preprocessed (specification 6.1). Order and augmentation depend only on seed,
/// stage and epoch. The next batch is prepared while a step runs.
/// </summary>
/// <param name="jitter">True to augment colours too: stage 2.</param>
internal sealed class BatchSource(DataSet data, int size, int batch, int seed, int stage, bool augment, bool jitter)
{
    private readonly Preprocessor _preprocessor = new(new Preprocessing { Size = size });

    /// <summary>Steps per epoch; the last batch may be smaller.</summary>
    public int Steps => (data.Images.Count + batch - 1) / batch;

    /// <summary>The batches of an epoch.</summary>
    /// <param name="epoch">Number of the epoch, from 0.</param>
    public IEnumerable<Batch> Epoch(int epoch)
    {
        int[] order = [.. Enumerable.Range(0, data.Images.Count)];
        new SeededRandom(seed, stage, epoch).Shuffle(order.AsSpan());
        return Prefetch.Of(Steps, step => Make(order, step, epoch));
    }

    private Batch Make(int[] order, int step, int epoch)
    {
        int start = step * batch,
            count = Math.Min(batch, order.Length - start),
            plane = size * size;
        float[] images = new float[count * 3 * plane],
            masks = new float[count * plane];
        float[] stacked = new float[4 * plane],
            scratch = new float[4 * plane];
        bool[] anomalous = new bool[count];
        string[] classes = new string[count];
        for (int i = 0; i < count; i++)
        {
            LabelledImage image = data.Images[order[start + i]];
            SeededRandom random = new(seed, stage, epoch, start + i);
            RgbImage picture = ImageDecoder.Decode(File.ReadAllBytes(image.Path), image.Path, new DecodeOptions { Parity = true }).Image;
            if (augment && jitter)
                picture = ColorJitter.Apply(picture, random);
            _preprocessor.Write(picture, stacked.AsSpan(0, 3 * plane));
            Span<float> mask = stacked.AsSpan(3 * plane);
            TrainingMask.Read(image, picture.Width, picture.Height, size, mask);
            if (augment)
                GeometricAugmentation.Apply(stacked, scratch, size, size, random);
            stacked.AsSpan(0, 3 * plane).CopyTo(images.AsSpan(i * 3 * plane));
            mask.CopyTo(masks.AsSpan(i * plane));
            (anomalous[i], classes[i]) = (image.Anomalous, image.ClassName);
        }

        return new Batch(images, masks, anomalous, classes, augment ? null : order[start..(start + count)]);
    }
}
