using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using AaClip.Scoring.Tensors;

namespace AaClip.Import.Torch;

/// <summary>
/// Reads a Python pickle as data without executing code. The few functions that weights need are known by name and implemented here; every
/// other name is an error. Steps, stack size, memory and lengths are limited.
/// </summary>
/// <param name="pickle">The whole stream.</param>
/// <param name="file">The file's path, for messages.</param>
/// <param name="openStorage">Returns the bytes of a storage by its key; throws <see cref="InvalidDataException"/> if there is none.</param>
internal sealed class PickleReader(ReadOnlyMemory<byte> pickle, string file, Func<string, ReadOnlyMemory<byte>> openStorage)
{
    /// <summary>Maximum length of the stream in bytes: a ViT-L checkpoint with optimizer state has under 1 MB.</summary>
    public const int MaxLength = 16 << 20;

    private const int MaxSteps = 4_000_000;
    private const int MaxStack = 1_000_000; // also the limit of the memo
    private const int MaxName = 1024;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly List<object?> _stack = [];
    private readonly List<int> _marks = [];
    private readonly Dictionary<uint, object?> _memo = [];
    private int _at; // next byte
    private int _start; // first byte of the current opcode, for messages

    /// <summary>Reads up to the STOP opcode.</summary>
    /// <exception cref="InvalidDataException">
    /// The pickle is damaged or not supported; the message names the file, the byte and the remedy.
    /// </exception>
    public object? Read()
    {
        for (int step = 0; step < MaxSteps; step++)
        {
            _start = _at;
            PickleOp op = (PickleOp)Take(1)[0];
            if (op == PickleOp.Stop)
                return Pop();
            Step(op);
            if (_stack.Count > MaxStack || _memo.Count > MaxStack || _marks.Count > MaxStack)
                throw Bad($"holds more than {MaxStack} values at once");
        }

        throw Bad($"takes more than {MaxSteps} steps");
    }

