using System.Text.Json.Nodes;
using AaClip.Evaluation;
using AaClip.Evaluation.Metrics;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Reviews;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Tests;

namespace AaClip.Cli.Tests.Operate;

/// <summary><c>aaclip calibrate --from-reviews</c> on real storage.</summary>
public sealed class CalibrateFromReviewsTests(AzuriteFixture azurite)
{
    private const string Profiles = """
        { "schemaVersion": 1, "cameras": { "*": { "class": "bottle", "threshold": 0.5, "minRegion": 0.25 } } }
        """;

    private static readonly DateTimeOffset Yesterday = TimeProvider.System.GetUtcNow().AddDays(-1);
    private static readonly double[] Fine = [.. Enumerable.Range(0, 30).Select(i => 0.2 + 0.01 * i), 0.52, 0.55]; // two false alarms
    private static readonly double[] Defects = [0.6, 0.7, 0.8, 0.9, 0.58];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_threshold_between_fine_and_defective_images_is_proposed_and_written_only_when_asked()
    {
        TestAccount account = await FilledAsync(Fine, Defects);

        Aaclip.Result shown = account.Run("calibrate", "--from-reviews", "--camera", "line1");
        string before = await ProfilesAsync(account);
        Aaclip.Result applied = account.Run("calibrate", "--from-reviews", "--camera", "line1", "--apply");
        JsonNode after = JsonNode.Parse(await ProfilesAsync(account))!["cameras"]!; // the file has cameras

        Assert.Equal((0, "", 0, ""), (shown.Code, shown.Error, applied.Code, applied.Error));
        Assert.Equal(
            [
                ["", "threshold", "false alarms", "at most", "missed defects", "at most"],
                ["now", "0.5000", "2", Percent(2, 32), "0", Percent(0, 5)],
                ["proposed", "0.5650", "0", Percent(0, 32), "0", Percent(0, 5)],
            ],
            shown.Lines.Where(l => l.Contains('\t', StringComparison.Ordinal)).Select(l => l.Split('\t'))
        );
        Assert.Contains(
            "2 fine and 0 defective ones become normal, 0 fine and 0 defective ones anomalous.",
            shown.Output,
            StringComparison.Ordinal
        );
        Assert.EndsWith("  \"threshold\": 0.565\n", shown.Output, StringComparison.Ordinal);
        Assert.Equal(Profiles, before);
        Assert.Equal(0.565, (double)after["line1"]!["threshold"]!);
        Assert.Equal((0.25, 0.5), ((double)after["line1"]!["minRegion"]!, (double)after["*"]!["threshold"]!));
        Assert.Contains("  cameras.line1.threshold: none → 0.565\n", applied.Output, StringComparison.Ordinal);
        Assert.Equal(
            Environment.UserName,
            (await new ProfileEditor(account.Storage, TimeProvider.System).HistoryAsync(Cancellation))[0].Who
        );
    }

    [Fact]
    public async Task A_rate_of_false_alarms_sets_the_threshold_by_the_fine_images_alone()
    {
        TestAccount account = await FilledAsync(Fine, Defects);

        JsonNode json = Json(account, "--false-alarms", "0.2");
        JsonNode strict = Json(account, "--false-alarms", "0.01");

        (double threshold, double bound) = Calibrator.OfNormals(Fine, 0.2);
        Assert.InRange((double)json["proposed"]!["threshold"]!, threshold, threshold + 1e-4); // rounded up
        Assert.Equal(bound, (double)json["bound"]!);
        Assert.Equal(
            ("falseAlarms", 32, 5, false),
            ((string)json["rule"]!, (int)json["fine"]!, (int)json["defects"]!, (bool)json["applied"]!)
        );
        Assert.Equal((5, 2), ((int)json["proposed"]!["falseAlarms"]!, (int)json["now"]!["falseAlarms"]!));
        Assert.Equal((3, 0), ((int)json["toAnomalous"]!, (int)json["toNormal"]!));
        Assert.Equal(0.5501, (double)strict["proposed"]!["threshold"]!); // above all scores: 32 images cannot bound 1 %
        Assert.Equal(1.0 / 33, (double)strict["bound"]!, 1e-12);
    }

