using AaClip.Evaluation.Events;
using AaClip.Scoring.Tensors;
using AaClip.Tests;

namespace AaClip.Evaluation.Tests.Events;

/// <summary>Lists of recordings, and the frames of a folder.</summary>
public sealed class RecordingListTests : IDisposable
{
    private static readonly string[] Classes = ["normal", "fighting", "car accident"];

    private readonly ScratchFolder _folder = new();

    public RecordingListTests() => _folder.Write("a.npy", "");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Lines_become_recordings()
    {
        _folder.Write(
            "list.csv",
            "path,labels,events\na.npy,Normal,\n\na.npy,fighting,160-320\na.npy,fighting|car accident,0-5:fighting;7-9:car accident\n"
        );

        IReadOnlyList<Recording> recordings = RecordingList.Read(_folder.File("list.csv"), Classes);

        Assert.Equal([true, false, false], recordings.Select(r => r.IsNormal));
        Assert.All(recordings, r => Assert.Equal(_folder.File("a.npy"), r.Path));
        Assert.Equal([new LabelledEvent(160, 320, "fighting")], recordings[1].Events);
        Assert.Equal([new LabelledEvent(0, 5, "fighting"), new LabelledEvent(7, 9, "car accident")], recordings[2].Events);
    }

    [Theory]
    [InlineData("a.npy,riot,", "'riot' is none of the classes normal, fighting, car accident")]
    [InlineData("b.npy,normal,", "neither a file nor a folder")]
    [InlineData("a.npy,normal|fighting,", "not both")]
    [InlineData("a.npy,normal,1-2", "a 'normal' recording has no events")]
    [InlineData("a.npy,fighting,5-5", "with the end after the first")]
    [InlineData("a.npy,fighting,5 to 9", "is not 'first-end'")]
    [InlineData("a.npy,fighting|car accident,5-9", "needs ':label'")]
    [InlineData("a.npy,fighting,5-9:car accident", "a label that the recording does not have")]
    [InlineData("a.npy", "has 1 parts")]
    public void A_line_that_cannot_be_read_is_named(string line, string expected)
    {
        _folder.Write("list.csv", $"path,labels,events\n{line}\n");

        InvalidDataException e = Assert.Throws<InvalidDataException>(() => RecordingList.Read(_folder.File("list.csv"), Classes));

        Assert.Contains("line 2", e.Message, StringComparison.Ordinal);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_without_header_or_recordings_is_refused()
    {
        _folder.Write("bare.csv", "a.npy,normal,\n");
        _folder.Write("empty.csv", "path,labels,events\n");

        foreach (string name in (string[])["bare.csv", "empty.csv"])
            Assert.Throws<InvalidDataException>(() => RecordingList.Read(_folder.File(name), Classes));
    }

    [Fact]
    public void The_first_frame_of_each_snippet_is_seen_in_the_order_of_the_numbers()
    {
        string frames = Directory.CreateDirectory(_folder.File("frames")).FullName;
        foreach (int i in (int[])[1, 2, 3, 9, 10, 11, 100])
            File.WriteAllText(Path.Combine(frames, $"f{i}.png"), "");
        File.WriteAllText(Path.Combine(frames, "notes.txt"), "");
        SnippetFeatures features = new(() => throw new InvalidOperationException(), 4, snippetFrames: 3);

        Assert.Equal(["f1.png", "f9.png"], features.Frames(frames).Select(Path.GetFileName)); // f100 is left over
        InvalidDataException e = Assert.Throws<InvalidDataException>(() =>
            new SnippetFeatures(() => throw new InvalidOperationException(), 4, 8).Frames(frames)
        );
        Assert.Contains("has 7 frames", e.Message, StringComparison.Ordinal);
        NpyFile.Write(_folder.File("b.npy"), [1, 3], [1, 2, 3]);
        e = Assert.Throws<InvalidDataException>(() => features.Of(_folder.File("b.npy"), null, TestContext.Current.CancellationToken));
        Assert.Contains("expected [snippets, 4]", e.Message, StringComparison.Ordinal);
    }
}
