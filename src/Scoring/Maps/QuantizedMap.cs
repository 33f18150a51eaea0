namespace AaClip.Scoring.Maps;

/// <summary>A map stored in 16 bits, for example as a grey PNG: value = Offset + Scale * stored.</summary>
public sealed record QuantizedMap
{
    /// <summary>Stored values, in the order of the map.</summary>
    public required ushort[] Values { get; init; }

    /// <summary>Difference between two successive stored values; 0 for a constant map.</summary>
    public required float Scale { get; init; }

    /// <summary>The value that is stored as 0.</summary>
    public required float Offset { get; init; }

    /// <summary>Quantises values over the whole 16-bit range, so that the error is at most half a <see cref="Scale"/>.</summary>
    /// <param name="values">Finite numbers, at least one.</param>
    /// <exception cref="ArgumentException">There are no values, or a value is not finite.</exception>
    public static QuantizedMap Create(ReadOnlySpan<float> values)
    {
        float low = float.PositiveInfinity,
            high = float.NegativeInfinity;
        foreach (float value in values)
        {
            if (!float.IsFinite(value))
                throw new ArgumentException($"A map to be stored holds {value}, expected finite numbers only.", nameof(values));
            low = Math.Min(low, value);
            high = Math.Max(high, value);
        }

        if (values.IsEmpty)
            throw new ArgumentException("A map to be stored is empty, expected at least one value.", nameof(values));
        float scale = (float)(((double)high - low) / ushort.MaxValue);
        ushort[] stored = new ushort[values.Length];
        if (scale > 0)
            for (int i = 0; i < stored.Length; i++)
                stored[i] = (ushort)Math.Min(Math.Round(((double)values[i] - low) / scale), ushort.MaxValue);
        return new QuantizedMap
        {
            Values = stored,
            Scale = scale,
            Offset = low,
        };
    }

    /// <summary>The dequantised values. The error is at most half a <see cref="Scale"/> plus one float rounding.</summary>
    public float[] ToFloat32()
    {
        float[] values = new float[Values.Length];
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)(Offset + (double)Scale * Values[i]);
        return values;
    }
}
