namespace AaClip.Training.Optimization;

/// <summary>A trainable weight with the gradient of the last run.</summary>
internal sealed class Parameter
{
    /// <param name="name">Key in the checkpoint, such as "image_adapter.seg_proj.0.fc.weight".</param>
    /// <param name="values">Row-major; not copied, the optimiser changes them in place.</param>
    public Parameter(string name, int[] shape, float[] values)
    {
        if (values.Length != shape.Aggregate(1, (a, b) => a * b))
            throw new ArgumentException(
                $"Parameter '{name}' of shape [{string.Join(", ", shape)}] has {values.Length} values.",
                nameof(values)
            );
        (Name, Shape, Values, Gradient) = (name, shape, values, new float[values.Length]);
    }

    public string Name { get; }

    public int[] Shape { get; }

    public float[] Values { get; }

    public float[] Gradient { get; }
}
