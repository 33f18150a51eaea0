using System.Buffers.Binary;
using System.Runtime.InteropServices;
using AaClip.Tests;

namespace AaClip.Import.Tests.Torch;

public sealed class TorchFileTests
{
    private static readonly float[] Numbers = [1.5f, -2f, 0.25f, 3f, 4f, 5f];
    private static readonly byte[] Floats = MemoryMarshal.AsBytes<float>(Numbers).ToArray();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Classic_and_zip64_archives_read_the_same_under_any_folder_name(bool zip64)
    {
        using ScratchFolder folder = new();
        byte[] pickle = TestPickle.Of(
            new Dictionary<string, object?> { ["w"] = new TestTensor("0", "FloatStorage", 6, [2, 3], [3, 1]), ["epoch"] = 7 }
        );
        string path = folder.Write("a.bin", TestZip.Checkpoint(pickle, zip64, "some name é", ("0", Floats)));

        using Checkpoint checkpoint = Checkpoint.Open(path);

        Assert.Equal(Numbers, checkpoint.Tensors["w"].ToFloat32());
        Assert.Equal("w", checkpoint.Tensors["w"].Name);
        Assert.Equal(7L, checkpoint.Values["epoch"]);
    }

    [Fact]
    public void Strides_offsets_and_shared_storages_are_followed()
    {
        using ScratchFolder folder = new();
        byte[] pickle = TestPickle.Of(
            new Dictionary<string, object?>
            {
                ["transposed"] = new TestTensor("0", "FloatStorage", 6, [3, 2], [1, 3]),
                ["row"] = new TestTensor("0", "FloatStorage", 6, [3], [1], Offset: 3),
                ["scalar"] = new TestTensor("0", "FloatStorage", 6, [], [], Offset: 5),
                ["empty"] = new TestTensor("none", "FloatStorage", 0, [0, 4], [4, 1]),
            }
        );
        string path = folder.Write("a.pt", TestZip.Checkpoint(pickle, storages: [("0", Floats), ("none", [])]));

        using Checkpoint checkpoint = Checkpoint.Open(path);

        Assert.Equal([1.5f, 3f, -2f, 4f, 0.25f, 5f], checkpoint.Tensors["transposed"].ToFloat32());
        Assert.Equal([3f, 4f, 5f], checkpoint.Tensors["row"].ToFloat32());
        Assert.Equal([5f], checkpoint.Tensors["scalar"].ToFloat32());
        Assert.Empty(checkpoint.Tensors["empty"].ToFloat32());
    }

    [Theory]
    [InlineData("DoubleStorage", 8)]
    [InlineData("FloatStorage", 4)]
    [InlineData("HalfStorage", 2)]
    [InlineData("BFloat16Storage", 2)]
    [InlineData("LongStorage", 8)]
    [InlineData("IntStorage", 4)]
    [InlineData("ShortStorage", 2)]
    [InlineData("CharStorage", 1)]
    public void Every_storage_type_is_converted(string storage, int size)
    {
        using ScratchFolder folder = new();
        byte[] bytes = new byte[2 * size];
        int[] values = [-3, 64];
        for (int i = 0; i < 2; i++)
            Write(storage, bytes.AsSpan(i * size), values[i]);
        byte[] pickle = TestPickle.Of(new Dictionary<string, object?> { ["w"] = new TestTensor("0", storage, 2, [2], [1]) });
        string path = folder.Write("a.pt", TestZip.Checkpoint(pickle, storages: [("0", bytes)]));

        using Checkpoint checkpoint = Checkpoint.Open(path);

        Assert.Equal([-3f, 64f], checkpoint.Tensors["w"].ToFloat32());
    }

