using System.IO.Compression;
using AaClip.Import.Adapters;
using AaClip.Scoring.Tensors;
using AaClip.Tests;

namespace AaClip.Import.Tests.Adapters;

public sealed class AdapterCheckpointTests
{
    public static TheoryData<string, string> Published =>
        new()
        {
            { "text_adapter.pth", "text" },
            { "text_adapter_after3.pth", "text" },
            { "image_adapter_0.pth", "image" },
            { "image_adapter_3.pth", "image" },
        };

    [Theory, MemberData(nameof(Published))]
    public void What_is_written_is_what_the_published_code_wrote(string name, string part)
    {
        using ScratchFolder folder = new();
        string original = Parity.File($"tiny/checkpoints/{name}"),
            copy = Path.Combine(folder.Path, name);

        AdapterCheckpoint.Read(original, part).Write(copy);

        using Checkpoint before = Checkpoint.Open(original),
            after = Checkpoint.Open(copy);
        Assert.Equal(before.Tensors.Keys, after.Tensors.Keys);
        Assert.Equal(before.Values, after.Values);
        foreach ((string key, StoredTensor tensor) in before.Tensors)
        {
            Assert.Equal(tensor.Shape, after.Tensors[key].Shape);
            Assert.Equal(tensor.ToFloat32(), after.Tensors[key].ToFloat32());
        }
    }

    [Fact]
    public void Entries_are_stored_under_the_names_that_torch_load_asks_for()
    {
        using ScratchFolder folder = new();
        string copy = Path.Combine(folder.Path, "text_adapter.pth");

        AdapterCheckpoint.Read(Parity.File("tiny/checkpoints/text_adapter_after3.pth"), "text").Write(copy);

        using ZipArchive zip = ZipFile.OpenRead(copy),
            published = ZipFile.OpenRead(Parity.File("tiny/checkpoints/text_adapter_after3.pth"));
        Assert.Equal(published.Entries.Select(e => e.FullName).Order(), zip.Entries.Select(e => e.FullName).Order());
        Assert.All(zip.Entries, e => Assert.Equal(e.Length, e.CompressedLength));
    }

    [Fact]
    public void A_file_without_the_part_is_refused_by_name()
    {
        string file = Parity.File("tiny/checkpoints/text_adapter.pth");

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => AdapterCheckpoint.Read(file, "image"));

        Assert.Contains("text_adapter.pth", refused.Message, StringComparison.Ordinal);
        Assert.Contains("image_adapter.", refused.Message, StringComparison.Ordinal);
    }
}
