using System.Numerics.Tensors;

namespace AaClip.Scoring.Maps;

/// <summary>
/// The anomaly map of an image: one score per patch, higher is more anomalous. The model's values are stored; smoothing and enlarging are
/// computed on demand. AA-CLIP (forward_utils.py) smooths and enlarges each level; both steps are linear, so here the levels are summed
/// first.
/// </summary>
public sealed class AnomalyMap
{
    private readonly float[] _raw;
    private readonly Lazy<float[]> _smoothed;
    private readonly Lazy<float> _max;

    /// <summary>Wraps a map; the array is not copied.</summary>
    /// <param name="raw">[side, side], row-major: sum of the levels' scores, before smoothing.</param>
    /// <param name="side">Patches along a side.</param>
    /// <param name="size">
    /// Width and height of the model's input in pixels, at which <see cref="Max"/> is computed; 518 in the published model.
    /// </param>
    /// <param name="domain">Selects the smoothing kernel.</param>
    /// <exception cref="ArgumentException">The length is not side * side, or a value is not finite.</exception>
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

    /// <summary>[Side, Side], row-major: sum of the levels' scores, before smoothing.</summary>
    public ReadOnlySpan<float> Raw => _raw;

    /// <summary>Patches along a side.</summary>
    public int Side { get; }

    /// <summary>Width and height of the model's input in pixels.</summary>
    public int Size { get; }

    /// <summary>Selects the smoothing kernel.</summary>
    public Domain Domain { get; }

    /// <summary>Maximum of the smoothed map at the model's input size: mapMax of the published code.</summary>
    public float Max => _max.Value;

    /// <summary>The map after smoothing. It is computed once and shared, so do not write to it.</summary>
    /// <returns>[Side, Side].</returns>
    public float[] Smoothed() => _smoothed.Value;

    /// <summary>The smoothed map, enlarged to an image's size.</summary>
    /// <param name="width">Width of the result in pixels, at least 1.</param>
    /// <param name="height">Height of the result in pixels, at least 1.</param>
    /// <returns>[height, width]; at Size x Size this is the final map of the published code.</returns>
    public float[] FullSize(int width, int height) => Upsampling.Bilinear(Smoothed(), Side, width, height);
}
