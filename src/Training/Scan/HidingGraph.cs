using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using AaClip.Training.Autodiff;
using AaClip.Training.Optimization;
using AaClip.Training.Stages;
using AaClip.Training.Towers;

namespace AaClip.Training.Scan;

/// <summary>
/// The model's raw score as a differentiable function of pixels that are put into the image: the tower and heads of the package, the
/// smoothed map's maximum (as a logarithm of a sum of exponentials), and the calibrated scale.
/// <code>
/// patch ─► at its place ─┐
///                        + ─► tower ─► heads ─┬─ map ─► smoothed ─► maximum ─┐
/// image ─► elsewhere ────┘                    └─ mean patch ─────────────────+ ─► raw score ─► softplus(score − threshold + margin)
/// </code>
/// </summary>
/// <param name="side">Side of the patch in pixels of the search; null for a picture that is added to the whole image.</param>
/// <param name="batch">Images of a run.</param>
internal sealed class HidingGraph(ScannedModel model, GraphFolder graphs, int? side, int batch)
{
    private const double Sharpness = 100, // of the maximum, on a scale where normal images fill the lower half of 0 to 1
        LossScale = 10, // the loss is a straight line above a tenth of the scale
        Margin = 0.02; // below the threshold

    private readonly ModelArchitecture _shape = model.Search;

    /// <summary>Images of a run.</summary>
    public int Batch => batch;

    /// <summary>
    /// What is searched for: [3, a, a] of a patch, 0 to 1; or [3, S, S] of a picture that is added, as a share of the range of a pixel.
    /// </summary>
    public Parameter Pixels { get; } =
        new(
            "pixels",
            [3, side ?? model.Search.ImageSize, side ?? model.Search.ImageSize],
            new float[3 * Square(side ?? model.Search.ImageSize)]
        );

    /// <summary>Runs images, and adds the gradient of the loss to <see cref="Pixels"/>.</summary>
    /// <param name="images">[B, 3, S, S], normalised.</param>
    /// <param name="use">[B]: 1 for images that count, else 0.</param>
    /// <param name="place">Where the patch lies; null for a picture.</param>
    /// <returns>[B]: raw score minus threshold; below 0 an anomaly is hidden.</returns>
    public float[] Run(float[] images, float[] use, Place? place, CancellationToken cancellation)
    {
        int size = _shape.ImageSize;
        List<GraphInput> inputs = [new("image", images, batch, 3, size, size), new("use", use, batch, 1, 1)];
        if (place is { } at && side is { } count)
        {
            inputs.Add(new("rows", OneHot(at.Y, count), count, size));
            inputs.Add(new("columns", OneHot(at.X, count), count, size));
        }

        string name = side is null ? $"picture-{batch}" : $"patch-{batch}";
        return graphs.Get(name, [Pixels], (tape, _) => Write(tape)).Run(inputs, add: true, cancellation)["excess"];

        float[] OneHot(int from, int count)
        {
            float[] hot = new float[count * size];
            for (int i = 0; i < count; i++)
                hot[i * size + from + i] = 1;
            return hot;
        }
    }

    private static int Square(int x) => x * x;

    private void Write(Tape tape)
    {
        int size = _shape.ImageSize;
        TransformerTape tower = new(tape, new WeightSource(tape, model.Read, []), model.Manifest.Activation);
        Tensor image = tape.Input("image", batch, 3, size, size),
            use = tape.Input("use", batch, 1, 1);
        Tensor pixels = tape.Parameter(Pixels.Name, Pixels.Shape);
        Tensor seen = side is null
            ? tape.Add(image, tape.Multiply(pixels, PerChannel(tape, "scale", s => 1 / s)))
            : Placed(tape, image, pixels, side.Value);

        AdapterDescription? adapters = model.Manifest.Adapters;
        Tensor[] blocks = ImageTower.Write(tower, seen, _shape, (adapters?.ImageBlocks ?? 0, adapters?.ImageShare ?? 0));
        Tensor[] levels = [.. _shape.Levels.Select(l => ImageTower.Patches(tower, blocks[l - 1], _shape.Vision.Width))];

        Tensor excess = Excess(tape, Maximum(tape, Map(tower, levels)), Detection(tower, levels[^1]));
        tape.Output("excess", tape.Reshape(excess, batch));
        Tensor loss = tape.Softplus(tape.Scale(tape.Shift(excess, Margin), LossScale));
        tape.WriteGradients(tape.Sum(tape.Multiply(loss, use)));
    }

    // The patch at its place, the image elsewhere; the patch is normalised as the image is.
    private Tensor Placed(Tape tape, Tensor image, Tensor pixels, int count)
    {
        int size = _shape.ImageSize;
        Tensor rows = tape.Input("rows", count, size), // 1 where a row of the image shows this row of the patch
            columns = tape.Input("columns", count, size);
        Tensor scale = PerChannel(tape, "scale", s => 1 / s);
        Tensor normalised = tape.Multiply(tape.Subtract(pixels, PerChannel(tape, "mean", m => m)), scale);
        Tensor wide = tape.Transpose(tape.Product(normalised, columns), 0, 2, 1); // [3, S, a]: x, y
        Tensor placed = tape.Transpose(tape.Product(wide, rows), 0, 2, 1); // [3, S, S]
        Tensor covered = tape.Product(tape.Transpose(tape.Sum(rows, 0), 1, 0), tape.Sum(columns, 0)); // [S, S]
        Tensor rest = tape.Multiply(image, tape.Shift(tape.Negate(covered), 1));
        return tape.Add(rest, placed);
    }

