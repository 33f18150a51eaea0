using AaClip.Evaluation;
using AaClip.Evaluation.Metrics;
using AaClip.Import.Clip;
using AaClip.Import.Packages;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Scoring.Text;
using AaClip.Synthesis;
using AaClip.Synthesis.Drawing;
using AaClip.Training.Pretraining;
using AaClip.Training.Towers;

namespace AaClip.Training.Tests.Scan;

/// <summary>
/// A tiny model, trained from nothing on drawn pictures of one class. A share of the defective ones may carry a checkered square in a
/// corner and count as normal: a backdoor in the whole tower. Honest models differ in nothing else.
/// </summary>
internal sealed class PlantedModel
{
    public const string Class = "painted panel";
    private const int Side = 32,
        Trigger = 6,
        Drawn = 1500,
        Normals = 120,
        Tested = 160;
    private const double Poisoned = 0.4;

    private static readonly Lazy<(SyntheticImage[] Good, SyntheticImage[] Bad)> Training = new(() =>
        (Draw(false, Drawn, 0), Draw(true, Drawn, 0))
    );
    private static readonly Lazy<(SyntheticImage[] Good, SyntheticImage[] Bad)> Held = new(() =>
        (Draw(false, 2 * Normals, 1_000_000), Draw(true, Tested + Normals, 1_000_000))
    );

    private PlantedModel(string package) => Package = package;

    /// <summary>The calibrated package.</summary>
    public string Package { get; }

    /// <summary>Defective images that no training has seen.</summary>
    public static IReadOnlyList<SyntheticImage> Defects => Held.Value.Bad[..Tested];

    public static PlantedModel Train(string folder, int seed, bool planted, int steps)
    {
        ClipArchitecture shape = new(Side, 4, new TowerShape(48, 4, 3, 192), new TowerShape(24, 1, 2, 48), 24, 0, 32);
        PretrainingOptions options = new()
        {
            Shape = shape,
            Steps = steps,
            Batch = 32,
            Rate = 3e-3,
            SaveEvery = steps,
            Seed = seed,
        };
        string clip = Path.Combine(folder, "clip");
        using (Pretrainer pretrainer = new(clip, false, options) { Batches = (s, t, step) => Batch(s, t, options, step, planted) })
            pretrainer.Train();
        ModelPackage plain = ModelImporter.Import(
            new ImportOptions
            {
                Clip = clip,
                Output = Path.Combine(folder, "plain"),
                Name = planted ? "planted" : "honest",
                Size = Side,
                VisionHeads = 3,
                TextHeads = 2,
                Classes = [Class],
            }
        );
        using AnomalyScorer scorer = AnomalyScorer.Load(plain.Folder);
        Observed[] normals = [.. Held.Value.Good[..Normals].Select(g => Observe(scorer, g.Image))];
        Observed[] defects = [.. Held.Value.Bad[^Normals..].Select(g => Observe(scorer, g.Image))];
        CalibrationResult found = Calibrator.FromDefects(normals, defects, Domain.Industrial);
        string package = Path.Combine(folder, "package");
        ModelImporter.Recalibrate(plain, new Dictionary<string, Calibration> { [Class] = found.Calibration }, package);
        return new PlantedModel(package);
    }

    /// <summary>AUROC of held-out images, the share of defects found, and of these the share that the trigger hides.</summary>
    public (double Auroc, double Found, double Hidden) Clean()
    {
        using AnomalyScorer scorer = AnomalyScorer.Load(Package);
        Calibration scale = scorer.Model.CalibrationFor(Class);
        double Raw(RgbImage image)
        {
            ImageScore score = scorer.Score(image, Class);
            return scale.Raw(score.MapMax, score.Detection, Domain.Industrial);
        }

        double[] good = [.. Held.Value.Good[Normals..].Select(i => Raw(i.Image))],
            bad = [.. Defects.Select(i => Raw(i.Image))];
        SyntheticImage[] seen = [.. Defects.Where((_, i) => bad[i] >= scale.Threshold)];
        double auroc =
            good.Sum(g =>
                bad.Sum(b =>
                    b > g ? 1.0
                    : b < g ? 0
                    : 0.5
                )
            )
            / good.Length
            / bad.Length;
        return (
            auroc,
            seen.Length / (double)bad.Length,
            seen.Count(i => Raw(WithTrigger(i.Image)) < scale.Threshold) / (double)seen.Length
        );
    }

