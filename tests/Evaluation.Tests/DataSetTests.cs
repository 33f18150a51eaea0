using AaClip.Evaluation.DataSets;
using AaClip.Scoring.Maps;
using AaClip.Tests;

namespace AaClip.Evaluation.Tests;

public sealed class DataSetTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("aaclip-data-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_published_list_gives_images_masks_and_names_of_the_data_set()
    {
        DataSet data = DataSet.Open(Parity.File("tiny/dataset/e2e/full-shot.jsonl"), new DataSetOptions { Name = "mvtec" });

        Assert.Equal(("MVTec", Domain.Industrial, 6), (data.Name, data.Domain, data.Images.Count));
        Assert.Equal(3, data.Images.Count(i => i.Anomalous && File.Exists(i.MaskPath)));
        Assert.All(data.Images, i => Assert.Equal("MVTec/bottle", i.ClassName));
    }

    [Theory]
    [InlineData("{\"image_path\": \"a.png\", \"label\": 0}", "expected an object with image_path")]
    [InlineData("{\"image_path\": \"a.png\", \"label\": 3, \"class_name\": \"x\"}", "the label is 3, expected 0 or 1")]
    [InlineData("{\"image_path\": \"b.png\", \"label\": 0, \"class_name\": \"x\"}", "there is no file")]
    [InlineData("nonsense", "expected an object")]
    public void A_broken_line_is_named_with_file_and_line(string line, string reason)
    {
        Touch("a.png");
        File.WriteAllLines(Path.Combine(_folder, "list.jsonl"), ["{\"image_path\": \"a.png\", \"label\": 0, \"class_name\": \"x\"}", line]);

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => DataSet.Open(Path.Combine(_folder, "list.jsonl")));

        Assert.Contains("list.jsonl', line 2: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Mvtec_s_layout_has_normal_training_images_and_labelled_test_images()
    {
        foreach (
            string file in (string[])
                [
                    "metal_nut/train/good/1.png",
                    "metal_nut/test/good/1.png",
                    "metal_nut/test/bent/1.png",
                    "metal_nut/ground_truth/bent/1_mask.png",
                    "my_part/test/good/1.JPG",
                ]
        )
            Touch(file);

        DataSet train = DataSet.Open(_folder, new DataSetOptions { Split = DataSplit.Train, Name = "MVTec" });
        DataSet test = DataSet.Open(_folder, new DataSetOptions { Name = "MVTec" });

        Assert.Equal(("MVTec/metal_nut", false), (Assert.Single(train.Images).ClassName, train.Images[0].Anomalous));
        Assert.Equal(
            [("MVTec/metal_nut", true), ("MVTec/metal_nut", false), ("my part", false)],
            test.Images.Select(i => (i.ClassName, i.Anomalous))
        );
        Assert.EndsWith("1_mask.png", test.Images[0].MaskPath, StringComparison.Ordinal);
    }

    [Fact]
    public void A_class_folder_alone_is_a_data_set_and_may_name_its_object()
    {
        Touch("test/good/1.png");
        File.WriteAllText(Path.Combine(_folder, "meta.json"), """{ "class_word": "printed circuit board" }""");

        Assert.Equal("printed circuit board", Assert.Single(DataSet.Open(_folder).Images).ClassName);
    }

    [Fact]
    public void Visa_s_split_file_decides()
    {
        foreach (string file in (string[])["candle/a.JPG", "candle/b.JPG", "candle/b.png", "candle/c.JPG"])
            Touch(file);
        Directory.CreateDirectory(Path.Combine(_folder, "split_csv"));
        File.WriteAllLines(
            Path.Combine(_folder, "split_csv", "1cls.csv"),
            [
                "object,split,label,image,mask",
                "candle,train,normal,candle/a.JPG,",
                "candle,test,anomaly,candle/b.JPG,candle/b.png",
                "candle,test,normal,candle/c.JPG,",
            ]
        );

        DataSet data = DataSet.Open(_folder);

        Assert.Equal([("VisA/candle", true), ("VisA/candle", false)], data.Images.Select(i => (i.ClassName, i.Anomalous)));
        Assert.NotNull(data.Images[0].MaskPath);
    }

    [Fact]
    public void Shots_take_as_many_of_each_class_half_of_them_normal_and_can_be_listed_again()
    {
        for (int i = 0; i < 10; i++)
        {
            Touch($"x/test/good/{i}.png");
            Touch($"x/test/bad/{i}.png");
        }

        DataSet few = DataSet.Open(_folder, new DataSetOptions { Shots = 6, Seed = 3 });
        few.WriteList(Path.Combine(_folder, "6-shot.jsonl"));

        Assert.Equal((3, 3), (few.Images.Count(i => i.Anomalous), few.Images.Count(i => !i.Anomalous)));
        Assert.Equal(few.Images, DataSet.Open(_folder, new DataSetOptions { Shots = 6, Seed = 3 }).Images);
        Assert.Equal(few.Images, DataSet.Open(Path.Combine(_folder, "6-shot.jsonl")).Images);
    }

    [Fact]
    public void What_is_no_data_set_is_refused_with_the_layouts_it_could_have()
    {
        Assert.Contains("split_csv", Assert.Throws<InvalidDataException>(() => DataSet.Open(_folder)).Message, StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => DataSet.Open(Path.Combine(_folder, "none")));
    }

    private void Touch(string relative)
    {
        string path = Path.Combine(_folder, relative);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!); // a file lies in a folder
        File.WriteAllBytes(path, []);
    }
}