    [Fact]
    public async Task Only_sure_decisions_in_force_on_the_cameras_class_model_and_time_count()
    {
        TestAccount account = await FilledAsync(Fine[..20], []);
        await account.DecideAsync(ReviewVerdict.Unsure, [Result("unsure.png", 0.91)]);
        await account.DecideAsync(ReviewVerdict.Fine, [Result("taken-back.png", 0.92), Result("changed.png", 0.93)]);
        await account.DecideAsync(ReviewVerdict.None, [Result("taken-back.png", 0.92)]);
        await account.DecideAsync(ReviewVerdict.Unsure, [Result("changed.png", 0.93)]);
        await account.DecideAsync(
            ReviewVerdict.Fine,
            [
                Result("old.png", 0.94, time: Yesterday.AddDays(-90)),
                Result("cap.png", 0.95, objectClass: "cap"),
                Result("other.png", 0.96, camera: "line2"),
                Result("new.png", 0.97, model: "new@2"),
            ]
        );

        JsonNode json = Json(account, "--model", TestAccount.Model);

        Assert.Equal((20, 0), ((int)json["fine"]!, (int)json["defects"]!));
        Assert.Equal(0.3901, (double)json["proposed"]!["threshold"]!); // just above the largest of the 20
    }

    [Fact]
    public async Task Too_few_decisions_are_refused_with_what_is_missing()
    {
        TestAccount account = await FilledAsync(Fine[..19], Defects);

        Aaclip.Result few = account.Run("calibrate", "--from-reviews", "--camera", "line1", "--apply");
        Aaclip.Result none = account.Run("calibrate", "--from-reviews", "--camera", "line9");

        Assert.Equal((1, "", 1, ""), (few.Code, few.Output, none.Code, none.Output));
        Assert.Contains(
            "19 fine and 5 defective images have a score of tiny@1 as 'bottle': at least 20",
            few.Error,
            StringComparison.Ordinal
        );
        Assert.Contains("Camera 'line9' has no results", none.Error, StringComparison.Ordinal);
        Assert.Equal(Profiles, await ProfilesAsync(account));
    }

    [Fact]
    public async Task Without_profiles_the_first_ones_leave_no_camera_out()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        await account.DecideAsync(
            ReviewVerdict.Fine,
            [.. Fine.Select((score, i) => Result($"fine{i}.png", score, objectClass: CameraProfile.Default.Class))]
        );

        Aaclip.Result applied = account.Run("calibrate", "--from-reviews", "--camera", "line1", "--apply");

        Assert.Equal(0, applied.Code);
        CameraSet profiles = await new ProfileEditor(account.Storage, TimeProvider.System).ReadAsync(Cancellation);
        Assert.NotNull(profiles.Find("line1")?.Threshold);
        Assert.Equal(CameraProfile.Default.Class, profiles.Find("another")?.Class);
    }

    private static JsonNode Json(TestAccount account, params string[] more)
    {
        Aaclip.Result result = account.Run(["calibrate", "--from-reviews", "--camera", "line1", "--json", .. more]);
        Assert.Equal((0, ""), (result.Code, result.Error));
        return JsonNode.Parse(Assert.Single(result.Lines))!; // no line is "null"
    }

    private async Task<TestAccount> FilledAsync(double[] fine, double[] defects)
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        await account
            .Storage.Container(ContainerNames.Config)
            .GetBlobClient(CameraProfiles.Blob)
            .UploadAsync(BinaryData.FromString(Profiles), Cancellation);
        await account.DecideAsync(ReviewVerdict.Fine, [.. fine.Select((score, i) => Result($"fine{i}.png", score))]);
        if (defects.Length > 0)
            await account.DecideAsync(ReviewVerdict.Defect, [.. defects.Select((score, i) => Result($"defect{i}.png", score))]);
        return account;
    }

    private static ResultDocument Result(
        string image,
        double score,
        string camera = "line1",
        string model = TestAccount.Model,
        string objectClass = "bottle",
        DateTimeOffset? time = null
    )
    {
        ResultDocument result = TestResult.Document(
            $"{camera}/{image}",
            "0x1",
            score >= 0.5 ? Verdict.Anomalous : Verdict.Normal,
            score,
            model,
            time ?? Yesterday
        );
        return result with { Image = result.Image with { ObjectClass = objectClass } };
    }

    private static string Percent(int hits, int all) => FormattableString.Invariant($"{100 * Binomial.UpperBound(hits, all):F1} %");

    private static async Task<string> ProfilesAsync(TestAccount account) =>
        (
            await account.Storage.Container(ContainerNames.Config).GetBlobClient(CameraProfiles.Blob).DownloadContentAsync(Cancellation)
        ).Value.Content.ToString();
}
