using System.Diagnostics;
using AaClip.Pipeline.Storage;
using AaClip.Tests;

namespace AaClip.Cli.Tests.Pipeline;

/// <summary><c>aaclip up</c>, and the other verbs finding it.</summary>
public sealed class UpTests(AzuriteFixture azurite) : IDisposable
{
    private readonly PhotoFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Images_dropped_are_scored_the_other_verbs_find_it_and_Ctrl_C_ends_it()
    {
        string cache = _folder.File("cache");
        _folder.Photo("photos/a.png");
        using Process up = Aaclip.Start(["up", "--model", TinyPackage.Random(), "--port", "0"], cache: cache, environment: [new(StorageConnection.Setting, azurite.ConnectionString)]);
        await TestAccount.UntilAsync(() => Task.FromResult(up.HasExited || File.Exists(_folder.File("cache/up.json"))), "up does not start");

        Aaclip.Result dropped = Aaclip.Run(null, ["drop", "--camera", "line1", _folder.File("photos")], cache);
        await TestAccount.UntilAsync(() => Task.FromResult(up.HasExited || Aaclip.Run(null, ["results", "--camera", "line1"], cache).Rows.Length == 1), "no result");
        Aaclip.Result verified = Aaclip.Run(null, ["verify", "--camera", "line1"], cache);
        Aaclip.Interrupt(up);
        Aaclip.Result end = Aaclip.Finish(up);

        Assert.Equal(0, dropped.Code);
        Assert.True(verified.Code == 0, verified.Output);
        Assert.True(end.Code == 0, end.Output + end.Error);
        Assert.Contains("Finishing what runs", end.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("AccountKey", end.Output + end.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("cache/up.json")));
    }

    [Fact]
    public void A_model_that_is_not_there_is_told_before_anything_waits()
    {
        using Process up = Aaclip.Start(["up", "--model", _folder.File("nothing"), "--port", "0"], environment: [new(StorageConnection.Setting, azurite.ConnectionString)]);
        Aaclip.Result result = Aaclip.Finish(up);

        Assert.Equal(1, result.Code);
        Assert.Contains($"aaclip: No model package at '{_folder.File("nothing")}': make one with 'aaclip import'.", result.Error, StringComparison.Ordinal);
    }
}
