using System.Text;
using AaClip.Import.Tests.Torch;
using AaClip.Tests;

namespace AaClip.Import.Tests;

public sealed class RefusedContainerTests
{
    private static readonly byte[] Pickle = TestPickle.Of(new Dictionary<string, object?> { ["epoch"] = 1 });

    public static TheoryData<string, byte[], string> Others() =>
        new()
        {
            {
                "old pickle",
                [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46],
                "'{0}' is a bare pickle, as PyTorch before 1.6 wrote it, which is not read here: load it with torch.load and save "
                    + "it anew with PyTorch 1.6 or newer, or as safetensors."
            },
            {
                "tar",
                [.. new byte[257], .. "ustar"u8, .. new byte[250]],
                "'{0}' is a tar archive, which is not read here: unpack it, or if PyTorch wrote it, save it anew with PyTorch 1.6 "
                    + "or newer, or as safetensors."
            },
            { "gzip", [0x1f, 0x8b, 8, 0], "'{0}' is compressed with gzip: unpack it first." },
            {
                "Git LFS",
                Encoding.UTF8.GetBytes("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
                "'{0}' is a Git LFS pointer of 56 bytes, not the checkpoint itself: run 'git lfs pull'."
            },
            {
                "web page",
                Encoding.UTF8.GetBytes("<!DOCTYPE html>"),
                "'{0}' is a web page, not a checkpoint: the download was answered by a page, download it again."
            },
            { "empty", [], "'{0}' is empty: it was not copied whole." },
            {
                "something else",
                [0, 1, 2, 0xff],
                "'{0}' is not a checkpoint: its 4 bytes begin with 000102FF. Expected are safetensors, an index of shards, or the "
                    + "zip file of torch.save or torch.jit.save (PyTorch 1.6 or newer)."
            },
            {
                "JSON",
                Encoding.UTF8.GetBytes("{\"a\": 1}"),
                "'{0}' is JSON without a 'weight_map', so it is not an index of shards: give the path of the weights."
            },
            {
                "zip without an end",
                TestZip.Checkpoint(Pickle)[..100],
                "'{0}' begins like a zip file, but the directory at its end is missing: it was not copied whole."
            },
            {
                "zip of something else",
                TestZip.Of([("a.npy", [1]), ("b.npy", [2])]),
                "The zip file '{0}' has no 'data.pkl', so it is not a PyTorch checkpoint; its 2 entries begin with 'a.npy', "
                    + "'b.npy'. Pass a file that torch.save or torch.jit.save (PyTorch 1.6 or newer) wrote, or safetensors."
            },
            {
                "two checkpoints",
                TestZip.Of([("a/data.pkl", Pickle), ("b/data.pkl", Pickle)]),
                "The zip file '{0}' has 2 entries 'data.pkl', expected one: pass each checkpoint as its own file."
            },
            {
                "same name twice",
                TestZip.Of([("a/data.pkl", Pickle), ("a/data.pkl", Pickle)]),
                "The zip file '{0}' has two entries named 'a/data.pkl': it is damaged."
            },
            {
                "encrypted",
                TestZip.Of([("a/data.pkl", Pickle)], flags: 1),
                "Entry 'a/data.pkl' in '{0}' is encrypted: decrypt the file first."
            },
            {
                "big-endian",
                TestZip.Of([("a/data.pkl", Pickle), ("a/byteorder", "big"u8.ToArray())]),
                "'{0}' was written in byte order 'big', expected 'little': save it anew on a little-endian machine, or as safetensors."
            },
            {
                "bomb",
                TestZip.Of([("a/data.pkl", new byte[32 << 20])], deflate: _ => true),
                "The zip file '{0}' gives entry 'a/data.pkl' 33554432 bytes, at most 16777216 are expected: it is damaged."
            },
        };

    [Theory]
    [MemberData(nameof(Others))]
    public void A_file_of_another_kind_is_refused_with_the_remedy(string what, byte[] content, string expected)
    {
        using ScratchFolder folder = new();
        string path = folder.Write("model.pt", content);

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => Checkpoint.Open(path));

        Assert.Equal(expected.Replace("{0}", path, StringComparison.Ordinal), refused.Message);
        Assert.NotEmpty(what);
    }

