using AaClip.Graphs;

namespace AaClip.Training.Autodiff;

/// <summary>A float32 value of a training graph.</summary>
/// <param name="Value">The value in the graph.</param>
/// <param name="Shape">Axis lengths, all known when the graph is written.</param>
/// <param name="Differentiable">True if it depends on a parameter, so that a gradient flows through it.</param>
internal sealed record Tensor(Value Value, int[] Shape, bool Differentiable)
{
    public int Rank => Shape.Length;

    public int Count => Shape.Aggregate(1, (a, b) => checked(a * b));

    public override string ToString() => $"{Value.Name} [{string.Join(", ", Shape)}]";
}