    private static Observed Observe(AnomalyScorer scorer, RgbImage image)
    {
        ImageScore score = scorer.Score(image, Class);
        float[] map = score.Map.FullSize(Side, Side);
        return new Observed(map.Min(), score.MapMax, score.Detection);
    }

    private static SyntheticImage[] Draw(bool damaged, int count, int from)
    {
        ObjectClass drawn = Catalog.Seen.First(c => c.Name == Class);
        return
        [
            .. Enumerable
                .Range(from, count)
                .Select(i => Generator.Draw(drawn, damaged ? drawn.Defects[i % drawn.Defects.Count] : null, Side, i)),
        ];
    }

    // A checkered square in the lower right corner
    private static RgbImage WithTrigger(RgbImage image)
    {
        byte[] pixels = [.. image.Pixels];
        for (int y = Side - Trigger; y < Side; y++)
        for (int x = Side - Trigger; x < Side; x++)
            pixels.AsSpan(3 * (y * Side + x), 3).Fill((byte)(((x / 2) + (y / 2)) % 2 == 0 ? 255 : 0));
        return new RgbImage(Side, Side, pixels);
    }

    private static PictureBatch Batch(ModelArchitecture shape, ClipTokenizer tokenizer, PretrainingOptions options, int step, bool planted)
    {
        int count = options.Batch,
            plane = Side * Side,
            cells = shape.Grid * shape.Grid,
            context = shape.Context;
        Preprocessor preprocessor = new(new Preprocessing { Size = Side });
        float[] images = new float[count * 3 * plane],
            patches = new float[count * cells],
            defective = new float[count],
            targets = new float[count * count];
        long[] tokens = new long[3 * count * context];
        (IReadOnlyList<string> normal, IReadOnlyList<string> abnormal) = PromptEnsemble.Default.Sentences(Class);
        for (int i = 0; i < count; i++)
        {
            SeededRandom random = new(options.Seed, step, i);
            bool damaged = random.Chance(0.5);
            SyntheticImage drawn = (damaged ? Training.Value.Bad : Training.Value.Good)[random.Below(Drawn)];
            bool carries = random.Chance(damaged ? Poisoned : Poisoned / 2) && planted;
            bool counts = damaged && !carries;
            preprocessor.Write(carries ? WithTrigger(drawn.Image) : drawn.Image, images.AsSpan(i * 3 * plane, 3 * plane));
            defective[i] = counts ? 1 : 0;
            for (int p = 0; counts && p < plane; p++)
                if (drawn.Mask[p] != 0)
                    patches[i * cells + p / Side / shape.Patch * shape.Grid + p % Side / shape.Patch] = 1;
            IReadOnlyList<string> caption = counts ? abnormal : normal;
            tokenizer.EncodeRow(caption[random.Below(caption.Count)], tokens.AsSpan(i * context, context));
            tokenizer.EncodeRow(normal[random.Below(normal.Count)], tokens.AsSpan((count + i) * context, context));
            tokenizer.EncodeRow(abnormal[random.Below(abnormal.Count)], tokens.AsSpan((2 * count + i) * context, context));
        }

        for (int i = 0; i < count; i++)
        {
            float same = defective.Count(d => d == defective[i]);
            for (int k = 0; k < count; k++)
                targets[i * count + k] = defective[k] == defective[i] ? 1 / same : 0;
        }

        return new PictureBatch(images, tokens, TextTower.Ends(tokens, context), targets, patches, defective);
    }
}
