using AaClip.Import.Packages;
using AaClip.Import.Tests.Methods;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Scoring.References;
using AaClip.Tests;

namespace AaClip.Import.Tests;

/// <summary>Images compared with good ones, through packages of all methods (docs/methods.md).</summary>
public sealed class ReferenceScoresTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public static TheoryData<string, string?> Methods => [.. InBatches, ("adaclip", "adaclip/pretrained_tiny.pth")];

    public static TheoryData<string, string?> InBatches =>
        new()
        {
            { "aa-clip", null },
            { "crane", "crane/epoch_5.pth" },
            { "anovl", null },
        };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Methods))]
    public void Half_of_the_map_is_the_distance_to_the_nearest_patches(string method, string? checkpoint)
    {
        using AnomalyScorer scorer = MethodGolden.Load(Package(method, checkpoint));
        ReferencePatches references = Bank(scorer, 0, 1).Build();
        RgbImage image = Pictures.Draw(2);
        float[] anchors = scorer.AnchorsOf("bottle");
        int levels = scorer.Model.Architecture.Levels.Count;

        ImageScore without = scorer.Score(image, anchors, Domain.Industrial, Cancellation),
            with = scorer.Score(image, anchors, Domain.Industrial, references, Cancellation);

        float[] distance = Distances(scorer.PatchesOf(image, Cancellation), references);
        float[] expected =
        [
            .. distance.Zip(
                without.Map.Raw.ToArray(),
                (d, m) =>
                    method switch
                    {
                        "aa-clip" => (m + levels * (5 * d - 2)) / 2, // -2 to 3 is the neutral range of a level
                        "adaclip" => Logit((1 / (1 + Math.Exp(-m)) + d) / 2), // its maps are logits until they are enlarged
                        _ => (m + d) / 2,
                    }
            ),
        ];
        Close.Assert(expected, with.Map.Raw.ToArray(), levels * 5e-6, "map");
        Assert.Equal(method == "aa-clip" ? without.Detection : (without.Detection + distance.Max()) / 2, with.Detection, 1e-6);
        Assert.Equal(method == "aa-clip", without.Detection.Equals(with.Detection));

        static float Logit(double p) => (float)Math.Log(p / (1 - p));
    }

    [Theory]
    [MemberData(nameof(InBatches))]
    public void An_image_scores_the_same_alone_and_among_others_with_other_references(string method, string? checkpoint)
    {
        using AnomalyScorer scorer = MethodGolden.Load(Package(method, checkpoint));
        float[] anchors = scorer.AnchorsOf("bottle");
        ReferencePatches first = Bank(scorer, 0, 1).Build(),
            second = Bank(scorer, 5).Build();
        ReferencePatches?[] references = [first, null, second, first, null];
        ModelInput[] inputs = [.. references.Select((r, i) => scorer.Prepare(Pictures.Draw(10 + i), anchors, Domain.Industrial, r))];

        ImageScore[] together = scorer.ScoreTogether(inputs, Cancellation);
        IReadOnlyList<ImageScore> apart = scorer.Score(inputs, Cancellation);

        foreach ((ImageScore one, ImageScore among) in apart.Zip(together))
        {
            Close.Assert(one.Map.Raw.ToArray(), among.Map.Raw.ToArray(), method == "aa-clip" ? 2e-4 : 2e-6, "map");
            Assert.Equal(one.Detection, among.Detection, 2e-6);
        }

        Assert.Equal(apart[0].Map.Raw, scorer.Score([inputs[0]], Cancellation)[0].Map.Raw);
        Assert.NotEqual(
            apart[2].Map.Raw.ToArray(),
            scorer.Score(Pictures.Draw(12), anchors, Domain.Industrial, first, Cancellation).Map.Raw.ToArray()
        );
        Array.ForEach(inputs, i => i.Dispose());
    }

    [Fact]
    public void A_reference_itself_has_no_distance_and_a_planted_defect_stands_out_more()
    {
        using AnomalyScorer scorer = MethodGolden.Load(Package("crane", "crane/epoch_5.pth"));
        float[] anchors = scorer.AnchorsOf("plate");
        ReferencePatches references = Bank(scorer, 0).Build();
        RgbImage good = Pictures.Draw(0),
            bad = Defect(good);

        ImageScore same = scorer.Score(good, anchors, Domain.Industrial, references, Cancellation),
            plain = scorer.Score(good, anchors, Domain.Industrial, Cancellation);

        Close.Assert([.. plain.Map.Raw.ToArray().Select(m => m / 2)], same.Map.Raw.ToArray(), 1e-6, "map of the reference");
        Assert.True(Rise(references) > 5 * Rise(null), $"{Rise(references)} with references, {Rise(null)} without");

        float Rise(ReferencePatches? r) =>
            scorer.Score(bad, anchors, Domain.Industrial, r, Cancellation).MapMax
            - scorer.Score(good, anchors, Domain.Industrial, r, Cancellation).MapMax;
    }

    [Fact]
    public void The_order_of_the_images_does_not_matter()
    {
        using AnomalyScorer scorer = MethodGolden.Load(Package("aa-clip", null));

        ReferencePatches one = Bank(scorer, 0, 1, 2).Build(),
            other = Bank(scorer, 2, 0, 1).Build();

        Assert.Equal(one.Columns, other.Columns);
        Assert.Equal(3 * 64, one.Count);
    }

    [Fact]
    public void An_image_that_is_left_out_is_compared_with_the_others_alone()
    {
        using AnomalyScorer scorer = MethodGolden.Load(Package("aa-clip", null));
        ReferenceBank bank = Bank(scorer, 0, 1);

        ReferencePatches left = bank.Build(without: "0");

        Assert.Equal(Bank(scorer, 1).Build().Columns, left.Columns);
        Assert.Equal(1, left.Images);
        Assert.Throws<InvalidOperationException>(() => Bank(scorer, 1).Build(without: "1"));
    }

    [Fact]
    public void A_file_gives_the_same_patches_and_a_damaged_one_says_what_it_is()
    {
        using AnomalyScorer scorer = MethodGolden.Load(Package("aa-clip", null));
        Calibration calibration = Calibration.Neutral(4) with { Threshold = 0.4 };
        string path = Path.Combine(_folder.Path, "a.safetensors");
        ReferencePatches made = Bank(scorer, 0).Build() with { Calibration = calibration };
        made.Write(path);

        ReferencePatches read = ReferencePatches.Read(path);

        Assert.Equal(made.Columns, read.Columns);
        Assert.Equal(calibration, read.Calibration);
        Assert.Equal(PackageFolder.HashOf(path), read.Sha256);
        Assert.Null(read.MisfitOf(scorer.Model, "Bottle", null));
        Assert.Equal(Misfit.Class, read.MisfitOf(scorer.Model, "can", null));
        Assert.Equal(Misfit.Tiles, read.MisfitOf(scorer.Model, "bottle", new Scoring.Tiles.Tiling(2, 2, 0)));
        using AnomalyScorer crane = MethodGolden.Load(Package("crane", "crane/epoch_5.pth"));
        Assert.Equal(Misfit.Model, read.MisfitOf(crane.Model, "bottle", null));
        Assert.Throws<ArgumentException>(() =>
            crane.Score(Pictures.Draw(0), crane.AnchorsOf("bottle"), Domain.Industrial, read, Cancellation)
        );

        File.WriteAllBytes(path, File.ReadAllBytes(path)[..2000]);
        Assert.Throws<InvalidDataException>(() => ReferencePatches.Read(path));
        Assert.Contains(
            "it is no file of reference images",
            Assert.Throws<InvalidDataException>(() => ReferencePatches.Read(Parity.File("tiny/adapters.safetensors"))).Message,
            StringComparison.Ordinal
        );
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static string Package(string method, string? checkpoint) =>
        method == "aa-clip" ? TinyPackage.Reference() : TinyPackage.Method(method, checkpoint);

    private static ReferenceBank Bank(AnomalyScorer scorer, params int[] pictures)
    {
        ReferenceBank bank = new(scorer.Model, "bottle", null);
        foreach (int picture in pictures)
            bank.Add($"{picture}", scorer.PatchesOf(Pictures.Draw(picture), Cancellation));
        return bank;
    }

    private static float[] Distances(float[] patches, ReferencePatches references)
    {
        int width = references.Width,
            count = patches.Length / (references.Levels * width);
        float[] distances = new float[count];
        for (int patch = 0; patch < count; patch++)
        {
            double sum = 0;
            for (int level = 0; level < references.Levels; level++)
                sum +=
                    1
                    - Enumerable
                        .Range(0, references.Count)
                        .Max(column =>
                            Enumerable
                                .Range(0, width)
                                .Sum(i =>
                                    (double)patches[(level * count + patch) * width + i]
                                    * references.Columns[(level * width + i) * references.Count + column]
                                )
                        );
            distances[patch] = (float)(sum / references.Levels);
        }

        return distances;
    }

    // A bright square
    private static RgbImage Defect(RgbImage image)
    {
        byte[] pixels = [.. image.Pixels];
        for (int y = 60; y < 80; y++)
        for (int x = 60; x < 80; x++)
            pixels.AsSpan(3 * (y * image.Width + x), 3).Fill((byte)((x + y) % 4 < 2 ? 255 : 0));
        return new RgbImage(image.Width, image.Height, pixels);
    }
}
