using AaClip.Scoring.Tensors;

namespace AaClip.Import.Torch;

// .NET types for the values of a pickle: null, bool, long, double, string, byte[]; List<object?> for a list, object?[] for a tuple,
// StoredTensor for a tensor, and the types below.

/// <summary>A Python dict or OrderedDict: keys are strings, integers or booleans, in stored order.</summary>
internal sealed class PickleDictionary() : OrderedDictionary<object, object?>(KeyComparer.Instance)
{
    /// <summary>Whether it is written as an OrderedDict. The reader does not distinguish the two.</summary>
    public bool Ordered { get; init; }

    private sealed class KeyComparer : IEqualityComparer<object>
    {
        public static readonly KeyComparer Instance = new();

        public new bool Equals(object? x, object? y) => object.Equals(x, y);

        /// <summary>Mixes integers with the process's random seed, so that a file cannot contain keys chosen to collide.</summary>
        public int GetHashCode(object key) => key is long n ? HashCode.Combine((int)n, (int)(n >> 32)) : key.GetHashCode();
    }
}

/// <summary>An object of a TorchScript class: a set of attributes.</summary>
/// <param name="ClassName">Such as "__torch__.multimodal.model.VisualTransformer"; not used otherwise.</param>
internal sealed record PickleObject(string ClassName)
{
    /// <summary>Usually a <see cref="PickleDictionary"/>.</summary>
    public object? State { get; set; }
}

/// <summary>What a Python class or function is mapped to.</summary>
internal enum PickleGlobalKind
{
    /// <summary>collections.OrderedDict.</summary>
    Dictionary,

    /// <summary>A storage class, which determines an element type.</summary>
    Storage,

    /// <summary>torch._utils._rebuild_tensor and _rebuild_tensor_v2.</summary>
    Tensor,

    /// <summary>A function that returns its first argument.</summary>
    Identity,

    /// <summary>A class in __torch__.</summary>
    Module,
}

/// <summary>One of the few Python names that are allowed in a pickle of weights.</summary>
internal sealed record PickleGlobal(string Name, PickleGlobalKind Kind, TensorType Type = default)
{
    private static readonly Dictionary<string, PickleGlobal> Allowed = new PickleGlobal[]
    {
        new("collections.OrderedDict", PickleGlobalKind.Dictionary),
        new("torch._utils._rebuild_tensor", PickleGlobalKind.Tensor),
        new("torch._utils._rebuild_tensor_v2", PickleGlobalKind.Tensor),
        new("torch._utils._rebuild_parameter", PickleGlobalKind.Identity), // (tensor, requires_grad, hooks)
        new("torch.Size", PickleGlobalKind.Identity), // (tuple of integers)
        new("torch.device", PickleGlobalKind.Identity), // (name)
        new("torch.jit._pickle.build_intlist", PickleGlobalKind.Identity), // typed lists of TorchScript: (list)
        new("torch.jit._pickle.build_doublelist", PickleGlobalKind.Identity),
        new("torch.jit._pickle.build_boollist", PickleGlobalKind.Identity),
        new("torch.jit._pickle.build_tensorlist", PickleGlobalKind.Identity),
        new("torch.jit._pickle.restore_type_tag", PickleGlobalKind.Identity), // (value, type as text)
        new("torch.DoubleStorage", PickleGlobalKind.Storage, TensorType.Float64),
        new("torch.FloatStorage", PickleGlobalKind.Storage, TensorType.Float32),
        new("torch.HalfStorage", PickleGlobalKind.Storage, TensorType.Float16),
        new("torch.BFloat16Storage", PickleGlobalKind.Storage, TensorType.BFloat16),
        new("torch.LongStorage", PickleGlobalKind.Storage, TensorType.Int64),
        new("torch.IntStorage", PickleGlobalKind.Storage, TensorType.Int32),
        new("torch.ShortStorage", PickleGlobalKind.Storage, TensorType.Int16),
        new("torch.CharStorage", PickleGlobalKind.Storage, TensorType.Int8),
        new("torch.ByteStorage", PickleGlobalKind.Storage, TensorType.UInt8),
        new("torch.BoolStorage", PickleGlobalKind.Storage, TensorType.Bool),
    }.ToDictionary(g => g.Name, StringComparer.Ordinal);

    /// <summary>The meaning of a Python name; null if the name is not allowed.</summary>
    public static PickleGlobal? Find(string module, string name) =>
        module == "__torch__" || module.StartsWith("__torch__.", StringComparison.Ordinal)
            ? new($"{module}.{name}", PickleGlobalKind.Module)
            : Allowed.GetValueOrDefault($"{module}.{name}");
}

/// <summary>The bytes that one or more tensors refer to.</summary>
internal sealed record PickleStorage(string Key, TensorType Type, ReadOnlyMemory<byte> Bytes);
