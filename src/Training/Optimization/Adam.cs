using System.Numerics.Tensors;

namespace AaClip.Training.Optimization;

/// <summary>Settings of <see cref="Adam"/> (specification 6.2 and 6.4).</summary>
/// <param name="LearningRate">Learning rate, above 0.</param>
/// <param name="Beta1">Decay of the mean of the gradients. The paper uses 0.5.</param>
/// <param name="Beta2">Decay of the mean of their squares.</param>
/// <param name="Epsilon">Added to the square root in the denominator.</param>
/// <param name="Decay">Decoupled weight decay (AdamW): each step subtracts this share times the learning rate from matrices.</param>
internal sealed record AdamOptions(double LearningRate, double Beta1 = 0.5, double Beta2 = 0.999, double Epsilon = 1e-8, double Decay = 0)
{
    /// <summary>Whether vectors decay as well, as with PyTorch's AdamW over all parameters.</summary>
    public bool DecayVectors { get; init; }
}

/// <summary>Adam with PyTorch's arithmetic: bias corrections in double, moments and weights in float32.</summary>
internal sealed class Adam(IReadOnlyList<Parameter> parameters, AdamOptions options)
{
    public IReadOnlyList<Parameter> Parameters { get; } = parameters;

    public AdamOptions Options { get; } = options;

    /// <summary>Means of the gradients, one array per parameter.</summary>
    public float[][] Means { get; } = [.. parameters.Select(p => new float[p.Values.Length])];

    /// <summary>Means of the squared gradients.</summary>
    public float[][] Squares { get; } = [.. parameters.Select(p => new float[p.Values.Length])];

    /// <summary>Number of steps done.</summary>
    public int Steps { get; set; }

    /// <summary>Does one step with the current gradients of the parameters.</summary>
    /// <param name="factor">Factor on the learning rate, from a schedule.</param>
    public void Step(double factor = 1)
    {
        Steps++;
        double rate = Options.LearningRate * factor;
        float step = (float)(rate / (1 - Math.Pow(Options.Beta1, Steps)));
        float root = (float)Math.Sqrt(1 - Math.Pow(Options.Beta2, Steps));
        for (int i = 0; i < Parameters.Count; i++)
        {
            Parameter parameter = Parameters[i];
            if (Options.Decay > 0 && (parameter.Shape.Length > 1 || Options.DecayVectors))
                TensorPrimitives.Multiply(parameter.Values, (float)(1 - rate * Options.Decay), parameter.Values);
            Update(parameter.Values, parameter.Gradient, Means[i], Squares[i], step, root);
        }
    }

    // m ← β₁m + (1−β₁)g;  v ← β₂v + (1−β₂)g²;  w ← w − step · m / (√v/root + ε)
    private void Update(Span<float> values, ReadOnlySpan<float> gradient, Span<float> mean, Span<float> square, float step, float root)
    {
        float beta1 = (float)Options.Beta1,
            rest1 = (float)(1 - Options.Beta1);
        float beta2 = (float)Options.Beta2,
            rest2 = (float)(1 - Options.Beta2);
        float epsilon = (float)Options.Epsilon;
        for (int i = 0; i < values.Length; i++)
        {
            float g = gradient[i];
            float m = mean[i] = mean[i] * beta1 + rest1 * g;
            float v = square[i] = square[i] * beta2 + rest2 * g * g;
            values[i] -= step * (m / (MathF.Sqrt(v) / root + epsilon));
        }
    }
}
