using AaClip.Evaluation.DataSets;
using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Text;
using AaClip.Synthesis;
using AaClip.Synthesis.Defects;
using AaClip.Synthesis.Drawing;
using AaClip.Training.Losses;
using AaClip.Training.Towers;

namespace AaClip.Training.Pretraining;

/// <summary>Generated images with captions and targets.</summary>
/// <param name="Images">[B, 3, S, S], normalised.</param>
/// <param name="Tokens">[3B, context]: B captions, then one normal sentence per image about its object, then one abnormal one.</param>
/// <param name="Ends">[3B, 1, context]: 1 at the end marker, 0 elsewhere.</param>
/// <param name="Targets">[B, B]: which captions fit which images; each row sums to 1.</param>
/// <param name="Patches">[B, g·g, 1]: how defective each patch is, 0 to 1.</param>
/// <param name="Defective">[B, 1, 1]: 1 if the image has a defect, else 0.</param>
/// <param name="Pairs">Which captions fit which images if all normal ones fit each other; null for batches that do not say.</param>
internal sealed record PictureBatch(
    float[] Images,
    long[] Tokens,
    float[] Ends,
    float[] Targets,
    float[] Patches,
    float[] Defective,
    PairTargets? Pairs = null
)
{
    private const double Damaged = 0.6; // share of images with a defect
    private const double Mixed = 0.5; // share of images of random, unnamed classes
    private const double Nameless = 0.3; // share of sentences with "object" instead of the class name
    private const float Enough = 4; // a patch with a quarter of its pixels changed counts as fully defective

    /// <summary>The batch of a step; depends only on seed and step.</summary>
    public static PictureBatch Make(ModelArchitecture shape, ClipTokenizer tokenizer, int count, int seed, int step)
    {
        int size = shape.ImageSize,
            plane = size * size,
            grid = shape.Grid,
            context = shape.Context;
        Preprocessor preprocessor = new(new Preprocessing { Size = size });
        float[] images = new float[count * 3 * plane],
            patches = new float[count * grid * grid],
            defective = new float[count];
        long[] tokens = new long[3 * count * context];
        string[] captions = new string[count];
        Parallel.For(0, count, Draw); // an image depends on its number alone

        float[] targets = new float[count * count];
        for (int i = 0; i < count; i++)
        {
            int same = captions.Count(c => c == captions[i]);
            for (int k = 0; k < count; k++)
                targets[i * count + k] = captions[k] == captions[i] ? 1f / same : 0;
        }

        PairTargets pairs = PairTargets.Of([.. defective.Select(d => d == 0)], (i, k) => captions[i] == captions[k]);
        return new PictureBatch(images, tokens, TextTower.Ends(tokens, context), targets, patches, defective, pairs);

        void Draw(int i)
        {
            SeededRandom random = new(seed, step, i);
            // Two neighbours have the same class, so that the model must learn the state in the caption and not only the class.
            SeededRandom pair = new(seed, step, ~(i / 2));
            ObjectClass drawn = pair.Chance(Mixed) ? Catalog.Nameless(pair) : Catalog.Seen[pair.Below(Catalog.Seen.Count)];
            DefectKind? defect = random.Chance(Damaged) ? drawn.Defects[random.Below(drawn.Defects.Count)] : null;
            SyntheticImage picture = Generator.Draw(drawn, defect, size, (int)(random.Next() & int.MaxValue));
            defective[i] = defect is null ? 0 : 1;
            preprocessor.Write(picture.Image, images.AsSpan(i * 3 * plane, 3 * plane));
            Cover(picture.Mask, size, shape.Patch, patches.AsSpan(i * grid * grid, grid * grid));

            string name = random.Chance(Nameless) ? ClassNames.AnyObject : drawn.Name;
            (IReadOnlyList<string> normal, IReadOnlyList<string> abnormal) = PromptEnsemble.Default.Sentences(name);
            captions[i] = Any(
                defect is null
                    ? PromptEnsemble.Default.Sentences(drawn.Name).Normal
                    : PromptEnsemble.Default.Sentences(drawn.Name).Abnormal,
                random
            );
            tokenizer.EncodeRow(captions[i], tokens.AsSpan(i * context, context));
            tokenizer.EncodeRow(Any(normal, random), tokens.AsSpan((count + i) * context, context));
            tokenizer.EncodeRow(Any(abnormal, random), tokens.AsSpan((2 * count + i) * context, context));
            captions[i] = $"{drawn.Name}/{defect is null}"; // images of the same class and state share their captions
        }
    }

    private static string Any(IReadOnlyList<string> sentences, SeededRandom random) => sentences[random.Below(sentences.Count)];

    private static void Cover(byte[] mask, int size, int patch, Span<float> cover)
    {
        int grid = size / patch;
        for (int y = 0; y < size; y++)
        for (int x = 0; x < size; x++)
            cover[y / patch * grid + x / patch] += mask[y * size + x];
        foreach (ref float share in cover)
            share = Math.Min(1, Enough * share / (patch * patch));
    }
}
