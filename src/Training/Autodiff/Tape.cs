using AaClip.Graphs;
using static AaClip.Graphs.Proto.TensorProto.Types;

namespace AaClip.Training.Autodiff;

/// <summary>
/// Reverse-mode differentiation: writes the forward graph, records each step, then writes the gradients in reverse order. Both halves use
/// ordinary ONNX operators, so the runtime that serves the model also trains it, on any provider. Only steps that depend on a parameter are
/// recorded. All shapes are known while writing: a graph is written for one batch size. <see cref="Recompute"/> trades time for memory.
/// <code>
/// parameter ─► step ─► step ─► … ─► loss        forward: recorded
///     ▼          ▲        ▲            │
/// gradient ◄─ pullback ◄─ pullback ◄── 1         backward: each pullback turns the gradient of its outputs into that of its inputs
/// </code>
/// </summary>
internal sealed partial class Tape(GraphWriter graph)
{
    private List<Step> _steps = [];
    private readonly Dictionary<string, Tensor> _gradients = [];
    private readonly List<Tensor> _parameters = [];
    private string _scope = "";
    private int _count;
    private bool _recording = true;

    /// <summary>Adds a frozen input of the graph.</summary>
    public Tensor Input(string name, params ReadOnlySpan<int> shape) => new(Declare(name, shape), shape.ToArray(), false);

    /// <summary>Adds a trainable input: every run gets its values and returns its gradient.</summary>
    public Tensor Parameter(string name, params ReadOnlySpan<int> shape)
    {
        Tensor parameter = new(Declare(name, shape), shape.ToArray(), true);
        _parameters.Add(parameter);
        return parameter;
    }

    /// <summary>Adds a frozen weight, stored with the graph.</summary>
    public Tensor Constant(string name, ReadOnlySpan<int> shape, ReadOnlySpan<float> values) =>
        new(graph.Weight(name, [.. shape.ToArray().Select(n => (long)n)], values), shape.ToArray(), false);

    /// <summary>Adds a number as a tensor without axes.</summary>
    public Tensor Scalar(float value) => new(graph.Scalar(value), [], false);

    /// <summary>Declares an output.</summary>
    public void Output(string name, Tensor value) =>
        graph.Output(name, value.Value, DataType.Float, [.. value.Shape.Select(n => (object)n)]);

    /// <summary>Prefixes the names of all nodes with this path until disposed.</summary>
    public IDisposable Scope(string path)
    {
        string outer = _scope;
        _scope += path;
        return new Restore(() => _scope = outer);
    }

    /// <summary>Writes the gradients of a loss and declares them as outputs "gradient/{parameter}".</summary>
    /// <param name="loss">A tensor with one element; its gradient is 1.</param>
    public void WriteGradients(Tensor loss)
    {
        if (loss.Count != 1)
            throw new ArgumentException($"The loss {loss} is not one number.", nameof(loss));
        Pull(loss, new Tensor(graph.Weight("const/one", Longs(loss.Shape), [1f]), loss.Shape, false));
        Finish();
    }

    /// <summary>
    /// Writes the gradients of Σ value·upstream, like <see cref="WriteGradients(Tensor)"/>. For a loss that another graph computes.
    /// </summary>
    /// <param name="upstream">Gradient of that loss with respect to <paramref name="value"/>, of the same shape.</param>
    public void WriteGradients(Tensor value, Tensor upstream)
    {
        Pull(value, upstream);
        Finish();
    }

    private void Finish()
    {
        foreach (Tensor parameter in _parameters)
            Output($"gradient/{parameter.Value.Name}", GradientOf(parameter));
        graph.RemoveUnused(); // such as the results of steps that were written again
    }

    private Tensor GradientOf(Tensor parameter) =>
        _gradients.GetValueOrDefault(parameter.Value.Name)
        ?? throw new InvalidOperationException($"The loss does not depend on parameter {parameter}.");

