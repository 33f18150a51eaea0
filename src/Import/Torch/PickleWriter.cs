using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace AaClip.Import.Torch;

/// <summary>A float32 or int32 tensor to be written.</summary>
internal sealed record TorchTensor
{
    /// <param name="shape">Axis lengths; empty for a single number.</param>
    /// <param name="values">Row-major.</param>
    public TorchTensor(int[] shape, float[] values) => (Shape, Values) = (shape, values);

    /// <inheritdoc cref="TorchTensor(int[], float[])"/>
    public TorchTensor(int[] shape, int[] values) => (Shape, Values) = (shape, values);

    public int[] Shape { get; }

    /// <summary>float[] or int[].</summary>
    public Array Values { get; }
}

/// <summary>
/// Writes the pickle of torch.save (protocol 2) for dictionaries, lists, tuples, numbers, strings and tensors. The caller writes the
/// tensors' values, in the order of <see cref="Storages"/>.
/// </summary>
internal sealed class PickleWriter
{
    private readonly ArrayBufferWriter<byte> _out = new();

    /// <summary>Values of the tensors; the pickle refers to them by the keys "0", "1", …</summary>
    public List<Array> Storages { get; } = [];

    /// <summary>
    /// Writes a tree of <see cref="PickleDictionary"/>, List, object[], null, bool, int, long, double, string and
    /// <see cref="TorchTensor"/>.
    /// </summary>
    public byte[] Write(object? root)
    {
        _out.Write<byte>([(byte)PickleOp.Proto, 2]);
        Put(root);
        Op(PickleOp.Stop);
        return _out.WrittenSpan.ToArray();
    }

    private void Put(object? value)
    {
        switch (value)
        {
            case null:
                Op(PickleOp.None);
                break;
            case bool flag:
                Op(flag ? PickleOp.NewTrue : PickleOp.NewFalse);
                break;
            case int number:
                Integer(number);
                break;
            case long number:
                Integer(checked((int)number));
                break;
            case double number:
                Number(number);
                break;
            case string text:
                Unicode(text);
                break;
            case TorchTensor tensor:
                Tensor(tensor);
                break;
            case PickleDictionary dictionary:
                Dictionary(dictionary);
                break;
            case List<object?> list:
                Op(PickleOp.EmptyList);
                Op(PickleOp.Mark);
                list.ForEach(Put);
                Op(PickleOp.Appends);
                break;
            case object?[] tuple:
                Op(PickleOp.Mark);
                foreach (object? item in tuple)
                    Put(item);
                Op(PickleOp.Tuple);
                break;
            default:
                throw new ArgumentException($"A {value.GetType().Name} cannot be written.", nameof(value));
        }
    }

    private void Dictionary(PickleDictionary dictionary)
    {
        if (dictionary.Ordered)
            EmptyOrdered();
        else
            Op(PickleOp.EmptyDict);
        Op(PickleOp.Mark);
        foreach ((object key, object? value) in dictionary)
        {
            Put(key);
            Put(value);
        }

        Op(PickleOp.SetItems);
    }

    // _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks)
    private void Tensor(TorchTensor tensor)
    {
        Global("torch._utils", "_rebuild_tensor_v2");
        Op(PickleOp.Mark);
        Op(PickleOp.Mark);
        Unicode("storage");
        Global("torch", tensor.Values is int[] ? "IntStorage" : "FloatStorage");
        Unicode(Storages.Count.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Unicode("cpu");
        Integer(tensor.Values.Length);
        Op(PickleOp.Tuple);
        Op(PickleOp.BinPersId);
        Integer(0);
        Put(tensor.Shape.Select(n => (object?)n).ToArray());
        Put(Strides(tensor.Shape));
        Op(PickleOp.NewFalse);
        EmptyOrdered();
        Op(PickleOp.Tuple);
        Op(PickleOp.Reduce);
        Storages.Add(tensor.Values);
    }

    private static object?[] Strides(int[] shape)
    {
        object?[] strides = new object?[shape.Length];
        int stride = 1;
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= shape[i];
        }

        return strides;
    }

    private void EmptyOrdered()
    {
        Global("collections", "OrderedDict");
        Op(PickleOp.EmptyTuple);
        Op(PickleOp.Reduce);
    }

    private void Global(string module, string name)
    {
        Op(PickleOp.Global);
        _out.Write(Encoding.ASCII.GetBytes($"{module}\n{name}\n"));
    }

    private void Integer(int number)
    {
        if (number is >= 0 and <= byte.MaxValue)
        {
            _out.Write<byte>([(byte)PickleOp.BinInt1, (byte)number]);
            return;
        }

        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        Op(PickleOp.BinInt);
        _out.Write(bytes);
    }

    private void Number(double number)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteDoubleBigEndian(bytes, number);
        Op(PickleOp.BinFloat);
        _out.Write(bytes);
    }

    private void Unicode(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, utf8.Length);
        Op(PickleOp.BinUnicode);
        _out.Write(length);
        _out.Write(utf8);
    }

    private void Op(PickleOp op) => _out.Write<byte>([(byte)op]);
}
