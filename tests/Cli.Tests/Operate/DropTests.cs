using System.Diagnostics;
using AaClip.Pipeline.Storage;
using AaClip.Tests;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace AaClip.Cli.Tests.Operate;

/// <summary><c>aaclip drop</c> on real storage.</summary>
public sealed class DropTests(AzuriteFixture azurite) : IDisposable
{
    private readonly PhotoFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Images_are_stored_below_their_camera_unchanged_and_with_their_content_type()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        byte[] a = File.ReadAllBytes(_folder.Photo("a.png")),
            b = File.ReadAllBytes(_folder.Photo("day 1/b.JPG"));
        _folder.Write("day 1/readme.txt", "no image"u8.ToArray());

        Aaclip.Result result = account.Run("drop", "--camera", "line1", _folder.Path);

        Assert.Equal((0, ""), (result.Code, result.Error));
        Assert.Contains("2 images of camera 'line1' dropped", result.Output, StringComparison.Ordinal);
        Assert.Equal(["line1/a.png", "line1/day 1/b.JPG"], await NamesAsync(account));
        await AssertBlob(account, "line1/a.png", a, "image/png");
        await AssertBlob(account, "line1/day 1/b.JPG", b, "image/jpeg");
    }

    [Fact]
    public async Task An_image_that_cannot_be_read_is_named_and_the_others_are_stored()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        _folder.Photo("a.png");
        File.CreateSymbolicLink(_folder.File("gone.png"), _folder.File("nowhere.png"));

        Aaclip.Result result = account.Run("drop", "--camera", "line1", _folder.Path);

        Assert.Equal(1, result.Code);
        Assert.Equal(["line1/a.png"], await NamesAsync(account));
        Assert.Contains("1 images could not be stored:", result.Error, StringComparison.Ordinal);
        Assert.Contains("gone.png", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_images_of_one_name_are_refused_before_anything_is_stored()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        string first = _folder.Photo("one/a.png", 1),
            second = _folder.Photo("two/a.png", 2);

        Aaclip.Result result = account.Run("drop", "--camera", "line1", Path.GetDirectoryName(first)!, Path.GetDirectoryName(second)!);

        Assert.Equal(1, result.Code);
        Assert.Contains("would both be stored as 'a.png'", result.Error, StringComparison.Ordinal);
        Assert.Empty(await NamesAsync(account));
    }

    [Fact]
    public async Task A_loop_begins_again_in_a_new_folder_and_ends_with_Ctrl_C()
    {
        TestAccount account = await TestAccount.NewAsync(azurite);
        _folder.Photo("a.png");

        using Process process = account.Start("drop", "--camera", "line1", "--loop", "--rate", "20/s", _folder.Path);
        await TestAccount.UntilAsync(async () => (await NamesAsync(account)).Contains("line1/pass-2/a.png"), "no second pass");
        Aaclip.Interrupt(process);
        Aaclip.Result result = Aaclip.Finish(process);

        Assert.Equal(130, result.Code);
        Assert.EndsWith("Stopped.\n", result.Error, StringComparison.Ordinal);
        Assert.Contains("images of camera 'line1' dropped", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--camera is missing.", "drop", "photos")]
    [InlineData("--camera takes the name of a folder", "drop", "--camera", "a/b", "photos")]
    [InlineData("--rate is '0/s', expected a rate", "drop", "--camera", "a", "--rate", "0/s", "photos")]
    [InlineData("--rate is '2/week', expected a rate", "drop", "--camera", "a", "--rate", "2/week", "photos")]
    [InlineData("--connection and --account exclude each other", "results", "--connection", "x", "--account", "y")]
    [InlineData("--top is '0', expected a whole number from 1 to", "results", "--top", "0")]
    [InlineData("--port is '70000', expected a whole number from 0 to 65535", "up", "--port", "70000")]
    public void A_wrong_command_line_is_reported_and_ends_with_2(string expected, params string[] arguments)
    {
        Aaclip.Result result = Aaclip.Run(arguments);

        Assert.Equal(2, result.Code);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("drop", "--camera", "line1", "photo.png")]
    [InlineData("results")]
    [InlineData("watch")]
    [InlineData("verify")]
    public void Storage_that_does_not_answer_is_reported_in_one_line_without_a_long_wait(params string[] arguments)
    {
        _folder.Photo("photo.png");
        string nobody = azurite.ConnectionString.Replace(
            new Uri(new BlobServiceClient(azurite.ConnectionString).Uri, "/").Authority,
            "127.0.0.1:9",
            StringComparison.Ordinal
        );

        Aaclip.Result result = Aaclip.Run(_folder.Path, [.. arguments, "--connection", nobody]);

        Assert.Equal(1, result.Code);
        Assert.Equal(
            "aaclip: Storage at http://127.0.0.1:9/devstoreaccount1 does not answer: start it with 'aaclip up', or name another "
                + "with --connection or --account.\n",
            result.Error
        );
    }

    [Theory]
    [InlineData("--connection", "AccountKey=c2VjcmV0", "is not a connection string of a storage account")]
    [InlineData("--account", "https://plant1.blob.core.windows.net/?sig=c2VjcmV0", "--account takes the name of a storage account")]
    public void An_invalid_account_is_refused_without_repeating_it(string option, string value, string expected)
    {
        Aaclip.Result result = Aaclip.Run("results", option, value);

        Assert.Equal(1, result.Code);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("c2VjcmV0", result.Error + result.Output, StringComparison.Ordinal);
    }

    private static async Task<string[]> NamesAsync(TestAccount account)
    {
        List<string> names = [];
        await foreach (
            BlobItem blob in account
                .Storage.Container(ContainerNames.Images)
                .GetBlobsAsync(cancellationToken: TestContext.Current.CancellationToken)
        )
            names.Add(blob.Name);
        return [.. names];
    }

    private static async Task AssertBlob(TestAccount account, string name, byte[] content, string type)
    {
        BlobDownloadResult blob = await account
            .Storage.Container(ContainerNames.Images)
            .GetBlobClient(name)
            .DownloadContentAsync(TestContext.Current.CancellationToken);
        Assert.Equal(content, blob.Content.ToArray());
        Assert.Equal(type, blob.Details.ContentType);
    }
}