    private void Step(PickleOp op)
    {
        switch (op)
        {
            case PickleOp.Proto:
                if (Take(1)[0] is var protocol and (< 2 or > 4))
                    throw Bad($"is of protocol {protocol}, expected 2 to 4");
                break;
            case PickleOp.Frame:
                Length(Take(8)); // frame length, which only buffered readers need
                break;

            case PickleOp.None:
                Push(null);
                break;
            case PickleOp.NewTrue:
                Push(true);
                break;
            case PickleOp.NewFalse:
                Push(false);
                break;
            case PickleOp.BinInt:
                Push((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4)));
                break;
            case PickleOp.BinInt1:
                Push((long)Take(1)[0]);
                break;
            case PickleOp.BinInt2:
                Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)));
                break;
            case PickleOp.Long1:
                Push(Long(Take(Take(1)[0])));
                break;
            case PickleOp.Long4:
                Push(Long(Take(Length(Take(4)))));
                break;
            case PickleOp.BinFloat:
                Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8)));
                break;

            case PickleOp.ShortBinUnicode
            or PickleOp.ShortBinString:
                Push(Utf8(Take(Take(1)[0])));
                break;
            case PickleOp.BinUnicode or PickleOp.BinString:
                Push(Utf8(Take(Length(Take(4)))));
                break;
            case PickleOp.BinUnicode8:
                Push(Utf8(Take(Length(Take(8)))));
                break;
            case PickleOp.ShortBinBytes:
                Push(Take(Take(1)[0]).ToArray());
                break;
            case PickleOp.BinBytes:
                Push(Take(Length(Take(4))).ToArray());
                break;
            case PickleOp.BinBytes8:
                Push(Take(Length(Take(8))).ToArray());
                break;

            case PickleOp.Mark:
                _marks.Add(_stack.Count);
                break;
            case PickleOp.Pop:
                Pop();
                break;
            case PickleOp.PopMark:
                PopToMark();
                break;
            case PickleOp.Dup:
                Push(Peek());
                break;

            case PickleOp.EmptyTuple:
                Push(Array.Empty<object?>());
                break;
            case PickleOp.Tuple1:
                Push(PopMany(1));
                break;
            case PickleOp.Tuple2:
                Push(PopMany(2));
                break;
            case PickleOp.Tuple3:
                Push(PopMany(3));
                break;
            case PickleOp.Tuple:
                Push(PopToMark());
                break;
            case PickleOp.EmptyList:
                Push(new List<object?>());
                break;
            case PickleOp.List:
                Push(PopToMark().ToList());
                break;
            case PickleOp.Append:
                Append(PopMany(1));
                break;
            case PickleOp.Appends:
                Append(PopToMark());
                break;
            case PickleOp.EmptyDict:
                Push(new PickleDictionary());
                break;
            case PickleOp.Dict:
                object?[] pairs = PopToMark();
                Push(new PickleDictionary());
                SetItems(pairs);
                break;
            case PickleOp.SetItem:
                SetItems(PopMany(2));
                break;
            case PickleOp.SetItems:
                SetItems(PopToMark());
                break;

            case PickleOp.BinPut:
                _memo[Take(1)[0]] = Peek();
                break;
            case PickleOp.LongBinPut:
                _memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(4))] = Peek();
                break;
            case PickleOp.Memoize:
                _memo[(uint)_memo.Count] = Peek();
                break;
            case PickleOp.BinGet:
                Push(Memo(Take(1)[0]));
                break;
            case PickleOp.LongBinGet:
                Push(Memo(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))));
                break;

            case PickleOp.Global:
                Push(Global(Line(), Line()));
                break;
            case PickleOp.StackGlobal:
                object?[] names = PopMany(2);
                Push(
                    names is [string module, string name] ? Global(module, name) : throw Bad("names a class by something that is not text")
                );
                break;
            case PickleOp.BinPersId:
                Push(Storage(Pop()));
                break;
            case PickleOp.Reduce:
                object?[] call = PopMany(2);
                Push(Call(call[0], call[1]));
                break;
            case PickleOp.NewObj:
                object?[] made = PopMany(2);
                Push(New(made[0], made[1]));
                break;
            case PickleOp.Build:
                Build(Pop());
                break;

            default:
                throw Bad($"has the opcode 0x{(byte)op:x2}, which weights do not need");
        }
    }

    // Names and calls

    private PickleGlobal Global(string module, string name) =>
        PickleGlobal.Find(module, name)
        ?? throw new InvalidDataException(
            $"'{file}' names the Python object '{Text.Shorten(module)}.{Text.Shorten(name)}' at byte {_start} of its pickle, which "
                + $"is not among the few that weights need; nothing of it was run. Save only the tensors: "
                + $"torch.save(model.state_dict(), ...), or as safetensors."
        );

    private PickleStorage Storage(object? id)
    {
        if (
            id is not object?[] { Length: >= 5 } parts
            || parts is not ["storage", PickleGlobal { Kind: PickleGlobalKind.Storage } type, string key, _, long elements, ..]
        )
            throw Bad("refers to something that is not a storage");
        ReadOnlyMemory<byte> bytes = openStorage(key);
        if (elements < 0 || elements > bytes.Length / type.Type.Size())
            throw Bad($"gives storage '{Text.Shorten(key)}' {elements} elements of type {type.Type}, but it has {bytes.Length} bytes");
        return new(key, type.Type, bytes[..(int)(elements * type.Type.Size())]);
    }

    private object? Call(object? function, object? arguments) =>
        (function, arguments) switch
        {
            (PickleGlobal { Kind: PickleGlobalKind.Dictionary }, object?[] { Length: 0 }) => new PickleDictionary(),
            (PickleGlobal { Kind: PickleGlobalKind.Identity }, object?[] { Length: > 0 } a) => a[0],
            (PickleGlobal { Kind: PickleGlobalKind.Tensor }, object?[] { Length: >= 4 } a) => Tensor(a),
            (PickleGlobal g, _) => throw Bad($"calls '{Text.Shorten(g.Name)}' with arguments that are not understood"),
            _ => throw Bad("calls something that is not a function"),
        };

    /// <summary>
    /// (storage, offset, shape, strides, ...): arguments of torch._utils._rebuild_tensor and _v2. Gradients and hooks are ignored.
    /// </summary>
    private StoredTensor Tensor(object?[] arguments)
    {
        if (arguments is not [PickleStorage storage, long offset, object?[] shape, object?[] strides, ..])
            throw Bad("builds a tensor from arguments that are not understood");
        StoredTensor tensor = new(
            $"data/{Text.Shorten(storage.Key)}",
            file,
            storage.Type,
            Integers(shape),
            storage.Bytes,
            Integers(strides),
            offset
        );
        if (tensor.Count > storage.Bytes.Length / storage.Type.Size())
            throw Bad(
                $"builds a tensor of shape {tensor.ShapeText} that repeats its storage of {storage.Bytes.Length} bytes (save it "
                    + $"with .contiguous())"
            );
        return tensor;
    }

    private long[] Integers(object?[] values)
    {
        long[] integers = new long[values.Length];
        for (int i = 0; i < values.Length; i++)
            integers[i] = values[i] is long n ? n : throw Bad("gives a tensor a shape or stride that is not an integer");
        return integers;
    }

    private PickleObject New(object? type, object? arguments) =>
        (type, arguments) is (PickleGlobal { Kind: PickleGlobalKind.Module } module, object?[])
            ? new(module.Name)
            : throw Bad("makes an object of something that is not a TorchScript class");

    private void Build(object? state)
    {
        switch (Peek())
        {
            case PickleObject { State: null } o:
                o.State = state;
                break;
            case PickleDictionary: // the _metadata of a state_dict: version numbers of modules
                break;
            default:
                throw Bad("gives a state to something that has none");
        }
    }

    // Containers

    private void Append(object?[] items)
    {
        if (Peek() is not List<object?> list)
            throw Bad("appends to something that is not a list");
        list.AddRange(items);
    }

    private void SetItems(object?[] pairs)
    {
        if (Peek() is not PickleDictionary dictionary)
            throw Bad("sets an item of something that is not a dictionary");
        if (pairs.Length % 2 != 0)
            throw Bad("has a dictionary key without a value");
        for (int i = 0; i < pairs.Length; i += 2)
        {
            if (pairs[i] is not (string or long or bool))
                throw Bad("has a dictionary key that is neither text nor an integer");
            dictionary[pairs[i]!] = pairs[i + 1]; // not null: checked above
        }
    }

    // Stack and stream

    private void Push(object? value) => _stack.Add(value);

    private object? Peek() => _stack.Count > Floor ? _stack[^1] : throw Bad("takes a value from an empty stack");

    private object? Pop() => PopMany(1)[0];

    private int Floor => _marks.Count > 0 ? _marks[^1] : 0;

    private object?[] PopMany(int count)
    {
        if (_stack.Count - count < Floor)
            throw Bad("takes a value from an empty stack");
        object?[] items = CollectionsMarshal.AsSpan(_stack)[^count..].ToArray();
        _stack.RemoveRange(_stack.Count - count, count);
        return items;
    }

    private object?[] PopToMark()
    {
        if (_marks.Count == 0)
            throw Bad("closes a group that was not opened");
        object?[] items = PopMany(_stack.Count - _marks[^1]);
        _marks.RemoveAt(_marks.Count - 1);
        return items;
    }

    private object? Memo(uint index) =>
        _memo.TryGetValue(index, out object? value) ? value : throw Bad($"refers to value {index}, which it has not stored");

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > pickle.Length - _at)
            throw Bad($"ends {pickle.Length - _at} bytes later, but {count} are needed");
        _at += count;
        return pickle.Span.Slice(_at - count, count);
    }

    /// <summary>Reads a length of 4 or 8 bytes and checks that so many bytes are left in the stream.</summary>
    private int Length(ReadOnlySpan<byte> field)
    {
        ulong length = field.Length == 4 ? BinaryPrimitives.ReadUInt32LittleEndian(field) : BinaryPrimitives.ReadUInt64LittleEndian(field);
        return length <= (ulong)(pickle.Length - _at)
            ? (int)length
            : throw Bad($"gives a value {length} bytes, but ends {pickle.Length - _at} bytes later");
    }

    private string Line()
    {
        ReadOnlySpan<byte> rest = pickle.Span[_at..];
        int end = rest[..Math.Min(rest.Length, MaxName)].IndexOf((byte)'\n');
        if (end < 0)
            throw Bad("has a class name without an end");
        _at += end + 1;
        return Utf8(rest[..end]);
    }

    private string Utf8(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw Bad("has text that is not UTF-8");
        }
    }

    private long Long(ReadOnlySpan<byte> littleEndian)
    {
        if (littleEndian.Length > sizeof(long))
            throw Bad($"has an integer of {littleEndian.Length} bytes, at most {sizeof(long)} are understood");
        Span<byte> wide = stackalloc byte[sizeof(long)];
        wide.Fill(littleEndian is [.., >= 0x80] ? (byte)0xff : (byte)0); // sign extension
        littleEndian.CopyTo(wide);
        return BinaryPrimitives.ReadInt64LittleEndian(wide);
    }

    private InvalidDataException Bad(string what) =>
        new(
            string.Create(
                CultureInfo.InvariantCulture,
                $"The pickle in '{file}' {what} (byte {_start}): the file is damaged, or is not a checkpoint of weights alone. Save "
                    + $"it anew with torch.save(model.state_dict(), ...) or as safetensors."
            )
        );
}
