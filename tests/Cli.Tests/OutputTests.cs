using System.Diagnostics;
using System.Text.Json.Nodes;
using AaClip.Cli.Model;
using AaClip.Scoring;
using AaClip.Tests;

namespace AaClip.Cli.Tests;

/// <summary>Output after the reader closes the pipe, with a full disk, and after Ctrl-C.</summary>
public sealed class OutputTests : IDisposable
{
    private const int Photos = 300;

    private readonly PhotoFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_closed_pipe_ends_the_run_without_a_message()
    {
        using Process process = Aaclip.Start(["score", "--model", TinyPackage.Random(), "--class", "bottle", Many()]);
        Assert.StartsWith(
            "image\t",
            await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
        process.StandardOutput.Close();
        string error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(141, process.ExitCode);
        Assert.DoesNotContain("aaclip: ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_C_keeps_the_lines_so_far_and_the_file_gets_its_name_only_then()
    {
        string lines = _folder.File("scores.jsonl");
        using Process process = Aaclip.Start(["score", "--model", TinyPackage.Random(), "--class", "bottle", "--json", lines, Many()]);
        for (int i = 0; i < 2; i++)
            await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken); // the header and the first image
        bool named = File.Exists(lines);
        Aaclip.Interrupt(process);
        Aaclip.Result result = Aaclip.Finish(process);

        Assert.False(named);
        Assert.Equal(130, result.Code);
        Assert.EndsWith("Stopped.\n", result.Error, StringComparison.Ordinal);
        string[] kept = File.ReadAllLines(lines);
        Assert.InRange(kept.Length, 1, Photos - 1);
        Assert.All(kept, line => Assert.NotNull(JsonNode.Parse(line)!["score"])); // whole objects
        Assert.False(File.Exists(lines + ".tmp"));
    }

    [Fact]
    public void Rows_so_far_are_shown_on_a_terminal_when_the_run_breaks_off()
    {
        string first = _folder.Photo("photos/1.png"),
            second = _folder.Photo("photos/2.png");
        Directory.CreateDirectory(_folder.File("maps/2.png")); // a folder where a file is to be written

        Aaclip.Result result = Aaclip.OnTerminal(
            80,
            "score",
            "--model",
            TinyPackage.Random(),
            "--class",
            "bottle",
            "--maps",
            _folder.File("maps"),
            first,
            second
        );

        Assert.Equal(1, result.Code);
        Assert.Contains(
            result.Lines,
            l => l.Contains("1.png", StringComparison.Ordinal) && !l.Contains("aaclip:", StringComparison.Ordinal)
        );
        Assert.Contains(result.Lines, l => l.Contains("2.png' cannot be written", StringComparison.Ordinal));
        Assert.Empty(Directory.EnumerateFiles(_folder.File("maps"), "*.tmp"));
    }

    [Fact]
    public void A_full_disk_is_reported()
    {
        if (!File.Exists("/dev/full"))
            Assert.Skip("There is no /dev/full here.");
        string photo = _folder.Photo("a.png");

        Aaclip.Result result = Aaclip.Run("score", "--model", TinyPackage.Random(), "--class", "bottle", "--json", "/dev/full", photo);

        Assert.Equal(
            (
                1,
                "aaclip: The disk is full: '/dev/full' cannot be written (No space left on device); the lines so far are in '/dev/full'.\n"
            ),
            (result.Code, result.Error)
        );
    }

    [Fact]
    public void A_file_that_cannot_be_written_leaves_nothing_and_what_was_there_stays()
    {
        Directory.CreateDirectory(_folder.File("taken.json"));
        string kept = _folder.Write("kept.json", "old"u8.ToArray());

        IOException refused = Assert.Throws<IOException>(() => WholeFile.Write(_folder.File("taken.json"), "new"));
        Assert.ThrowsAny<IOException>(() => WholeFile.Write(_folder.File("none/a.json"), "new"));
        WholeFile.Write(kept, "new");

        Assert.StartsWith($"'{_folder.File("taken.json")}' cannot be written (", refused.Message, StringComparison.Ordinal);
        Assert.Equal("new", File.ReadAllText(kept));
        Assert.Equal(
            ["kept.json", "taken.json"],
            Directory.EnumerateFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void Pictures_in_unsupported_formats_and_masks_are_counted_and_named()
    {
        string part = _folder.Photo("bottle/test/broken/000.png"),
            pair = _folder.Photo("loose/a.png");
        _folder.Photo("bottle/ground_truth/broken/000_mask.png");
        _folder.Photo("loose/a_mask.png");
        foreach (
            string name in (string[])
                [
                    "bottle/test/good/1.heic",
                    "bottle/test/good/2.HEIC",
                    "bottle/test/good/3.gif",
                    "bottle/test/good/._4.png",
                    "__MACOSX/5.png",
                    "bottle/notes.txt",
                ]
        )
            _folder.Write(name, [1]);
        List<string> notes = [];

        IReadOnlyList<ImageFile> found = ImageFiles.Find([_folder.Path], notes.Add),
            masks = ImageFiles.Find([_folder.File("bottle/ground_truth")]);
        FileNotFoundException none = Assert.Throws<FileNotFoundException>(() =>
            ImageFiles.Find([_folder.File("bottle/test/good")], notes.Add)
        );

        Assert.Equal([part, pair], found.Select(f => f.Path));
        Assert.Equal(2, notes.Count);
        Assert.StartsWith("Left out: 3 pictures in unsupported formats (2 .heic, 1 .gif), such as '", notes[0], StringComparison.Ordinal);
        Assert.StartsWith("Left out: 2 masks of a data set, such as '", notes[1], StringComparison.Ordinal);
        Assert.EndsWith("000_mask.png", Assert.Single(masks).Path, StringComparison.Ordinal);
        Assert.Contains("but 3 pictures in unsupported formats (2 .heic, 1 .gif)", none.Message, StringComparison.Ordinal);
    }

    private string Many()
    {
        byte[] photo = File.ReadAllBytes(_folder.Photo("one.png"));
        for (int i = 0; i < Photos; i++)
            _folder.Write($"many/{i:D3}.png", photo);
        return _folder.File("many");
    }
}