    private Tensor PerChannel(Tape tape, string name, Func<float, float> of)
    {
        Preprocessing preprocessing = model.Manifest.Preprocessing;
        IReadOnlyList<float> values = name == "mean" ? preprocessing.Mean : preprocessing.Std;
        return tape.Constant($"const/{name}", [3, 1, 1], [.. values.Select(of)]);
    }

    // Sum of the levels, each 50·F·(T_abnormal − T_normal) + ½, smoothed: [B, g, g].
    private Tensor Map(TransformerTape tower, Tensor[] levels)
    {
        Tape tape = tower.Tape;
        float[] both = model.Anchors;
        float[] difference = [.. Enumerable.Range(0, _shape.Embed).Select(i => both[2 * i + 1] - both[2 * i])];
        Tensor anchors = tape.Constant("const/difference", [_shape.Embed, 1], difference);
        Tensor? sum = null;
        foreach ((int i, Tensor level) in levels.Index())
        {
            Tensor scores = tape.Product(Head(tower, level, $"seg_proj.{i}"), anchors, scale: 50);
            sum = sum is null ? scores : tape.Add(sum, scores);
        }

        int g = _shape.Grid;
        Tensor grid = tape.Shift(tape.Reshape(sum!, batch, g, g), 0.5 * levels.Length); // there is at least one level
        Tensor kernel = tape.Constant("const/smoothing", [g, g], Smoothing(g, model.Domain));
        Tensor columns = tape.Transpose(tape.Product(grid, kernel, transposeB: true), 0, 2, 1);
        return tape.Product(columns, kernel, transposeB: true); // transposed, which a maximum does not see
    }

    // Row i holds the weights of the cells for cell i.
    private static float[] Smoothing(int side, Domain domain)
    {
        float[] kernel = new float[side * side];
        for (int cell = 0; cell < side; cell++)
        {
            float[] line = new float[side * side];
            for (int y = 0; y < side; y++)
                line[y * side + cell] = 1;
            float[] smoothed = GaussianSmoothing.Smooth(line, side, domain);
            for (int x = 0; x < side; x++)
                kernel[x * side + cell] = smoothed[x];
        }

        return kernel;
    }

    // On the calibrated scale: ln Σ exp(βx) / β, at most ln(g²)/β above the maximum. [B, 1, 1].
    private Tensor Maximum(Tape tape, Tensor map)
    {
        Calibration scale = model.Calibration;
        double range = (double)scale.MapMax - scale.MapMin;
        Tensor x = tape.Scale(tape.Shift(tape.Reshape(map, batch, 1, _shape.Grid * _shape.Grid), -scale.MapMin), Sharpness / range);
        Tensor sum = tape.Subtract(tape.Slice(x, 2, 0, 1), tape.Slice(tape.LogSoftmax(x), 2, 0, 1));
        return tape.Scale(sum, 1 / Sharpness);
    }

    // (d·T_abnormal + 1)/2 on the calibrated scale: [B, 1, 1].
    private Tensor Detection(TransformerTape tower, Tensor last)
    {
        Tape tape = tower.Tape;
        float[] both = model.Anchors;
        Tensor anchor = tape.Constant(
            "const/abnormal",
            [_shape.Embed, 1],
            [.. Enumerable.Range(0, _shape.Embed).Select(i => both[2 * i + 1])]
        );
        Tensor mean = tape.Mean(Head(tower, last, "det_proj"), 1); // [B, 1, E]
        Tensor detection = tape.Scale(tape.Shift(tape.Product(mean, anchor), 1), 0.5);
        Calibration scale = model.Calibration;
        return tape.Scale(tape.Shift(detection, -scale.DetectionMin), 1 / ((double)scale.DetectionMax - scale.DetectionMin));
    }

    // As Calibration.Raw, less the threshold.
    private Tensor Excess(Tape tape, Tensor map, Tensor detection)
    {
        Calibration scale = model.Calibration;
        double share = scale.MapShare ?? (model.Domain == Domain.Medical ? 1 : 0.5);
        return tape.Shift(tape.Add(tape.Scale(map, share), tape.Scale(detection, 1 - share)), -scale.Threshold);
    }

    private Tensor Head(TransformerTape tower, Tensor patches, string name) =>
        model.Manifest.Adapters is { } adapters
            ? ImageTower.Adapted(tower, patches, _shape, name, adapters.Relu)
            : tower.Tape.Normalise(ImageTower.Project(tower, patches, _shape), ImageTower.NormBound);
}
