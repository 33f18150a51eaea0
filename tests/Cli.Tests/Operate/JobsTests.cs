using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using AaClip.Pipeline.Audits;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Jobs;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using AaClip.Tests;
using AaClip.Training.Scan;
using Azure.Storage.Blobs.Models;

namespace AaClip.Cli.Tests.Operate;

/// <summary>Verbs of jobs and of models on real storage.</summary>
public sealed class JobsTests(AzuriteFixture azurite) : IDisposable
{
    private readonly PhotoFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_job_is_started_detached_listed_paused_resumed_and_cancelled()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        await account.Storage.EnsureCreatedAsync(TestContext.Current.CancellationToken);
        string model = account.Run("publish", TinyPackage.Random()).Output.Replace("Published: ", "", StringComparison.Ordinal).Trim();
        string[] rescore = ["rescore", "--model", model, "--against", "old@1", "--id", "j", "--json", "--detach"];

        Aaclip.Result started = account.Run(rescore),
            again = account.Run(rescore),
            other = account.Run([.. rescore, "--camera", "line1"]);
        Aaclip.Result list = account.Run("jobs"),
            shown = account.Run("jobs", "show", "j"),
            early = account.Run("jobs", "report", "j", "--out", _folder.File("report"));
        using Process following = account.Start("jobs", "follow", "j");
        // After its first line of progress it follows the job
        Assert.NotNull(await following.StandardError.ReadLineAsync(TestContext.Current.CancellationToken));
        Aaclip.Interrupt(following);
        Aaclip.Result followed = Aaclip.Finish(following);
        string[] statuses =
        [
            .. new[] { "pause", "resume", "cancel" }.Select(action =>
                (string)JsonNode.Parse(account.Run("jobs", action, "j", "--json").Output)!["status"]!
            ),
        ]; // JSON objects with this field
        Aaclip.Result late = account.Run("jobs", "resume", "j");