    [Fact]
    public void Modules_parameters_and_lists_unfold_to_names()
    {
        using ScratchFolder folder = new();
        TestTensor tensor = new("0", "FloatStorage", 6, [6], [1]);
        TestModule inner = new(
            "__torch__.torch.nn.modules.linear.___torch_mangle_3",
            "Linear",
            new Dictionary<string, object?>
            {
                ["weight"] = new TestCall("torch._utils", "_rebuild_parameter", [tensor, true, null]),
                ["training"] = false,
            }
        );
        TestModule root = new(
            "__torch__",
            "Model",
            new Dictionary<string, object?>
            {
                ["proj"] = inner,
                ["levels"] = new TestCall("torch.jit._pickle", "build_intlist", [new List<object?> { 6, 12 }]),
                ["big"] = -(1L << 40),
                ["by number"] = new Dictionary<int, object?> { [3] = "three" },
            }
        );
        string path = folder.Write("a.pt", TestZip.Checkpoint(TestPickle.Of(root), storages: [("0", Floats)]));

        using Checkpoint checkpoint = Checkpoint.Open(path);

        Assert.Equal(Numbers, checkpoint.Tensors["proj.weight"].ToFloat32());
        Assert.Equal(false, checkpoint.Values["proj.training"]);
        Assert.Equal(12L, checkpoint.Values["levels.1"]);
        Assert.Equal(-(1L << 40), checkpoint.Values["big"]);
        Assert.Equal("three", checkpoint.Values["by number.3"]);
    }

    [Fact]
    public void Protocol_4_is_read_too()
    {
        using ScratchFolder folder = new();
        byte[] pickle = new TestPickle()
            .Raw(0x80, 4, 0x95, 10, 0, 0, 0, 0, 0, 0, 0) // protocol, frame
            .Raw(0x8c, 11)
            .Raw("collections"u8)
            .Raw(0x94)
            .Raw(0x8c, 11)
            .Raw("OrderedDict"u8)
            .Raw(0x93) // class by stack
            .Raw(')')
            .Raw('R')
            .Raw(0x94)
            .Raw(0x8c, 5)
            .Raw("epoch"u8)
            .Raw('K')
            .Raw(2)
            .Raw('s')
            .Raw('}')
            .Raw('b')
            .Raw('.')
            .ToArray(); // state of the dictionary itself: no matter
        string path = folder.Write("a.pt", TestZip.Checkpoint(pickle));

        using Checkpoint checkpoint = Checkpoint.Open(path);

        Assert.Equal(2L, checkpoint.Values["epoch"]);
    }

    [Fact]
    public void A_compressed_pickle_is_read_but_a_compressed_storage_is_refused()
    {
        using ScratchFolder folder = new();
        byte[] pickle = TestPickle.Of(new Dictionary<string, object?> { ["w"] = new TestTensor("0", "FloatStorage", 6, [6], [1]) });
        (string, byte[])[] entries = [("a/data.pkl", pickle), ("a/data/0", Floats)];
        string good = folder.Write("good.pt", TestZip.Of(entries, deflate: n => n.EndsWith("pkl", StringComparison.Ordinal)));
        string bad = folder.Write("bad.pt", TestZip.Of(entries, deflate: _ => true));

        using Checkpoint checkpoint = Checkpoint.Open(good);
        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => Checkpoint.Open(bad));

        Assert.Equal(Numbers, checkpoint.Tensors["w"].ToFloat32());
        Assert.Equal(
            $"Entry 'a/data/0' in '{bad}' is compressed (zip method 8), but checkpoints are stored uncompressed: use the file as "
                + $"torch.save wrote it, not one packed anew by a zip tool.",
            refused.Message
        );
    }

    private static void Write(string storage, Span<byte> to, int value)
    {
        switch (storage)
        {
            case "DoubleStorage":
                BinaryPrimitives.WriteDoubleLittleEndian(to, value);
                break;
            case "FloatStorage":
                BinaryPrimitives.WriteSingleLittleEndian(to, value);
                break;
            case "HalfStorage":
                BinaryPrimitives.WriteHalfLittleEndian(to, (Half)value);
                break;
            case "BFloat16Storage":
                BinaryPrimitives.WriteUInt16LittleEndian(to, (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16));
                break;
            case "LongStorage":
                BinaryPrimitives.WriteInt64LittleEndian(to, value);
                break;
            case "IntStorage":
                BinaryPrimitives.WriteInt32LittleEndian(to, value);
                break;
            case "ShortStorage":
                BinaryPrimitives.WriteInt16LittleEndian(to, (short)value);
                break;
            default:
                to[0] = (byte)(sbyte)value;
                break;
        }
    }
}
