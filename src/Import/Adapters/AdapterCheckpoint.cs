using System.Globalization;
using AaClip.Import.Torch;
using AaClip.Scoring.Tensors;

namespace AaClip.Import.Adapters;

/// <summary>
/// A checkpoint of the published training (specification 6.5; train.py): text_adapter.pth or image_adapter.pth, with the weights and Adam's
/// state. The format is compatible in both directions: the published code reads files written here, and this class reads its files.
/// </summary>
/// <param name="Part">"text" or "image"; the entries are named PART_adapter and PART_optimizer.</param>
/// <param name="Epoch">Number of completed epochs.</param>
/// <param name="Steps">Number of completed Adam steps.</param>
/// <param name="LearningRate">Learning rate of the next step.</param>
/// <param name="Beta1">Decay rate of the mean of the gradients.</param>
/// <param name="Tensors">The weights, in the order of the published code.</param>
public sealed record AdapterCheckpoint(
    string Part,
    int Epoch,
    int Steps,
    double LearningRate,
    double Beta1,
    IReadOnlyList<TrainedTensor> Tensors
)
{
    /// <summary>Learning rate before any halving; null if the checkpoint has no schedule.</summary>
    public double? InitialRate { get; init; }

    private const double Beta2 = 0.999,
        Epsilon = 1e-8; // same in every published training

    /// <summary>Reads a checkpoint.</summary>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="InvalidDataException">The file is damaged or is not a checkpoint of that part.</exception>
    public static AdapterCheckpoint Read(string path, string part)
    {
        using Checkpoint file = Checkpoint.OpenFile(path, mayBeIndex: false);
        string prefix = $"{part}_adapter.";
        List<TrainedTensor> tensors = [];
        int steps = 0;
        foreach ((string name, StoredTensor tensor) in file.Tensors.Where(t => t.Key.StartsWith(prefix, StringComparison.Ordinal)))
        {
            string state = string.Create(CultureInfo.InvariantCulture, $"{part}_optimizer.state.{tensors.Count}.");
            float[] values = tensor.ToFloat32();
            bool begun = file.Tensors.TryGetValue(state + "step", out StoredTensor? step);
            if (begun)
                steps = (int)step!.ToFloat32()[0]; // not null: training has started
            tensors.Add(
                new TrainedTensor(
                    name[prefix.Length..],
                    [.. tensor.Shape.Select(n => (int)n)],
                    values,
                    Moment(state + "exp_avg"),
                    Moment(state + "exp_avg_sq")
                )
            );

            float[] Moment(string key) =>
                !begun ? new float[values.Length]
                : file.Tensors.TryGetValue(key, out StoredTensor? moment) && moment.Count == values.Length ? moment.ToFloat32()
                : throw new InvalidDataException(
                    $"'{path}' has no '{key}' of the size of '{name}': the file is damaged, take the checkpoint of an earlier epoch."
                );
        }

        if (tensors.Count == 0 || file.Values.GetValueOrDefault("epoch") is not long epoch)
            throw new InvalidDataException(
                $"'{path}' has no '{prefix}…' or no 'epoch', so it is no checkpoint of the {part} adapters: pass a file that the "
                    + $"training wrote."
            );
        string group = $"{part}_optimizer.param_groups.0.";
        return new AdapterCheckpoint(
            part,
            (int)epoch,
            steps,
            file.Values.GetValueOrDefault(group + "lr") as double? ?? 0,
            file.Values.GetValueOrDefault(group + "betas.0") as double? ?? 0.5,
            tensors
        )
        {
            InitialRate = file.Values.GetValueOrDefault(group + "initial_lr") as double?,
        };
    }

    /// <summary>Writes the checkpoint atomically: after a crash the path has either the old file or the new one.</summary>
    public void Write(string path)
    {
        PickleDictionary weights = new() { Ordered = true };
        PickleDictionary state = [];
        foreach (TrainedTensor tensor in Tensors)
        {
            weights.Add(tensor.Name, new TorchTensor(tensor.Shape, tensor.Values));
            if (Steps > 0)
                state.Add(
                    state.Count,
                    new PickleDictionary
                    {
                        ["step"] = new TorchTensor([], [Steps]),
                        ["exp_avg"] = new TorchTensor(tensor.Shape, tensor.Mean),
                        ["exp_avg_sq"] = new TorchTensor(tensor.Shape, tensor.Square),
                    }
                );
        }

        PickleDictionary group = new()
        {
            ["lr"] = LearningRate,
            ["betas"] = new object?[] { Beta1, Beta2 },
            ["eps"] = Epsilon,
            ["weight_decay"] = 0,
            ["amsgrad"] = false,
            ["maximize"] = false,
            ["foreach"] = null,
            ["capturable"] = false,
            ["differentiable"] = false,
            ["fused"] = false,
        };
        if (InitialRate is { } initial)
            group["initial_lr"] = initial;
        group["params"] = Enumerable.Range(0, Tensors.Count).Select(i => (object?)i).ToList();
        TorchWriter.Write(
            path,
            new PickleDictionary
            {
                ["epoch"] = Epoch,
                [$"{Part}_adapter"] = weights,
                [$"{Part}_optimizer"] = new PickleDictionary
                {
                    ["state"] = state,
                    ["param_groups"] = new List<object?> { group },
                },
            }
        );
    }
}

/// <summary>A trained weight and Adam's state for it.</summary>
/// <param name="Name">Name without the prefix of the part, such as "0.fc.0.weight".</param>
/// <param name="Shape">Axis lengths.</param>
/// <param name="Values">Row-major.</param>
/// <param name="Mean">Mean of the gradients.</param>
/// <param name="Square">Mean of the squared gradients.</param>
public sealed record TrainedTensor(string Name, int[] Shape, float[] Values, float[] Mean, float[] Square);
