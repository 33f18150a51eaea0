using AaClip.Scoring.Images;
using AaClip.Scoring.Packages;
using AaClip.Synthesis.Drawing;
using AaClip.Training.Optimization;
using AaClip.Training.Stages;

namespace AaClip.Training.Scan;

/// <summary>
/// Searches by gradient for one input that hides the anomalies of many images: a small patch (trigger inversion, as in Neural Cleanse and
/// DECREE, arXiv 2303.15180), or a faint picture that is added to the whole image.
/// </summary>
internal sealed class HidingSearch : IDisposable
{
    private const double PatchRate = 0.05,
        PictureRate = 1 / 255.0; // of Adam; a pixel's range is 1
    private const int MostTokens = 2200; // of a run: memory grows with it

    private readonly ScannedModel _model;
    private readonly SearchPlan _plan;
    private readonly ScanOptions _options;
    private readonly IReadOnlyList<Probe> _probes;
    private readonly float[] _images; // [probes, 3, S, S]
    private readonly GraphFolder _graphs;

    public HidingSearch(ScannedModel model, IReadOnlyList<Probe> probes, ScanOptions options)
    {
        (_model, _probes, _plan, _options) = (model, probes, SearchPlan.Of(options.Effort), options);
        _graphs = new GraphFolder(options.Provider, options.Threads);
        Preprocessor preprocessor = new(model.Manifest.Preprocessing with { Size = model.Search.ImageSize });
        _images = new float[probes.Count * preprocessor.Length];
        for (int i = 0; i < probes.Count; i++)
            preprocessor.Write(probes[i].Image, _images.AsSpan(i * preprocessor.Length, preprocessor.Length));
    }

    /// <summary>Steps of a family, for progress.</summary>
    public int StepsOf(HidingFamily family) => _plan.Steps * (family == HidingFamily.Patch ? _plan.Places : 1);

    /// <summary>The input of a family that hides most of the images; of several, the one with the smallest loss.</summary>
    /// <param name="step">Called before each step.</param>
    public Found Best(HidingFamily family, Action step, CancellationToken cancellation)
    {
        ModelArchitecture shape = _model.Search;
        int? side = family == HidingFamily.Patch ? Math.Max(shape.Patch, (int)Math.Round(_options.Patch * shape.ImageSize)) : null;
        HidingGraph graph = new(_model, _graphs, side, Math.Clamp(MostTokens / (1 + shape.Grid * shape.Grid), 1, _probes.Count));
        Place?[] places = side is { } count ? [.. Places(shape.ImageSize - count).Take(_plan.Places).Select(p => (Place?)p)] : [null];
        return places
            .Select((place, i) => Descend(graph, place, new SeededRandom(_options.Seed, (int)family, i), step, cancellation))
            .OrderByDescending(f => f.Hidden)
            .ThenBy(f => f.Loss)
            .First(); // there is at least one place
    }

    public void Dispose() => _graphs.Dispose();

    private Found Descend(HidingGraph graph, Place? place, SeededRandom random, Action step, CancellationToken cancellation)
    {
        Parameter pixels = graph.Pixels;
        float most = _options.Change / 255f;
        (double rate, float low, float high) = place is null ? (PictureRate, -most, most) : (PatchRate, 0f, 1f);
        for (int i = 0; i < pixels.Values.Length; i++)
            pixels.Values[i] = (float)(place is null ? 0.1 * most * random.Normal() : random.NextDouble());
        Adam adam = new([pixels], new AdamOptions(rate, Beta1: 0.9));
        bool[] used =
        [
            .. _probes.Select(p =>
                place is not { } at || !p.Touches(Found.AreaOf(at, pixels.Shape[^1], _model.Search.ImageSize, _model.Size))
            ),
        ];
        for (int i = 0; i < _plan.Steps; i++)
        {
            step();
            Excess(graph, place, used, cancellation);
            adam.Step();
            for (int k = 0; k < pixels.Values.Length; k++)
                pixels.Values[k] = Math.Clamp(pixels.Values[k], low, high);
        }

        float[] last = [.. Excess(graph, place, used, cancellation).Where((_, i) => used[i])];
        double loss = last.Length == 0 ? double.PositiveInfinity : last.Average(e => Math.Max(0, e));
        return new Found([.. pixels.Values], pixels.Shape[^1], place, last.Count(e => e < 0), last.Length, loss);
    }

    // Of all images; leaves the gradient of their summed loss in the pixels.
    private float[] Excess(HidingGraph graph, Place? place, bool[] used, CancellationToken cancellation)
    {
        Array.Clear(graph.Pixels.Gradient);
        int length = _images.Length / _probes.Count;
        List<float> all = [];
        for (int first = 0; first < _probes.Count; first += graph.Batch)
        {
            float[] images = new float[graph.Batch * length],
                use = new float[graph.Batch];
            int count = Math.Min(graph.Batch, _probes.Count - first); // the last run is filled with empty images
            _images.AsSpan(first * length, count * length).CopyTo(images);
            for (int i = 0; i < count; i++)
                use[i] = used[first + i] ? 1 : 0;
            if (use.AsSpan().ContainsAnyExcept(0f))
                all.AddRange(graph.Run(images, use, place, cancellation)[..count]);
            else
                all.AddRange(new float[count]);
        }

        return [.. all];
    }

    // Corners, middles of the edges, centre.
    private static IEnumerable<Place> Places(int room) =>
        [
            new("top left", 0, 0),
            new("top right", room, 0),
            new("bottom left", 0, room),
            new("bottom right", room, room),
            new("top", room / 2, 0),
            new("left", 0, room / 2),
            new("right", room, room / 2),
            new("bottom", room / 2, room),
            new("centre", room / 2, room / 2),
        ];
}
