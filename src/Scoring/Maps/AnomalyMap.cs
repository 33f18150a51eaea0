using System.Numerics.Tensors;

namespace AaClip.Scoring.Maps;

/// <summary>
/// The anomaly map of an image: one score per patch, higher is more anomalous. The model's values are stored; smoothing and enlarging are
/// computed on demand, by the steps of the model's method. AA-CLIP (forward_utils.py) smooths and enlarges each level; both steps are
/// linear, so here the levels are summed first.
/// </summary>
public sealed class AnomalyMap
{
    private readonly float[] _raw;
    private readonly Lazy<MapSurface> _surface;
    private readonly Lazy<float> _max;

    /// <summary>Wraps a map; the array is not copied.</summary>
    /// <param name="raw">[side, side], row-major: the patch scores, levels combined, before smoothing.</param>
    /// <param name="side">Patches along a side.</param>
    /// <param name="size">
    /// Width and height of the model's input in pixels, at which <see cref="Max"/> is computed; 518 in the published model.
    /// </param>
    /// <param name="domain">Selects AA-CLIP's smoothing kernel.</param>
    /// <param name="steps">How the final map is made; null for AA-CLIP's steps.</param>
    /// <exception cref="ArgumentException">The length is not side * side, or a value is not finite.</exception>
    public AnomalyMap(float[] raw, int side, int size, Domain domain, MapSteps? steps = null)
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
        Steps = steps ?? MapSteps.AaClip;
        _surface = new(() => MapSurface.Of(_raw, Side, Size, Domain, Steps));
        _max = new(() => TensorPrimitives.Max<float>(FullSize(Size, Size)));
    }

    /// <summary>[Side, Side], row-major: the patch scores, levels combined, before smoothing.</summary>
    public ReadOnlySpan<float> Raw => _raw;

    /// <summary>Patches along a side.</summary>
    public int Side { get; }

    /// <summary>Width and height of the model's input in pixels.</summary>
    public int Size { get; }

    /// <summary>Selects AA-CLIP's smoothing kernel.</summary>
    public Domain Domain { get; }

    /// <summary>How the final map is made.</summary>
    public MapSteps Steps { get; }

    /// <summary>Maximum of the final map at the model's input size: mapMax of the published code.</summary>
    public float Max => _max.Value;

    /// <summary>What pictures and regions are drawn from. It is computed once and shared, so do not write to it.</summary>
    public MapSurface Surface() => _surface.Value;

    /// <summary>The final map, resized to an image's size.</summary>
    /// <param name="width">Width of the result in pixels, at least 1.</param>
    /// <param name="height">Height of the result in pixels, at least 1.</param>
    /// <returns>[height, width]; at Size x Size this is the final map of the published code.</returns>
    public float[] FullSize(int width, int height) => Upsampling.Bilinear(Surface().Values, Surface().Side, width, height);
}
