using System.Diagnostics;
using System.Text.Json.Nodes;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Packages;
using AaClip.Tests;

namespace AaClip.Cli.Tests.Operate;

/// <summary><c>aaclip up</c>, and the other verbs finding it.</summary>
public sealed class UpTests(AzuriteFixture azurite) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3); // it only ends a hang

    private readonly PhotoFolder _folder = new();

    private readonly List<int> _started = [];

    // A process that a failed test leaves would keep using the storage of the next test.
    public void Dispose()
    {
        foreach (int id in _started)
        {
            try
            {
                using Process left = Process.GetProcessById(id);
                left.Kill(entireProcessTree: true);
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException)
            {
                // It has ended.
            }
        }

        _folder.Dispose();
    }

    private Process Up(IEnumerable<string> arguments, string? cache = null, IEnumerable<KeyValuePair<string, string>>? environment = null)
    {
        Process process = Aaclip.Start(arguments, cache: cache, environment: environment);
        _started.Add(process.Id);
        return process;
    }

    [Fact]
    public async Task Dropped_images_are_scored_the_other_verbs_find_the_host_and_Ctrl_C_ends_it()
    {
        string cache = _folder.File("cache");
        _folder.Photo("photos/a.png");
        using Process up = Up(
            ["up", "--model", TinyPackage.Random(), "--port", "0"],
            cache: cache,
            environment: [new(StorageConnection.Setting, azurite.ConnectionString)]
        );
        await TestAccount.UntilAsync(
            () => Task.FromResult(up.HasExited || File.Exists(_folder.File("cache/up.json"))),
            "up does not start"
        );

        Aaclip.Result dropped = Aaclip.Run(null, ["drop", "--camera", "line1", _folder.File("photos")], cache);
        await TestAccount.UntilAsync(
            () => Task.FromResult(up.HasExited || Aaclip.Run(null, ["results", "--camera", "line1"], cache).Rows.Length == 1),
            "no result"
        );
        Aaclip.Result verified = Aaclip.Run(null, ["verify", "--camera", "line1"], cache);
        Aaclip.Interrupt(up);
        Aaclip.Result end = Aaclip.Finish(up);

        Assert.Equal(0, dropped.Code);
        Assert.True(verified.Code == 0, verified.Output);
        Assert.True(end.Code == 0, end.Output + end.Error);
        Assert.Contains("Finishing running work", end.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("AccountKey", end.Output + end.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("cache/up.json")));
    }

    [Fact]
    public async Task A_model_without_a_calibration_for_the_classes_of_the_profiles_is_reported_at_the_start()
    {
        string cache = _folder.File("cache"),
            model = TinyPackage.Recalibrated(0.5, "cork board");
        using Process up = Up(
            ["up", "--model", model, "--port", "0"],
            cache: cache,
            environment: [new(StorageConnection.Setting, azurite.ConnectionString)]
        );
        await TestAccount.UntilAsync(
            () => Task.FromResult(up.HasExited || File.Exists(_folder.File("cache/up.json"))),
            "up does not start"
        );
        Aaclip.Interrupt(up);
        Aaclip.Result end = Aaclip.Finish(up);

        Assert.Contains(
            $"Verdicts of cameras without a profile of their own are not reliable. Model {ModelPackage.Open(model).Manifest.Id} has "
                + $"no calibration for 'object', only for 'cork board'",
            end.Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Images_are_scored_again_beside_the_pipeline_and_the_report_says_what_would_change()
    {
        string cache = _folder.File("cache"),
            normal = TinyPackage.Recalibrated(0.95),
            anomalous = TinyPackage.Recalibrated(0.05),
            live = ModelPackage.Open(normal).Manifest.Id,
            better = ModelPackage.Open(anomalous).Manifest.Id;
        foreach (string photo in (string[])["a.png", "b.png", "c.png"])
            _folder.Photo("photos/" + photo);
        using Process up = Up(
            ["up", "--model", normal, "--port", "0"],
            cache: cache,
            environment: [new(StorageConnection.Setting, azurite.ConnectionString)]
        );
        await TestAccount.UntilAsync(
            () => Task.FromResult(up.HasExited || File.Exists(_folder.File("cache/up.json"))),
            "up does not start"
        );
        Aaclip.Result Run(params IEnumerable<string> arguments) => Aaclip.Run(null, arguments, cache);
        Aaclip.Result dropped = Run("drop", "--camera", "line2", _folder.File("photos"));
        await TestAccount.UntilAsync(
            () => Task.FromResult(up.HasExited || Run("results", "--camera", "line2").Rows.Length == 3),
            "no results"
        );

        Aaclip.Result full = Run(
            "rescore",
            "--model",
            anomalous,
            "--against",
            live,
            "--camera",
            "line2",
            "--json",
            "--report",
            _folder.File("full")
        );
        Aaclip.Result threshold = Run(
                "rescore",
                "--model",
                live,
                "--against",
                better,
                "--camera",
                "line2",
                "--mode",
                "threshold",
                "--id",
                "back"
            ),
            shown = Run("jobs", "show", "back");
        Aaclip.Result nothing = Run(
            "rescore",
            "--model",
            better,
            "--mode",
            "compare",
            "--camera",
            "other",
            "--report",
            _folder.File("nothing")
        );
        Aaclip.Interrupt(up);
        Aaclip.Finish(up);

        Assert.Equal(0, dropped.Code);
        Assert.True(full.Code == 0, full.Error);
        JsonNode job = JsonNode.Parse(full.Output)!,
            // Both are JSON objects
            report = JsonNode.Parse(await File.ReadAllTextAsync(_folder.File("full/report.json"), TestContext.Current.CancellationToken))!;
        Assert.Equal(("done", 3, 3, 3), ((string)job["status"]!, (int)job["images"]!, (int)job["done"]!, (int)job["flips"]!));
        Assert.Equal(
            ["line2/a.png", "line2/b.png", "line2/c.png"],
            report["flips"]!.AsArray().Select(f => (string)f!["image"]!).Order(StringComparer.Ordinal)
        );
        Assert.Equal(0, (double)report["agreement"]!);
        Assert.Contains(
            "3 images, 3 changed their verdict",
            await File.ReadAllTextAsync(_folder.File("full/report.html"), TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
        Assert.True(threshold.Code == 0, threshold.Error);
        Assert.Contains("anomalous\tnormal\t3", threshold.Output, StringComparison.Ordinal);
        Assert.StartsWith("Job back is done: 3 of 3 images.", shown.Output, StringComparison.Ordinal);
        Assert.True(nothing.Code == 0, nothing.Error);
        Assert.Contains("is done: 0 of 0 images.", nothing.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(_folder.File("nothing/report.html")));
    }

    [Fact]
    public async Task A_second_host_with_another_model_is_refused_and_one_with_the_same_model_keeps_the_record_of_the_first()
    {
        string cache = _folder.File("cache"),
            model = TinyPackage.Recalibrated(0.95),
            other = TinyPackage.Recalibrated(0.05);
        KeyValuePair<string, string>[] storage = [new(StorageConnection.Setting, azurite.ConnectionString)];
        using Process first = Up(["up", "--model", model, "--port", "0"], cache: cache, environment: storage);
        await TestAccount.UntilAsync(
            () => Task.FromResult(first.HasExited || File.Exists(_folder.File("cache/up.json"))),
            "up does not start"
        );
        // A JSON object
        JsonNode note = JsonNode.Parse(await File.ReadAllTextAsync(_folder.File("cache/up.json"), TestContext.Current.CancellationToken))!;

        using Process mixed = Up(["up", "--model", other, "--port", "0"], cache: cache, environment: storage);
        Aaclip.Result refused = Aaclip.Finish(mixed, Patience);
        using Process second = Up(["up", "--model", model, "--port", "0"], cache: cache, environment: storage);
        await TestAccount.UntilAsync(() => Task.FromResult(second.HasExited || Noted() == second.Id), "the second does not start");
        Aaclip.Interrupt(second);
        Aaclip.Result end = Aaclip.Finish(second, Patience);
        int back = Noted();
        Aaclip.Interrupt(first);
        Aaclip.Finish(first, Patience);

        Assert.Equal(1, refused.Code);
        Assert.Equal(
            $"aaclip: Model {ModelPackage.Open(model).Manifest.Id} already scores the images of this storage, in process {first.Id} "
                + $"on {Environment.MachineName} ({note["Http"]}); "
                + $"with {ModelPackage.Open(other).Manifest.Id} as well, each image would be scored by one of the two: stop that "
                + $"host, start this one with the same model, or set DataStorage to other storage.",
            refused.Error.TrimEnd()
        );
        Assert.Equal(0, end.Code);
        Assert.Contains(
            $"Events of container images are raised by process {first.Id} on {Environment.MachineName}",
            end.Output + end.Error,
            StringComparison.Ordinal
        );
        Assert.Equal(first.Id, back);
        Assert.False(File.Exists(_folder.File("cache/up.json")));

        int Noted() => (int)JsonNode.Parse(File.ReadAllText(_folder.File("cache/up.json")))!["Process"]!; // a JSON object with this field
    }

    [Fact]
    public void Wrong_camera_profiles_are_reported_before_anything_starts()
    {
        string file = _folder.Write(
            "cameras.json",
            "{ \"schemaVersion\": 1, \"cameras\": { \"line1\": { \"treshold\": 0.5 } } }"u8.ToArray()
        );
        using Process up = Up(
            ["up", "--model", TinyPackage.Random(), "--port", "0", "--cameras", file],
            environment: [new(StorageConnection.Setting, azurite.ConnectionString)]
        );
        Aaclip.Result result = Aaclip.Finish(up);

        Assert.Equal(1, result.Code);
        Assert.Contains("treshold", result.Error, StringComparison.Ordinal);
        Assert.Contains(file, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_model_is_reported_before_anything_starts()
    {
        using Process up = Up(
            ["up", "--model", _folder.File("nothing"), "--port", "0"],
            environment: [new(StorageConnection.Setting, azurite.ConnectionString)]
        );
        Aaclip.Result result = Aaclip.Finish(up);

        Assert.Equal(1, result.Code);
        Assert.Contains(
            $"aaclip: No model package at '{_folder.File("nothing")}': make one with 'aaclip import'.",
            result.Error,
            StringComparison.Ordinal
        );
    }
}
