using System.Numerics.Tensors;

namespace AaClip.Graphs;

/// <summary>Symmetric int8 quantisation of weights, one scale per output channel.</summary>
internal static class Quantization
{
    private const float Levels = 127;

    /// <summary>w[o, i] ≈ q[i, o]·scale[o] with |q| ≤ 127 and scale[o] = max|w[o, ·]|/127.</summary>
    /// <param name="weight">[outputs, inputs].</param>
    /// <returns>q transposed to [inputs, outputs], and the scales [outputs].</returns>
    public static (sbyte[] Values, float[] Scales) PerOutput(ReadOnlySpan<float> weight, int inputs, int outputs)
    {
        sbyte[] values = new sbyte[weight.Length];
        float[] scales = new float[outputs];
        for (int o = 0; o < outputs; o++)
        {
            ReadOnlySpan<float> row = weight.Slice(o * inputs, inputs);
            float largest = Math.Abs(TensorPrimitives.MaxMagnitude(row));
            scales[o] = largest > 0 ? largest / Levels : 1; // a row of zeros stays zero
            float inverse = 1 / scales[o];
            for (int i = 0; i < inputs; i++)
                values[i * outputs + o] = (sbyte)Math.Clamp(MathF.Round(row[i] * inverse), -Levels, Levels);
        }

        return (values, scales);
    }
}
