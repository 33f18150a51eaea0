using AaClip.Graphs;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;

namespace AaClip.Training.Scan;

/// <summary>
/// A package as a scan sees it: its scorer, which has the last word, and its weights, from which the graph of the search is written.
/// </summary>
internal sealed class ScannedModel : IDisposable
{
    private readonly PackagedWeights _weights;

    /// <exception cref="InvalidDataException">The package is damaged, of another method, or not calibrated for the class.</exception>
    public ScannedModel(string folder, ScanOptions options)
    {
        (ObjectClass, Domain) = (options.ObjectClass, options.Domain);
        ModelPackage package = ModelPackage.Open(folder);
        ModelManifest manifest = package.Manifest;
        if (manifest.Method != Method.AaClip)
            throw new InvalidDataException(
                $"Model {manifest.Id} is of the method '{manifest.Method.Name}', and a scan knows AA-CLIP and plain CLIP only."
            );
        if (manifest.Precision == Precision.Fp16)
            throw new InvalidDataException(
                $"Model {manifest.Id} is float16, which has other graphs: scan a float32 or int8 package of the same weights."
            );
        Calibration = manifest.CalibrationFor(ObjectClass);
        if (Calibration.IsNeutral)
            throw new InvalidDataException(
                $"Model {manifest.Id} is not calibrated for '{ObjectClass}', so that nothing says what it calls anomalous: "
                    + "calibrate it first (aaclip calibrate)."
            );
        Scorer = AnomalyScorer.Load(folder, new ScorerOptions { Provider = options.Provider, Threads = options.Threads });
        try
        {
            Anchors = Scorer.AnchorsOf(ObjectClass);
            _weights = new PackagedWeights(package.PathOf(ModelPackage.ImageGraph));
        }
        catch
        {
            Scorer.Dispose();
            throw;
        }

        int patch = manifest.Architecture.Patch,
            size = Math.Min(manifest.Architecture.ImageSize, SearchPlan.Of(options.Effort).Size / patch * patch);
        Search = manifest.Architecture with { ImageSize = size };
    }

    public AnomalyScorer Scorer { get; }

    public ModelManifest Manifest => Scorer.Model;

    public string ObjectClass { get; }

    public Domain Domain { get; }

    public Calibration Calibration { get; }

    /// <summary>[E, 2].</summary>
    public float[] Anchors { get; }

    /// <summary>Sizes of the model while searching: its own, or with a smaller input.</summary>
    public ModelArchitecture Search { get; }

    /// <summary>Side of the model's input in pixels.</summary>
    public int Size => Manifest.Architecture.ImageSize;

    /// <summary>A weight by its checkpoint name; the positional table has the size of the search.</summary>
    public float[] Read(string name)
    {
        float[] values = _weights.Read(name);
        return name == "visual.positional_embedding"
            ? Resampling.ResizeTable(values, Manifest.Architecture.Grid, Search.Grid, Search.Vision.Width)
            : values;
    }

    /// <summary>The image as the model sees it: [Size, Size].</summary>
    public RgbImage AtInputSize(RgbImage image) => Resampling.Resize(image, Size, Size, Manifest.Preprocessing.Filter);

    /// <summary>The score of an image, and whether it is anomalous.</summary>
    public (ImageScore Score, bool Anomalous) Judge(RgbImage image, CancellationToken cancellation)
    {
        ImageScore score = Scorer.Score(image, Anchors, Domain, cancellation);
        return (score, Calibration.Raw(score.MapMax, score.Detection, Domain) >= Calibration.Threshold);
    }

    public void Dispose()
    {
        _weights.Dispose();
        Scorer.Dispose();
    }
}
