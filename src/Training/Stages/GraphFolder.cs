using AaClip.Graphs;
using AaClip.Scoring.Sessions;
using AaClip.Training.Autodiff;
using AaClip.Training.Optimization;

namespace AaClip.Training.Stages;

/// <summary>Writes training graphs into a temporary folder and opens each graph once, by name.</summary>
/// <param name="threads">CPU threads; 0 takes all cores.</param>
internal sealed class GraphFolder(Provider provider, int threads) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("aaclip-training-").FullName;
    private readonly Dictionary<string, TrainingGraph> _graphs = [];

    /// <summary>Gets the graph of that name; writes it at its first use.</summary>
    /// <param name="name">Must contain everything that the shapes depend on, such as the batch size.</param>
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

        return _graphs[name] = new TrainingGraph(path, parameters, provider, threads);
    }

    /// <summary>Closes and deletes all graphs; later calls of Get write them again.</summary>
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
