using System.Buffers.Binary;
using System.Text;
using AaClip.Import.Tests.Torch;
using AaClip.Scoring.Tensors;
using AaClip.Tests;

namespace AaClip.Import.Tests;

public sealed class CheckpointFuzzTests
{
    private const int Mutants = 250; // of each kind
    private const int LeastRefused = 60;
    private const long MaxBytes = 64 << 20;

    private static readonly long[] Extremes =
    [
        0,
        1,
        -1,
        int.MaxValue,
        int.MinValue,
        uint.MaxValue,
        long.MaxValue,
        long.MinValue,
        1L << 40,
        0x7fff,
    ];

    [Theory]
    [InlineData("zip")]
    [InlineData("zip64")]
    [InlineData("pickle")]
    [InlineData("TorchScript")]
    [InlineData("safetensors")]
    [InlineData("index")]
    public void A_mutated_checkpoint_reads_or_is_refused_but_never_ends_otherwise(string kind)
    {
        using ScratchFolder folder = new();
        SafetensorsFile.Write(folder.File("one.safetensors"), [new("a", ([2], [1f, 2f]))]);
        Random random = new(20250326);
        int refused = 0;

        for (int mutant = 0; mutant < Mutants; mutant++)
        {
            string path = folder.Write("mutant", Mutate(kind, folder, random));
            TimeSpan start = ThreadClock.Now;
            long allocated = GC.GetAllocatedBytesForCurrentThread();
            Exception? end = Record.Exception(() => ReadAll(path));

            Assert.True(end is null or InvalidDataException, $"{kind} {mutant}: {end}");
            Assert.InRange((ThreadClock.Now - start).TotalSeconds, 0, 2);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, MaxBytes);
            if (end is InvalidDataException)
            {
                Assert.Contains("mutant", end.Message, StringComparison.Ordinal); // the file is named
                refused++;
            }
        }

        Assert.InRange(refused, LeastRefused, Mutants);
    }

    private static void ReadAll(string path)
    {
        using Checkpoint checkpoint = Checkpoint.Open(path);
        foreach (StoredTensor tensor in checkpoint.Tensors.Values)
            tensor.ToFloat32();
    }

    private static byte[] Mutate(string kind, ScratchFolder folder, Random random)
    {
        TestTensor tensor = new("0", "FloatStorage", 6, [2, 3], [3, 1]);
        Dictionary<string, object?> state = new()
        {
            ["epoch"] = 3,
            ["net"] = new Dictionary<string, object?> { ["w"] = tensor, ["v"] = tensor with { Shape = [3, 2], Strides = [1, 3] } },
            ["lr"] = 0.5,
            ["ids"] = new List<object?> { 1, null, "x" },
        };
        object root = kind == "TorchScript" ? new TestModule("__torch__.a", "Model", state) : state;
        byte[] pickle = TestPickle.Of(root);
        byte[] Zip(byte[] p) => TestZip.Checkpoint(p, zip64: kind == "zip64", storages: ("0", new byte[24]));

        return kind switch
        {
            "zip" or "zip64" => Damage(Zip(pickle), random),
            "safetensors" => Damage(File.ReadAllBytes(folder.File("one.safetensors")), random),
            "index" => Damage(Encoding.UTF8.GetBytes("""{"metadata": {}, "weight_map": {"a": "one.safetensors"}}"""), random),
            _ => Zip(Damage(pickle, random)), // a sound archive around a damaged pickle
        };
    }

    private static byte[] Damage(byte[] sound, Random random)
    {
        List<byte> bytes = [.. sound];
        for (int wounds = random.Next(1, 4); wounds > 0 && bytes.Count > 8; wounds--)
        {
            int at = random.Next(bytes.Count),
                length = random.Next(1, Math.Min(40, bytes.Count - at + 1));
            switch (random.Next(7))
            {
                case 0:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 1:
                    bytes.RemoveRange(at, length);
                    break;
                case 2:
                    bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, length));
                    break;
                case 3:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 4:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 5:
                    bytes.Reverse(at, length);
                    break;
                default:
                    byte[] extreme = new byte[8];
                    BinaryPrimitives.WriteInt64LittleEndian(extreme, Extremes[random.Next(Extremes.Length)]);
                    int width = random.Next(2) == 0 ? 4 : 8;
                    for (int i = 0; i < width && at + i < bytes.Count; i++)
                        bytes[at + i] = extreme[i];
                    break;
            }
        }

        return [.. bytes];
    }
}
