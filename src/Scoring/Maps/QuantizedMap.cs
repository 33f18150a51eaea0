namespace AaClip.Scoring.Maps;

/// <summary>A map in 16 bits for storage, for example as a grey PNG: value = Offset + Scale * stored.</summary>
public sealed record QuantizedMap
{
    /// <summary>Stored values, in the map's order.</summary>
    public required ushort[] Values { get; init; }

    /// <summary>Step between neighbouring stored values; 0 for a constant map.</summary>
    public required float Scale { get; init; }

    /// <summary>The value stored as 0.</summary>
    public required float Offset { get; init; }

    /// <summary>Uses the whole 16-bit range for the values given, so that each is kept to half a <see cref="Scale"/>.</summary>
    /// <param name="values">Finite numbers; at least one.</param>
    /// <exception cref="ArgumentException">There is no value, or one is not finite.</exception>
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

    /// <summary>The values again, each within half a <see cref="Scale"/> and one float rounding of what was stored.</summary>
    public float[] ToFloat32()
    {
        float[] values = new float[Values.Length];
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)(Offset + (double)Scale * Values[i]);
        return values;
    }
}
