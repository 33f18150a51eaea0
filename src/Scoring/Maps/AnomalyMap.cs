using System.Numerics.Tensors;

namespace AaClip.Scoring.Maps;

/// <summary>
/// Where an image looks wrong: one score per patch, higher is more anomalous. Kept as the model gives it; smoothing and enlarging are
/// done on demand (AA-CLIP, forward_utils.py; both are linear, so the levels are summed first).
/// </summary>
public sealed class AnomalyMap
{
    private readonly float[] _raw;
    private readonly Lazy<float[]> _smoothed;
    private readonly Lazy<float> _max;

    /// <summary>Takes over a map; it is not copied.</summary>
    /// <param name="raw">[side, side], row-major: the levels' scores summed, before smoothing.</param>
    /// <param name="side">Patches along a side.</param>
    /// <param name="size">Pixels along a side of the model's input, at which <see cref="Max"/> is taken; 518 in the published
    /// model.</param>
    /// <param name="domain">Chooses the smoothing.</param>
    /// <exception cref="ArgumentException">The length is not side * side, or a value is not a finite number.</exception>
    public AnomalyMap(float[] raw, int side, int size, Domain domain)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        GaussianSmoothing.RequireSquare(raw.Length, side);
        int bad = Array.FindIndex(raw, v => !float.IsFinite(v));
        if (bad >= 0)
            throw new ArgumentException(
                $"The anomaly map is {raw[bad]} at patch row {bad / side}, column {bad % side}, expected a finite number: the model "
                    + $"overflowed or its weights are damaged; try the float32 package.",
                nameof(raw)
            );
        _raw = raw;
        Side = side;
        Size = size;
        Domain = domain;
        _smoothed = new(() => GaussianSmoothing.Smooth(_raw, Side, Domain));
        _max = new(() => TensorPrimitives.Max<float>(FullSize(Size, Size)));
    }

    /// <summary>[Side, Side], row-major: the levels' scores summed, before smoothing.</summary>
    public ReadOnlySpan<float> Raw => _raw;

    /// <summary>Patches along a side.</summary>
    public int Side { get; }

    /// <summary>Pixels along a side of the model's input.</summary>
    public int Size { get; }

    /// <summary>Chooses the smoothing.</summary>
    public Domain Domain { get; }

    /// <summary>Maximum of the smoothed map at the model's size: the published mapMax of the image.</summary>
    public float Max => _max.Value;

    /// <summary>The map after smoothing; computed once and shared, so it must not be written to.</summary>
    /// <returns>[Side, Side].</returns>
    public float[] Smoothed() => _smoothed.Value;

    /// <summary>The smoothed map enlarged to a picture's size.</summary>
    /// <param name="width">Pixels along a row, at least 1.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <returns>[height, width]; at Size x Size the published final map.</returns>
    public float[] FullSize(int width, int height) => Upsampling.Bilinear(Smoothed(), Side, width, height);
}
