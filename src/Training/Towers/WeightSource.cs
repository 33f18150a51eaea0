using AaClip.Training.Autodiff;
using AaClip.Training.Optimization;

namespace AaClip.Training.Towers;

/// <summary>Adds each weight to a graph once: as a parameter if it is trained, otherwise as a frozen weight.</summary>
/// <param name="read">Gives the values of a frozen weight by its checkpoint key.</param>
/// <param name="trained">The trained parameters.</param>
internal sealed class WeightSource(Tape tape, Func<string, float[]> read, IEnumerable<Parameter> trained)
{
    private readonly Dictionary<string, Tensor> _known = [];
    private readonly Dictionary<string, Parameter> _trained = trained.ToDictionary(p => p.Name);

    public Tensor this[string name, params ReadOnlySpan<int> shape] => Get(name, shape);

    private Tensor Get(string name, ReadOnlySpan<int> shape)
    {
        if (_known.TryGetValue(name, out Tensor? known))
            return known;
        return _known[name] = _trained.TryGetValue(name, out Parameter? parameter)
            ? tape.Parameter(name, parameter.Shape)
            : tape.Constant(name, shape, read(name));
    }
}
