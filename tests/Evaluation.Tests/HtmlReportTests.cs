using AaClip.Evaluation.Metrics;
using AaClip.Evaluation.Report;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Sessions;
using AaClip.Tests;

namespace AaClip.Evaluation.Tests;

public sealed class HtmlReportTests : IDisposable
{
    private const string Hostile = "<script>alert('é')</script>";

    private readonly string _folder = Directory.CreateTempSubdirectory("aaclip-report-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_report_is_one_file_that_needs_nothing_else()
    {
        string html = Write("set", [Class("bottle", anomalous: 3, normal: 3)]);

        Assert.Equal(9, Count(html, "src=\"data:image/jpeg;base64,/9j/")); // a JPEG begins with FF D8 FF
        Assert.Equal(9, Count(html, "src="));
        Assert.DoesNotContain("href", html, StringComparison.Ordinal);
        Assert.DoesNotContain("url(", html, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder, "*.tmp"));
    }

    [Fact]
    public void Names_of_classes_data_sets_and_files_cannot_become_markup()
    {
        string html = Write("<set> & more", [Class(Hostile, anomalous: 1, normal: 1, file: "<b>.png")]);

        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("<h2>&lt;script&gt;alert(&#x27;é&#x27;)&lt;/script&gt;</h2>", html, StringComparison.Ordinal);
        Assert.Contains("<title>tiny@", html, StringComparison.Ordinal);
        Assert.Contains(" on &lt;set&gt; &amp; more</title>", html, StringComparison.Ordinal);
        Assert.Contains("<figcaption>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>.png", html, StringComparison.Ordinal);
    }

    [Fact]
    public void The_table_holds_each_class_and_their_mean_in_percent()
    {
        string html = Write("set", [Class("bottle", anomalous: 1, normal: 1), Class("can", anomalous: 1, normal: 0)]);

        Assert.Contains(
            "<tr><td>bottle<td>1<td>1<td>91.2<td>50.0<td>–<td>75.0<td>25.0<td>10.0<td>100.0<td>",
            html,
            StringComparison.Ordinal
        );
        Assert.Contains("<tr class=\"mean\"><td>mean of classes<td>1<td>2<td>91.2<td>", html, StringComparison.Ordinal);
        Assert.Contains("2 anomalous images, 112 px, cpu.", html, StringComparison.Ordinal);
    }

    [Fact]
    public void A_class_shows_its_curve_histogram_best_and_worst_where_it_has_both_kinds()
    {
        string both = Write("set", [Class("bottle", anomalous: 1, normal: 1)]);
        string one = Write("set", [Class("bottle", anomalous: 1, normal: 0)]);

        Assert.Equal(1, Count(both, "<polyline class=\"curve\" points=\"40.0,190.0"));
        Assert.Equal((1, 1), (Count(both, "<rect class=\"first\""), Count(both, "<rect class=\"second\"")));
        Assert.Contains(">0.100</text>", both, StringComparison.Ordinal);
        Assert.Contains(">0.900</text>", both, StringComparison.Ordinal);
        string[] titles = ["Defects that look most normal", "Normal images that look worst", "Defects that stand out most"];
        Assert.All(titles, t => Assert.Contains($"<h3>{t}</h3>", both, StringComparison.Ordinal));
        Assert.DoesNotContain("<polyline", one, StringComparison.Ordinal);
        Assert.DoesNotContain("Normal images that look worst", one, StringComparison.Ordinal);
    }

    private string Write(string data, ClassReport[] classes)
    {
        ScorerOptions options = new() { Provider = Provider.Cpu, CacheFolder = TinyPackage.Cache };
        using AnomalyScorer scorer = AnomalyScorer.Load(TinyPackage.Random(), options);
        string path = Path.Combine(_folder, "report.html");
        HtmlReport.Write(path, scorer, data, Domain.Industrial, classes, null, TestContext.Current.CancellationToken);
        return File.ReadAllText(path);
    }

    // Normal images score 0.1, anomalous ones 0.9.
    private ClassReport Class(string name, int anomalous, int normal, string file = "image.png")
    {
        List<ScoredImage> images = [];
        for (int i = 0; i < anomalous + normal; i++)
        {
            string path = Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, $"{i}")).FullName, file);
            File.WriteAllBytes(path, ImageEncoder.Jpeg(Pictures.Draw(i), 90));
            images.Add(new ScoredImage(path, i < anomalous, MapMax: 0.5f, Detection: 0.5f, Raw: i < anomalous ? 0.9 : 0.1, Published: 0.5));
        }

        return new ClassReport
        {
            ClassName = name,
            Anomalous = anomalous,
            Normal = normal,
            Pixels = new PixelMetrics(0.9125, 0.5, 0.5, null, null, 0),
            Published = new ImageMetrics(0.75, 0.25, 0.1, null),
            PerImage = new ImageMetrics(1, 1, 1, null),
            Images = images,
        };
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;
}
