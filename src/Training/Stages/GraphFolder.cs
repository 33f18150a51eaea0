using AaClip.Graphs;
using AaClip.Training.Autodiff;
using AaClip.Training.Optimization;

namespace AaClip.Training.Stages;

/// <summary>Writes training graphs into a scratch folder and opens each once, by its name.</summary>
internal sealed class GraphFolder(AdaptationOptions options) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("aaclip-training-").FullName;
    private readonly Dictionary<string, TrainingGraph> _graphs = [];

    /// <summary>The graph of that name; written at its first use.</summary>
    /// <param name="name">With what its shapes depend on, such as the batch size.</param>
    public TrainingGraph Get(string name, IReadOnlyList<Parameter> parameters, Action<Tape, GraphWriter> write)
    {
        if (_graphs.TryGetValue(name, out TrainingGraph? graph))
            return graph;
        string path = Path.Combine(_folder, $"{name}.onnx");
        using (GraphWriter writer = new(path))
        {
            write(new Tape(writer), writer);
            writer.Save();
        }

        return _graphs[name] = new TrainingGraph(path, parameters, options.Provider, options.Threads);
    }

    /// <summary>Closes every graph; those that are asked for again are written anew.</summary>
    public void Clear()
    {
        foreach (TrainingGraph graph in _graphs.Values)
            graph.Dispose();
        _graphs.Clear();
        foreach (string file in Directory.EnumerateFiles(_folder))
            File.Delete(file);
    }

    public void Dispose()
    {
        Clear();
        Directory.Delete(_folder, recursive: true);
    }
}
