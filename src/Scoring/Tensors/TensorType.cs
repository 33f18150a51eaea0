namespace AaClip.Scoring.Tensors;

/// <summary>Element types of tensors in weight files.</summary>
public enum TensorType
{
    /// <summary>IEEE double precision, 8 bytes.</summary>
    Float64,

    /// <summary>IEEE single precision, 4 bytes.</summary>
    Float32,

    /// <summary>IEEE half precision, 2 bytes.</summary>
    Float16,

    /// <summary>The upper half of an IEEE single, 2 bytes.</summary>
    BFloat16,

    /// <summary>Signed, 8 bytes.</summary>
    Int64,

    /// <summary>Signed, 4 bytes.</summary>
    Int32,

    /// <summary>Signed, 2 bytes.</summary>
    Int16,

    /// <summary>Signed, 1 byte.</summary>
    Int8,

    /// <summary>Unsigned, 1 byte.</summary>
    UInt8,

    /// <summary>0 or 1, 1 byte.</summary>
    Bool,
}

/// <summary>Sizes of the element types.</summary>
public static class TensorTypes
{
    /// <summary>Bytes of one element.</summary>
    public static int Size(this TensorType type) =>
        type switch
        {
            TensorType.Float64 or TensorType.Int64 => 8,
            TensorType.Float32 or TensorType.Int32 => 4,
            TensorType.Float16 or TensorType.BFloat16 or TensorType.Int16 => 2,
            _ => 1,
        };
}