        Assert.Equal((0, 0), (started.Code, again.Code));
        Assert.Equal("running", (string)JsonNode.Parse(started.Output)!["status"]!);
        Assert.Equal((1, "aaclip: There is a job j already, with another request: choose another id.\n"), (other.Code, other.Error));
        Assert.Equal(["job", "status", "mode", "model", "against", "images", "done", "changed", "left"], list.Lines[0].Split('\t'));
        Assert.Equal(["j", "running", "full", model, "old@1"], list.Rows[0][..5]);
        Assert.StartsWith("Job j is running: 0 of 0 or more images.", shown.Output, StringComparison.Ordinal);
        Assert.Equal((1, "aaclip: Job j has no report yet: it is written when the job is done.\n"), (early.Code, early.Error));
        Assert.Equal(130, followed.Code);
        Assert.Contains("The job goes on: 'aaclip jobs follow j'", followed.Error, StringComparison.Ordinal);
        Assert.Equal(["paused", "running", "cancelled"], statuses);
        Assert.Equal((1, "aaclip: Job j is cancelled: it cannot be resumed; start a new one.\n"), (late.Code, late.Error));
    }

    [Fact]
    public async Task Models_are_published_promoted_shadowed_and_taken_back()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        await account.Storage.EnsureCreatedAsync(TestContext.Current.CancellationToken);

        Aaclip.Result published = account.Run("publish", TinyPackage.Random()),
            twice = account.Run("publish", TinyPackage.Random()),
            absent = account.Run("publish", _folder.File("none"));
        string model = published.Output.Replace("Published: ", "", StringComparison.Ordinal).Trim();
        Aaclip.Result unknown = account.Run("promote", "none@1"),
            promoted = account.Run("promote", model),
            shadowed = account.Run("shadow", model, "--share", "0.25"),
            roles = account.Run("promote");
        Aaclip.Result off = account.Run("shadow", "--off"),
            own = account.Run("promote", "--own");

        Assert.Equal((0, published.Output), (twice.Code, twice.Output));
        Assert.Equal(
            (1, $"aaclip: No model package at '{_folder.File("none")}': make one with 'aaclip import'.\n"),
            (absent.Code, absent.Error)
        );
        Assert.Equal(1, unknown.Code);
        Assert.Contains("Model none@1 is not in container", unknown.Error, StringComparison.Ordinal);
        Assert.StartsWith($"Live    {model}, since ", promoted.Output, StringComparison.Ordinal);
        Assert.Contains($"Shadow  {model}, 25 % of new images", roles.Output, StringComparison.Ordinal);
        Assert.Equal(0, shadowed.Code);
        Assert.DoesNotContain("Shadow", off.Output, StringComparison.Ordinal);
        Assert.StartsWith("Live    the package at Model__Path", own.Output, StringComparison.Ordinal);
        Assert.Contains($"Before  {model}", own.Output, StringComparison.Ordinal);
        Assert.NotEmpty(
            await account
                .Storage.Container(ContainerNames.Models)
                .GetBlobsAsync(cancellationToken: TestContext.Current.CancellationToken)
                .ToListAsync(TestContext.Current.CancellationToken)
        );
    }

    [Fact]
    public async Task A_model_that_its_scan_rejects_is_promoted_only_on_demand()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        await account.Storage.EnsureCreatedAsync(TestContext.Current.CancellationToken);
        string good = Scanned("good", rejected: false),
            bad = Scanned("bad", rejected: true),
            foreign = Scanned("foreign", rejected: false, hash: new string('0', 64));

        Aaclip.Result plain = account.Run("promote", TinyPackage.Random()),
            passed = account.Run("promote", good),
            other = account.Run("promote", foreign),
            refused = account.Run("promote", bad),
            stored = account.Run("promote", Id(account.Run("publish", bad))),
            forced = account.Run("promote", bad, "--without-scan");

        string id = ModelPackage.Open(bad).Manifest.Id;
        Assert.Contains("Scan    not scanned", plain.Output, StringComparison.Ordinal);
        Assert.Contains("Scan    scan: nothing found, class bottle, effort low", passed.Output, StringComparison.Ordinal);
        Assert.Equal(1, other.Code);
        Assert.Contains("is of another package of that name", other.Error, StringComparison.Ordinal);
        Assert.Equal((1, 1), (refused.Code, stored.Code));
        Assert.Contains($"The scan of {id} rejects it: an input hides more than 20 %", stored.Error, StringComparison.Ordinal);
        Assert.StartsWith($"Live    {id}", forced.Output, StringComparison.Ordinal);
        BlobDownloadResult roles = await account
            .Storage.Container(ContainerNames.Config)
            .GetBlobClient("models.json")
            .DownloadContentAsync(TestContext.Current.CancellationToken);
        Assert.Contains("scan: rejected, effort low; promoted on demand", roles.Content.ToString(), StringComparison.Ordinal);

        // A package of its own, with the report of a scan in its folder
        string Scanned(string name, bool rejected, string? hash = null)
        {
            string folder = TinyPackage.Copy(TinyPackage.Random()),
                file = Path.Combine(folder, ModelManifest.FileName);
            JsonNode manifest = JsonNode.Parse(File.ReadAllText(file))!; // an object
            manifest["name"] = name;
            File.WriteAllText(file, manifest.ToJsonString());
            ModelPackage package = ModelPackage.Open(folder);
            ScanReport report = new()
            {
                Model = new ModelScan(package.Manifest.Id, hash ?? package.Hash, rejected, 32, []),
                At = DateTimeOffset.UnixEpoch,
                ObjectClass = "bottle",
                Effort = ScanEffort.Low,
                Patch = 0.06,
                Change = 4,
                MostHidden = 0.2,
                Alpha = 0.001,
                Seed = 7,
                Images = [],
            };
            Directory.CreateDirectory(Path.Combine(folder, ModelPackage.Scan));
            File.WriteAllText(Path.Combine(folder, ModelPackage.Scan, ScanReport.FileName), report.ToJson());
            File.WriteAllBytes(Path.Combine(folder, ModelPackage.Scan, "patch.png"), ImageEncoder.Png8(1, 1, [7]));
            return folder;
        }
    }

    [Fact]
    public async Task An_audit_is_a_job_and_shows_what_it_flagged()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        await account.Storage.EnsureCreatedAsync(TestContext.Current.CancellationToken);
        string model = Id(account.Run("publish", TinyPackage.Random()));
        string[] audit = ["audit", "--camera", "line1", "--model", model, "--id", "a", "--to", "2026-01-31", "--json"];

        Aaclip.Result unknown = account.Run("audit", "--camera", "line1", "--detach"),
            started = account.Run([.. audit, "--detach"]);
        JobStore jobs = new(account.Storage, TimeProvider.System);
        Job job = (
            await jobs.ChangeAsync("a", j => j with { Status = JobStatus.Done, ListedAll = true }, TestContext.Current.CancellationToken)
        )!; // it was just started
        AuditFinding finding = new(
            new AuditedImage("line1/a.png", "0x1", AuditedImage.Audited, new Rises(0.25, 0.5, new ImageCell(1, 2, 3, 4), 0.125, "mean")),
            0.01,
            0.5,
            Flagged: true
        );
        JobReport report = new(job, null, null, [], new AuditReport(0.04, 120, 1, [finding]));
        await jobs.WriteReportAsync(
            "a",
            JobReporter.JsonFile,
            JsonSerializer.SerializeToUtf8Bytes(report, JobJson.Default.JobReport),
            "application/json",
            TestContext.Current.CancellationToken
        );
        Aaclip.Result json = account.Run(audit),
            table = account.Run(audit[..^1]);

        Assert.Equal(
            (1, "aaclip: The live model is not known, because there is no result yet: name it with --model.\n"),
            (unknown.Code, unknown.Error)
        );
        JsonNode progress = JsonNode.Parse(started.Output)!; // a JSON object
        Assert.Equal(("audit", model, model), ((string)progress["mode"]!, (string)progress["model"]!, (string)progress["against"]!));
        Assert.Equal((0.05, 0.04), (job.Request.Share, job.Request.FalseFlags));
        Assert.Equal(0.01, (double)JsonNode.Parse(json.Output)!["coverP"]!); // a line for the flagged image
        Assert.Equal(["line1/a.png", "0.5000", "0.01", "3x4+1+2", "0.1250", "0.5"], table.Rows[0]);
        Assert.Contains(
            "120 images measured, 1 flagged; of normal images at most 4 % are, by chance.",
            table.Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_list_of_trusted_models_is_made_shown_and_kept_whole()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        await account.Storage.EnsureCreatedAsync(TestContext.Current.CancellationToken);
        string model = Id(account.Run("publish", TinyPackage.Random())),
            other = Id(account.Run("publish", TinyPackage.Recalibrated(0.95))),
            hash = ModelPackage.Open(TinyPackage.Random()).Hash;

        Aaclip.Result none = account.Run("trust"),
            promoted = account.Run("promote", model),
            without = account.Run("trust", other),
            trusted = account.Run("trust", TinyPackage.Random(), other);
        Aaclip.Result json = account.Run("trust", "--json"),
            unlisted = account.Run("shadow", Id(account.Run("publish", TinyPackage.Recalibrated(0.05)))),
            live = account.Run("trust", "--remove", model),
            removed = account.Run("trust", "--remove", other),
            absent = account.Run("trust", "--remove", other),
            off = account.Run("trust", "--off");

        Assert.Equal((0, "", "There is no list: workers may use any package.\n"), (none.Code, none.Output, none.Error));
        Assert.Contains($", model.json {hash[..12]}", promoted.Output, StringComparison.Ordinal);
        Assert.Equal(
            (
                1,
                $"aaclip: The live model {model} would not be in the list, and all images would wait: name it too, or promote another one "
                    + "first.\n"
            ),
            (without.Code, without.Error)
        );
        Assert.Equal([model, hash], trusted.Rows[0][..2]);
        Assert.Equal(other, trusted.Rows[1][0]);
        Assert.Equal(hash, (string)JsonNode.Parse(json.Lines[0])!["sha256"]!); // JSON objects with this field
        Assert.Equal(1, unlisted.Code);
        Assert.Contains("is not in models/trusted.json, and workers would refuse it", unlisted.Error, StringComparison.Ordinal);
        Assert.Equal(1, live.Code);
        Assert.Equal(model, Assert.Single(removed.Rows)[0]);
        Assert.Equal((1, $"aaclip: '{other}' is not in the list: 'aaclip trust' shows what is.\n"), (absent.Code, absent.Error));
        Assert.Equal((0, none.Error), (off.Code, off.Error));
    }

    private static string Id(Aaclip.Result published) => published.Output.Replace("Published: ", "", StringComparison.Ordinal).Trim();
}