    [Fact]
    public void A_bomb_that_lies_about_its_size_is_refused_before_it_unfolds()
    {
        using ScratchFolder folder = new();
        byte[] zip = TestZip.Of([("a/data.pkl", new byte[32 << 20])], deflate: _ => true);
        int directory = zip.AsSpan().LastIndexOf("PK\x01\x02"u8);
        BitConverter.TryWriteBytes(zip.AsSpan(directory + 24), 1000);
        string path = folder.Write("a.pt", zip);

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => Checkpoint.Open(path));

        Assert.Equal(
            $"The zip file '{path}' gives entry 'a/data.pkl' 1000 bytes, but its content has another length: it is damaged.",
            refused.Message
        );
    }

    [Fact]
    public void A_pickle_that_cannot_be_decompressed_is_refused()
    {
        using ScratchFolder folder = new();
        byte[] zip = TestZip.Of([("a/data.pkl", [0xff, 0xff, 0xff, 0xff])]);
        zip[zip.AsSpan().LastIndexOf("PK\x01\x02"u8) + 10] = 8; // the directory says deflate
        string path = folder.Write("a.pt", zip);

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => Checkpoint.Open(path));

        Assert.StartsWith(
            $"The zip file '{path}' has an entry 'a/data.pkl' that cannot be decompressed (",
            refused.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_safetensors_type_that_cannot_be_read_is_refused_with_the_remedy()
    {
        using ScratchFolder folder = new();
        string path = Safetensors(folder, """{"w": {"dtype": "F8_E4M3", "shape": [1], "data_offsets": [0, 1]}}""", 1);

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => Checkpoint.Open(path));

        Assert.Equal(
            $"Tensor 'w' in '{path}' has the type 'F8_E4M3', which cannot be read here: convert it to F32, F16 or BF16.",
            refused.Message
        );
    }

    [Fact]
    public void A_tensor_of_more_than_two_gigabytes_is_refused_with_the_remedy()
    {
        using ScratchFolder folder = new();
        const long bytes = 300_000_000L * 8;
        string path = Safetensors(folder, $$"""{"w": {"dtype": "F64", "shape": [300000000], "data_offsets": [0, {{bytes}}]} }""", bytes);

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => Checkpoint.Open(path));

        Assert.Matches(
            $"^'{path}' holds one tensor of {bytes} bytes at byte \\d+, but at most 2147483647 can be read at once: store it in "
                + $"smaller parts or in half precision.$",
            refused.Message
        );
    }

    [Fact]
    public void A_path_without_a_file_is_said_to_be_so()
    {
        FileNotFoundException missing = Assert.Throws<FileNotFoundException>(() => Checkpoint.Open("no/such/model.pt"));

        Assert.Equal("There is no checkpoint at 'no/such/model.pt': give the path of a file or of a model folder.", missing.Message);
    }

    [Fact]
    public void A_folder_without_a_model_names_what_was_looked_for()
    {
        using ScratchFolder folder = new();

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => Checkpoint.Open(folder.Path));

        Assert.Equal(
            $"The folder '{folder.Path}' has no model: looked for model.safetensors, model.safetensors.index.json, "
                + $"pytorch_model.bin, pytorch_model.bin.index.json, open_clip_model.safetensors, open_clip_pytorch_model.bin, "
                + $"clip.safetensors. Give the path of the file itself.",
            refused.Message
        );
    }

    [Fact]
    public void Odd_entry_names_do_no_harm()
    {
        using ScratchFolder folder = new();
        string path = folder.Write("a.pt", TestZip.Of([("../../etc/passwd", [1]), ("C:\\x\0y", [2]), ("", [3]), ("a/data.pkl", Pickle)]));

        using Checkpoint checkpoint = Checkpoint.Open(path);

        Assert.Equal(1L, checkpoint.Values["epoch"]);
    }

    private static string Safetensors(ScratchFolder folder, string header, long dataBytes)
    {
        byte[] text = Encoding.UTF8.GetBytes(header);
        string path = folder.Write("model.safetensors", [.. BitConverter.GetBytes((long)text.Length), .. text]);
        using FileStream stream = File.OpenWrite(path);
        stream.SetLength(8 + text.Length + dataBytes); // a hole: takes no room on disk
        return path;
    }
}
