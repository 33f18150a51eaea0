using AaClip.Tests;

namespace AaClip.Import.Tests.Torch;

public sealed class HostilePickleTests
{
    private const string SaveAnew =
        "the file is damaged, or is not a checkpoint of weights alone. Save it anew with torch.save(model.state_dict(), ...) or as "
        + "safetensors.";

    [Theory]
    [InlineData("os", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("torch", "load")]
    [InlineData("__torch__x", "Module")]
    [InlineData("collections", "defaultdict")]
    public void A_global_that_weights_do_not_need_is_refused_by_name(string module, string name)
    {
        byte[] pickle = TestPickle.Of(new TestCall(module, name, ["touch /tmp/x"]));

        (string path, string message) = Refusal(pickle);

        Assert.Equal(
            $"'{path}' names the Python object '{module}.{name}' at byte 2 of its pickle, which is not among the few that weights "
                + $"need; nothing of it was run. Save only the tensors: torch.save(model.state_dict(), ...), or as safetensors.",
            message
        );
    }

    [Fact]
    public void A_global_named_over_the_stack_is_refused_too()
    {
        byte[] pickle = new TestPickle().Raw(0x80, 4).Text("posix").Text("system").Raw(0x93).Raw('.').ToArray();

        Assert.Contains("'posix.system' at byte 23", Refusal(pickle).Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, byte[], string> Malformed()
    {
        TestTensor tensor = new("0", "FloatStorage", 4, [4], [1]);
        return new TheoryData<string, byte[], string>
        {
            {
                "INST",
                new TestPickle().Raw('i').Raw("os\nsystem\n"u8).ToArray(),
                "has the opcode 0x69, which weights do not need (byte 0)"
            },
            { "protocol 5", TestPickle.Of(null, protocol: 5), "is of protocol 5, expected 2 to 4 (byte 0)" },
            { "no STOP", new TestPickle().Raw(0x80, 2).ToArray(), "ends 0 bytes later, but 1 are needed (byte 2)" },
            { "empty stack", new TestPickle().Raw(0x80, 2).Raw('.').ToArray(), "takes a value from an empty stack (byte 2)" },
            { "below the mark", new TestPickle().Raw('N').Raw('(').Raw('0').ToArray(), "takes a value from an empty stack (byte 2)" },
            { "no mark", new TestPickle().Raw('t').ToArray(), "closes a group that was not opened (byte 0)" },
            {
                "huge LONG4",
                new TestPickle().Raw(0x8b, 0xff, 0xff, 0xff, 0x7f).ToArray(),
                "gives a value 2147483647 bytes, but ends 0 bytes later (byte 0)"
            },
            {
                "negative LONG4",
                new TestPickle().Raw(0x8b, 0xff, 0xff, 0xff, 0xff).ToArray(),
                "gives a value 4294967295 bytes, but ends 0 bytes later (byte 0)"
            },
            {
                "long LONG1",
                new TestPickle().Raw(0x8a, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1).ToArray(),
                "has an integer of 9 bytes, at most 8 are understood (byte 0)"
            },
            {
                "huge BINUNICODE8",
                new TestPickle().Raw(0x8d, 0, 0, 0, 0, 0, 0, 0, 0x80).ToArray(),
                "gives a value 9223372036854775808 bytes, but ends 0 bytes later (byte 0)"
            },
            {
                "huge BINBYTES8",
                new TestPickle().Raw(0x8e, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff).ToArray(),
                "gives a value 18446744073709551615 bytes, but ends 0 bytes later (byte 0)"
            },
            {
                "huge FRAME",
                new TestPickle().Raw(0x95, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff).ToArray(),
                "gives a value 18446744073709551615 bytes, but ends 0 bytes later (byte 0)"
            },
            { "bad UTF-8", new TestPickle().Raw(0x8c, 1, 0xff).ToArray(), "has text that is not UTF-8 (byte 0)" },
            { "endless name", new TestPickle().Raw('c').Repeat('x', 2000).ToArray(), "has a class name without an end (byte 0)" },
            { "memo not stored", new TestPickle().Raw('h', 7).ToArray(), "refers to value 7, which it has not stored (byte 0)" },
            {
                "text as key of nothing",
                new TestPickle().Raw('N').Raw('N').Raw('N').Raw('s').ToArray(),
                "sets an item of something that is not a dictionary (byte 3)"
            },
            {
                "list as key",
                new TestPickle().Raw('}').Raw(']').Raw('N').Raw('s').ToArray(),
                "has a dictionary key that is neither text nor an integer (byte 3)"
            },
            { "key without value", new TestPickle().Raw('(').Raw('N').Raw('d').ToArray(), "has a dictionary key without a value (byte 2)" },
            {
                "append to a dictionary",
                new TestPickle().Raw('}').Raw('N').Raw('a').ToArray(),
                "appends to something that is not a list (byte 2)"
            },
            { "call of text", new TestPickle().Text("f").Raw(')').Raw('R').ToArray(), "calls something that is not a function (byte 7)" },
            {
                "arguments to OrderedDict",
                TestPickle.Of(new TestCall("collections", "OrderedDict", [1])),
                "calls 'collections.OrderedDict' with arguments that are not understood"
            },
            {
                "call of a class of TorchScript",
                TestPickle.Of(new TestCall("__torch__", "M", [])),
                "calls '__torch__.M' with arguments that are not understood"
            },
            {
                "object of OrderedDict",
                new TestPickle().Global("collections", "OrderedDict").Raw(')').Raw(0x81).ToArray(),
                "makes an object of something that is not a TorchScript class"
            },
            { "state of a number", new TestPickle().Raw('K', 1).Raw('}').Raw('b').ToArray(), "gives a state to something that has none" },
            { "persistent text", new TestPickle().Text("0").Raw('Q').ToArray(), "refers to something that is not a storage" },
            {
                "storage too short",
                TestPickle.Of(tensor with { Elements = 5 }),
                "gives storage '0' 5 elements of type Float32, but it has 16 bytes"
            },
            {
                "storage below zero",
                TestPickle.Of(tensor with { Elements = -1 }),
                "gives storage '0' -1 elements of type Float32, but it has 16 bytes"
            },
            {
                "repeated storage",
                TestPickle.Of(tensor with { Shape = [1 << 30], Strides = [0] }),
                "builds a tensor of shape [1073741824] that repeats its storage of 16 bytes (save it with .contiguous())"
            },
            {
                "tensor of text",
                TestPickle.Of(new TestCall("torch._utils", "_rebuild_tensor_v2", ["a", 0, new object?[] { 1 }, new object?[] { 1 }])),
                "builds a tensor from arguments that are not understood"
            },
        };
    }

    [Theory]
    [MemberData(nameof(Malformed))]
    public void A_malformed_pickle_is_refused_with_the_byte_at_fault(string what, byte[] pickle, string expected)
    {
        (string path, string message) = Refusal(pickle);

        Assert.StartsWith($"The pickle in '{path}' {expected}", message, StringComparison.Ordinal);
        Assert.EndsWith(SaveAnew, message, StringComparison.Ordinal);
        Assert.NotEmpty(what);
    }

    public static TheoryData<string, byte[], string> WrongTensors()
    {
        TestTensor tensor = new("0", "FloatStorage", 4, [4], [1]);
        return new TheoryData<string, byte[], string>
        {
            {
                "outside",
                TestPickle.Of(tensor with { Offset = 1 }),
                "Tensor 'data/0' in '{0}' of type Float32 and shape [4] reaches outside its storage of 4 elements: the file is damaged."
            },
            {
                "far outside",
                TestPickle.Of(tensor with { Shape = [2], Strides = [long.MaxValue] }),
                "Tensor 'data/0' in '{0}' of type Float32 and shape [2] reaches outside its storage of 4 elements: the file is damaged."
            },
            {
                "negative stride",
                TestPickle.Of(tensor with { Strides = [-1] }),
                "Tensor 'data/0' in '{0}' has a negative offset or stride: the file is damaged."
            },
            {
                "negative offset",
                TestPickle.Of(tensor with { Offset = -1 }),
                "Tensor 'data/0' in '{0}' has a negative offset or stride: the file is damaged."
            },
            {
                "strides missing",
                TestPickle.Of(tensor with { Strides = [] }),
                "Tensor 'data/0' in '{0}' has 1 axes but 0 strides: the file is damaged."
            },
            {
                "too many axes",
                TestPickle.Of(tensor with { Shape = new long[100_000], Strides = new long[100_000] }),
                "Tensor 'data/0' in '{0}' has 100000 axes, at most 64 are possible: the file is damaged."
            },
            {
                "storage missing",
                TestPickle.Of(tensor with { Key = "../0" }),
                "'{0}' has no storage 'data/../0', to which its pickle refers: the file is damaged."
            },
        };
    }

    [Theory]
    [MemberData(nameof(WrongTensors))]
    public void A_tensor_that_does_not_fit_its_storage_is_refused(string what, byte[] pickle, string expected)
    {
        (string path, string message) = Refusal(pickle);

        Assert.Equal(expected.Replace("{0}", path, StringComparison.Ordinal), message);
        Assert.NotEmpty(what);
    }

    [Fact]
    public void Lists_that_multiply_by_sharing_are_refused_quickly()
    {
        TestPickle pickle = new TestPickle().Raw(0x80, 2).Raw(']').Raw('q', 0).Raw('0');
        for (byte level = 1; level < 40; level++)
            pickle.Raw(']').Raw('(').Raw('h', (byte)(level - 1)).Raw('h', (byte)(level - 1)).Raw('e').Raw('q', level).Raw('0');
        pickle.Raw('}').Text("k").Raw('h', 39).Raw('s').Raw('.');

        (string path, string message) = Refusal(pickle.ToArray());

        Assert.Equal(
            $"'{path}' unfolds to more than 1000000 values or 16000000 characters of names: it is not a checkpoint of weights.",
            message
        );
    }

    [Fact]
    public void Long_names_that_multiply_by_sharing_are_refused_quickly()
    {
        TestPickle pickle = new TestPickle()
            .Raw(0x80, 2)
            .Text(new string('k', 1_000_000))
            .Raw('q', 0)
            .Raw('0')
            .Raw('N')
            .Raw('q', 1)
            .Raw('0')
            .Raw('}');
        for (int level = 0; level < 60; level++)
            pickle.Raw('h', 0).Raw('}');
        pickle.Repeat('s', 60).Raw('.');

        Assert.Contains("characters of names", Refusal(pickle.ToArray()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(']', 'a')]
    [InlineData('}', 's')]
    public void Nesting_a_million_deep_is_refused(char open, char close)
    {
        const int depth = 400_000;
        TestPickle pickle = new TestPickle().Raw(0x80, 2).Raw('}').Text("a");
        for (int i = 0; i < depth; i++)
            pickle.Raw(open).Raw(open == '}' ? [(byte)'K', 1] : []);
        pickle.Raw('N').Repeat(close, depth).Raw('s').Raw('.');

        Assert.Contains("is nested deeper than 64 levels", Refusal(pickle.ToArray()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tuples_nested_a_million_deep_are_refused()
    {
        byte[] pickle = new TestPickle().Raw(0x80, 2).Raw('}').Text("a").Raw(')').Repeat((char)0x85, 1_000_000).Raw('s').Raw('.').ToArray();

        Assert.Contains("is nested deeper than 64 levels", Refusal(pickle).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_dictionary_that_contains_itself_is_refused()
    {
        byte[] pickle = new TestPickle().Raw(0x80, 2).Raw('}').Raw('q', 0).Text("me").Raw('h', 0).Raw('s').Raw('.').ToArray();

        Assert.Contains("or contains itself", Refusal(pickle).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(']')]
    [InlineData('(')]
    public void A_stack_of_millions_is_refused(char opcode) =>
        Assert.Contains(
            "holds more than 1000000 values at once",
            Refusal(new TestPickle().Repeat(opcode, 3_000_000).ToArray()).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void Endless_steps_are_refused()
    {
        byte[] pickle = new TestPickle().Raw(string.Concat(Enumerable.Repeat("N0", 3_000_000)).Select(c => (byte)c).ToArray()).ToArray();

        Assert.Contains("takes more than 4000000 steps", Refusal(pickle).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Integer_keys_chosen_to_collide_cost_no_time()
    {
        TestPickle pickle = new TestPickle().Raw(0x80, 2).Raw('}').Raw('(');
        for (long i = 0; i < 200_000; i++)
            pickle.Value(i << 32 | i).Raw('N'); // the halves cancel in .NET's own hash of a long

        TimeSpan start = ThreadClock.Now;
        using ScratchFolder folder = new();
        using Checkpoint checkpoint = Checkpoint.Open(folder.Write("a.pt", TestZip.Checkpoint(pickle.Raw('u').Raw('.').ToArray())));

        Assert.Equal(200_000, checkpoint.Values.Count);
        Assert.InRange((ThreadClock.Now - start).TotalSeconds, 0, 2);
    }

    [Theory]
    [InlineData("list")]
    [InlineData("None")]
    public void A_root_that_is_no_dictionary_is_refused(string kind)
    {
        (string path, string message) = Refusal(TestPickle.Of(kind == "list" ? new List<object?>() : null));

        Assert.Equal(
            $"'{path}' holds a {kind}, expected a dictionary of tensors: save it with torch.save(model.state_dict(), ...).",
            message
        );
    }

    [Fact]
    public void Names_that_clash_once_unfolded_are_refused()
    {
        (string path, string message) = Refusal(
            TestPickle.Of(
                new Dictionary<string, object?>
                {
                    ["a.b"] = 1,
                    ["a"] = new Dictionary<string, object?> { ["b"] = 2 },
                }
            )
        );

        Assert.Equal($"'{path}' has two entries that both unfold to 'a.b': rename one.", message);
    }

    private static (string Path, string Message) Refusal(byte[] pickle)
    {
        using ScratchFolder folder = new();
        string path = folder.Write("a.pt", TestZip.Checkpoint(pickle, storages: ("0", new byte[16])));
        TimeSpan start = ThreadClock.Now;
        long allocated = GC.GetAllocatedBytesForCurrentThread();

        InvalidDataException refused = Assert.Throws<InvalidDataException>(() => Checkpoint.Open(path));

        Assert.InRange((ThreadClock.Now - start).TotalSeconds, 0, 2);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, 1L << 29);
        return (path, refused.Message);
    }
}
