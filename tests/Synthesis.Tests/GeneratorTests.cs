using AaClip.Evaluation.DataSets;
using AaClip.Scoring.Images;
using AaClip.Synthesis.Defects;

namespace AaClip.Synthesis.Tests;

public sealed class GeneratorTests
{
    public static TheoryData<string> Classes => [.. Catalog.All.Select(c => c.Name)];

    [Theory, MemberData(nameof(Classes))]
    public void A_defect_changes_the_picture_where_its_mask_says_and_nowhere_else(string name)
    {
        const int Size = 96;
        ObjectClass drawn = Catalog.Find(name);
        foreach (DefectKind kind in drawn.Defects)
        {
            SyntheticImage good = Generator.Draw(drawn, null, Size, 5),
                bad = Generator.Draw(drawn, kind, Size, 5);

            Assert.DoesNotContain((byte)1, good.Mask);
            int defective = bad.Mask.Count(m => m == 1),
                beside = 0;
            Assert.InRange(defective, 4, Size * Size * 2 / 5);
            for (int i = 0; i < bad.Mask.Length; i++)
            {
                int change = Enumerable.Range(0, 3).Max(c => Math.Abs(good.Image.Pixels[3 * i + c] - bad.Image.Pixels[3 * i + c]));
                if (bad.Mask[i] == 0)
                    beside = Math.Max(beside, change);
            }

            Assert.InRange(beside, 0, 42); // 0.12 of 255 at most is too faint to be called a defect, in light up to 1.37 times as bright
        }
    }

    [Fact]
    public void A_seed_always_gives_the_same_picture_and_another_seed_another()
    {
        HashSet<string> seen = [];
        foreach (ObjectClass drawn in Catalog.All)
            for (int seed = 0; seed < 4; seed++)
            {
                SyntheticImage once = Generator.Draw(drawn, DefectKind.Crack, 64, seed),
                    again = Generator.Draw(drawn, DefectKind.Crack, 64, seed);

                Assert.Equal(once.Image.Pixels, again.Image.Pixels);
                Assert.Equal(once.Mask, again.Mask);
                Assert.True(seen.Add(Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(once.Image.Pixels))));
            }
    }

    [Fact]
    public void Seen_and_unseen_classes_have_nothing_in_common()
    {
        Assert.Empty(Catalog.Seen.Select(c => c.Name).Intersect(Catalog.Unseen.Select(c => c.Name)));
        Assert.InRange(Catalog.Unseen.Count, 6, 100);
    }

    [Fact]
    public void A_photo_of_a_good_part_gets_a_defect_with_its_mask()
    {
        SyntheticImage photo = Generator.Draw(Catalog.Find("leather"), null, 120, 1);
        for (int seed = 0; seed < 20; seed++)
        {
            SyntheticImage damaged = Generator.Damage(photo.Image, 80, seed);

            RgbImage before = Resampling.Resize(photo.Image, 80, 80);
            Assert.InRange(damaged.Mask.Count(m => m == 1), 3, 80 * 80 / 2);
            for (int i = 0; i < damaged.Mask.Length; i++)
                if (damaged.Mask[i] == 0)
                    Assert.InRange(Math.Abs(before.Pixels[3 * i] - damaged.Image.Pixels[3 * i]), 0, 31);
        }
    }

    [Fact]
    public void A_data_set_has_mvtec_s_layout_and_a_folder_in_use_is_refused()
    {
        string folder = Directory.CreateTempSubdirectory("aaclip-synthesis-").FullName;
        try
        {
            SyntheticDataSet.Write(
                folder,
                [Catalog.Find("hex nut")],
                images: 4,
                size: 48,
                seed: 1,
                cancellation: TestContext.Current.CancellationToken
            );

            Assert.Equal(2, Directory.GetFiles(Path.Combine(folder, "hex_nut", "test", "good")).Length);
            Assert.Equal(
                2,
                Directory.GetFiles(Path.Combine(folder, "hex_nut", "ground_truth"), "*_mask.png", SearchOption.AllDirectories).Length
            );
            Assert.Equal(4, Directory.GetFiles(Path.Combine(folder, "hex_nut", "train", "good")).Length);
            Assert.Equal(4, File.ReadAllLines(Path.Combine(folder, "full-shot.jsonl")).Length);
            Assert.Throws<IOException>(() =>
                SyntheticDataSet.Write(folder, Catalog.Seen, 4, 48, 1, cancellation: TestContext.Current.CancellationToken)
            );
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
