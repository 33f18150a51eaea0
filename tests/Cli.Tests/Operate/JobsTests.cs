using System.Diagnostics;
using System.Text.Json.Nodes;
using AaClip.Pipeline.Storage;
using AaClip.Tests;

namespace AaClip.Cli.Tests.Operate;

/// <summary><c>aaclip rescore</c>, <c>jobs</c>, <c>publish</c>, <c>promote</c> and <c>shadow</c> on real storage.</summary>
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
}
