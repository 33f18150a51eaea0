using System.Buffers.Binary;
using System.Text;

namespace AaClip.Import.Tests.Torch;

/// <summary>A tensor to be written: its storage is "data/key" of the archive.</summary>
internal sealed record TestTensor(string Key, string StorageClass, long Elements, long[] Shape, long[] Strides, long Offset = 0);

/// <summary>A TorchScript object to be written.</summary>
internal sealed record TestModule(string Module, string Name, object? State);

/// <summary>A call to be written: the global's module and name, and the arguments.</summary>
internal sealed record TestCall(string Module, string Name, object?[] Arguments);

/// <summary>Writes pickles, with and without faults, opcode by opcode.</summary>
internal sealed class TestPickle
{
    private readonly List<byte> _bytes = [];

    /// <summary>A whole stream that holds one value.</summary>
    public static byte[] Of(object? value, byte protocol = 2) => new TestPickle().Raw(0x80, protocol).Value(value).Raw('.').ToArray();

    public byte[] ToArray() => [.. _bytes];

    public TestPickle Raw(params ReadOnlySpan<byte> bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public TestPickle Raw(char opcode) => Raw((byte)opcode);

    public TestPickle Raw(char opcode, byte argument) => Raw((byte)opcode, argument);

    public TestPickle Repeat(char opcode, int times)
    {
        byte[] bytes = new byte[times];
        Array.Fill(bytes, (byte)opcode);
        return Raw(bytes);
    }

    public TestPickle Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        return Raw('X').Raw(length).Raw(bytes);
    }

    public TestPickle Global(string module, string name) => Raw('c').Raw(Encoding.UTF8.GetBytes($"{module}\n{name}\n"));

    public TestPickle Value(object? value)
    {
        switch (value)
        {
            case null:
                return Raw('N');
            case bool b:
                return Raw(b ? (byte)0x88 : (byte)0x89);
            case string s:
                return Text(s);
            case int n:
                return Integer(n);
            case long n:
                return Integer(n);
            case double d:
                byte[] bytes = new byte[8];
                BinaryPrimitives.WriteDoubleBigEndian(bytes, d);
                return Raw('G').Raw(bytes);
            case List<object?> list:
                return Many(Raw(']').Raw('('), list).Raw('e');
            case object?[] tuple:
                return Many(Raw('('), tuple).Raw('t');
            case Dictionary<string, object?> dictionary:
                return Items(Raw('}'), dictionary);
            case Dictionary<int, object?> dictionary:
                return Items(Raw('}'), dictionary);
            case TestModule module:
                return Global(module.Module, module.Name).Raw(')').Raw(0x81).Value(module.State).Raw('b');
            case TestCall call:
                return Global(call.Module, call.Name).Value(call.Arguments).Raw('R');
            case TestTensor t:
                Global("torch._utils", "_rebuild_tensor_v2").Raw('(').Raw('(').Text("storage").Global("torch", t.StorageClass);
                Text(t.Key).Text("cpu").Integer(t.Elements).Raw('t').Raw('Q').Integer(t.Offset);
                Value(t.Shape.Cast<object?>().ToArray()).Value(t.Strides.Cast<object?>().ToArray());
                return Value(false).Global("collections", "OrderedDict").Raw(')').Raw('R').Raw('t').Raw('R');
            default:
                throw new ArgumentException($"No pickle for {value.GetType()}.", nameof(value));
        }
    }

    private TestPickle Integer(long n)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, n);
        return n is >= 0 and < 256 ? Raw('K').Raw(bytes[0])
            : n is >= int.MinValue and <= int.MaxValue ? Raw('J').Raw(bytes.AsSpan(0, 4))
            : Raw(0x8a, 8).Raw(bytes);
    }

    private static TestPickle Many(TestPickle to, IEnumerable<object?> items)
    {
        foreach (object? item in items)
            to.Value(item);
        return to;
    }

    private static TestPickle Items<TKey>(TestPickle to, Dictionary<TKey, object?> items)
        where TKey : notnull
    {
        to.Raw('(');
        foreach ((TKey key, object? item) in items)
            to.Value(key).Value(item);
        return to.Raw('u');
    }
}
