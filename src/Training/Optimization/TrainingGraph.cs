using System.Numerics.Tensors;
using AaClip.Scoring.Sessions;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.ML.OnnxRuntime;

namespace AaClip.Training.Optimization;

/// <summary>A training graph, ready to run: takes the values of the parameters and returns their gradients to them.</summary>
internal sealed class TrainingGraph : IDisposable
{
    private readonly InferenceSession _session;
    private readonly IReadOnlyList<Parameter> _parameters;

    /// <param name="path">ONNX file of the graph.</param>
    /// <param name="parameters">Parameters that may be inputs of the graph; others are ignored.</param>
    /// <param name="threads">0 takes all cores.</param>
    /// <exception cref="InvalidDataException">ONNX Runtime cannot load the graph.</exception>
    /// <exception cref="InvalidOperationException">CUDA was required and is not available.</exception>
    public TrainingGraph(string path, IReadOnlyList<Parameter> parameters, Provider provider, int threads)
    {
        SessionFactory sessions = new(provider, threads, memoryMapped: false, NullLogger.Instance, training: true);
        _session = sessions.Open(path);
        Provider = sessions.Provider;
        _parameters = [.. parameters.Where(p => _session.InputMetadata.ContainsKey(p.Name))];
    }

    /// <summary>Provider that is used: "cuda" or "cpu".</summary>
    public string Provider { get; }

    /// <summary>Runs the graph. Outputs named "gradient/…" go into the parameters.</summary>
    /// <param name="inputs">All inputs that are not parameters; disposed by this method.</param>
    /// <param name="add">True to add to the existing gradients, false to replace them.</param>
    /// <returns>The other outputs, by name.</returns>
    /// <exception cref="OperationCanceledException">Cancelled; the run stops after the current node.</exception>
    public Dictionary<string, float[]> Run(IReadOnlyList<GraphInput> inputs, bool add = false, CancellationToken cancellation = default)
    {
        List<string> names = [];
        List<OrtValue> values = [];
        using RunOptions options = new();
        using CancellationTokenRegistration stop = cancellation.Register(() => options.Terminate = true);
        try
        {
            foreach (Parameter parameter in _parameters)
            {
                names.Add(parameter.Name);
                values.Add(OrtValue.CreateTensorValueFromMemory(parameter.Values, [.. parameter.Shape.Select(n => (long)n)]));
            }

            foreach (GraphInput input in inputs)
            {
                names.Add(input.Name);
                values.Add(input.ToOrtValue());
            }

            cancellation.ThrowIfCancellationRequested();
            using IDisposableReadOnlyCollection<OrtValue> results = _session.Run(options, names, values, _session.OutputNames);
            return Sort(results, add);
        }
        catch (OnnxRuntimeException) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
        catch (OnnxRuntimeException e)
        {
            throw new InvalidOperationException(
                $"A training step failed on {Provider}: {SessionFactory.FirstLine(e.Message)} Free memory, or train with a smaller "
                    + $"batch or --size.",
                e
            );
        }
        finally
        {
            values.ForEach(v => v.Dispose());
        }
    }

    public void Dispose() => _session.Dispose();

    private Dictionary<string, float[]> Sort(IReadOnlyList<OrtValue> results, bool add)
    {
        const string Gradient = "gradient/";
        Dictionary<string, float[]> others = [];
        for (int i = 0; i < results.Count; i++)
        {
            string name = _session.OutputNames[i];
            ReadOnlySpan<float> values = results[i].GetTensorDataAsSpan<float>();
            if (
                name.StartsWith(Gradient, StringComparison.Ordinal)
                && _parameters.FirstOrDefault(p => p.Name == name[Gradient.Length..]) is { } parameter
            )
            {
                if (add)
                    TensorPrimitives.Add(parameter.Gradient, values, parameter.Gradient);
                else
                    values.CopyTo(parameter.Gradient);
            }
            else
            {
                others[name] = values.ToArray();
            }
        }

        return others;
    }
}

/// <summary>An input tensor of a run: floats, or tokens.</summary>
internal sealed record GraphInput
{
    private readonly float[]? _floats;
    private readonly long[]? _tokens;
    private readonly long[] _shape;

    public GraphInput(string name, float[] values, params long[] shape) => (Name, _floats, _shape) = (name, values, shape);

    public GraphInput(string name, long[] values, params long[] shape) => (Name, _tokens, _shape) = (name, values, shape);

    public string Name { get; }

    public OrtValue ToOrtValue() =>
        _floats is not null
            ? OrtValue.CreateTensorValueFromMemory(_floats, _shape)
            : OrtValue.CreateTensorValueFromMemory(_tokens!, _shape); // not null: one of the two is set
}