    private void Pull(Tensor value, Tensor gradient)
    {
        _recording = false;
        Accumulate(value, gradient);
        for (int i = _steps.Count - 1; i >= 0; i--)
        {
            Step step = _steps[i];
            Tensor?[] gradients = [.. step.Outputs.Select(o => _gradients.GetValueOrDefault(o.Value.Name))];
            if (gradients.All(g => g is null))
                continue; // the loss does not depend on this step
            _scope = "/gradient" + step.Scope;
            step.Pullback(gradients);
        }

        _scope = "";
    }

    /// <summary>
    /// Writes steps whose intermediate values are not kept for the backward half, which writes the same steps again (gradient
    /// checkpointing). Only their inputs stay in memory.
    /// </summary>
    /// <param name="write">Writes the steps; what it uses besides its arguments must not depend on a parameter.</param>
    public Tensor Recompute(Func<Tensor[], Tensor> write, params Tensor[] inputs)
    {
        if (!_recording || !Any(inputs))
            return write(inputs);
        _recording = false;
        Tensor output = write(inputs) with { Differentiable = true };
        _recording = true;
        _steps.Add(new Step([output], _scope, g => PullAgain(write, inputs, g[0]!))); // not null: there is a gradient
        return output;
    }

    private void PullAgain(Func<Tensor[], Tensor> write, Tensor[] inputs, Tensor gradient)
    {
        (List<Step> outer, string scope) = (_steps, _scope);
        Tensor[] copies = [.. inputs.Select(i => i.Differentiable ? After(i, gradient) : i)];
        _steps = [];
        _recording = true;
        Tensor output = write(copies);
        Pull(output, gradient);
        (_steps, _scope) = (outer, scope);
        foreach ((Tensor input, Tensor copy) in inputs.Zip(copies))
            if (input.Differentiable && _gradients.Remove(copy.Value.Name, out Tensor? ofCopy))
                Accumulate(input, ofCopy);
    }

    // The same values, but only when the gradient is there: otherwise ONNX Runtime would merge the steps with those of the forward half,
    // or run them early. 0 times one of its elements is added.
    private Tensor After(Tensor x, Tensor gradient)
    {
        Value first = graph.Node("Reshape", Next(), [gradient.Value, graph.Integers(-1)]);
        Value zero = graph.Node("Mul", Next(), [graph.Slice(Next(), first, 0, 1, 0), graph.Scalar(0)]);
        return new Tensor(graph.Node("Add", Next(), [x.Value, zero]), x.Shape, true);
    }

    /// <summary>Adds to the gradient of an input.</summary>
    private void Accumulate(Tensor input, Tensor gradient)
    {
        if (!input.Differentiable)
            return;
        if (!input.Shape.AsSpan().SequenceEqual(gradient.Shape))
            throw new InvalidOperationException($"The gradient {gradient} does not have the shape of {input}.");
        string name = input.Value.Name;
        _gradients[name] = _gradients.TryGetValue(name, out Tensor? sofar) ? Add(sofar, gradient) : gradient;
    }

    /// <summary>Records a node together with the function that computes the gradients of its inputs.</summary>
    private Tensor Record(Value value, int[] shape, ReadOnlySpan<Tensor> inputs, Action<Tensor, Tensor> pullback)
    {
        bool differentiable = _recording && Any(inputs);
        Tensor output = new(value, shape, differentiable);
        if (differentiable)
            _steps.Add(new Step([output], _scope, g => pullback(g[0]!, output))); // not null: a pullback runs only when there is a gradient
        return output;
    }

    private static bool Any(ReadOnlySpan<Tensor> inputs)
    {
        foreach (Tensor input in inputs)
            if (input.Differentiable)
                return true;
        return false;
    }

    private Value Declare(string name, ReadOnlySpan<int> shape) =>
        graph.Input(name, DataType.Float, [.. shape.ToArray().Select(n => (object)n)]);

    private string Next() => $"{_scope}/{_count++}";

    private static long[] Longs(ReadOnlySpan<int> values)
    {
        long[] longs = new long[values.Length];
        for (int i = 0; i < longs.Length; i++)
            longs[i] = values[i];
        return longs;
    }

    private sealed record Step(Tensor[] Outputs, string Scope, Action<Tensor?[]> Pullback);

    private sealed class Restore(Action action) : IDisposable
    {
        public void Dispose() => action();
    }
}
