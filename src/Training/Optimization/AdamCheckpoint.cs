using AaClip.Import.Adapters;

namespace AaClip.Training.Optimization;

/// <summary>Puts the weights and Adam's state of a checkpoint back.</summary>
internal static class AdamCheckpoint
{
    /// <summary>The weights with Adam's state, under the names of the parameters.</summary>
    /// <param name="part">See <see cref="AdapterCheckpoint.Part"/>.</param>
    /// <param name="epoch">Completed epochs.</param>
    public static AdapterCheckpoint Checkpoint(this Adam adam, string part, int epoch) =>
        new(
            part,
            epoch,
            adam.Steps,
            adam.Options.LearningRate,
            adam.Options.Beta1,
            [.. adam.Parameters.Select((p, i) => new TrainedTensor(p.Name, p.Shape, p.Values, adam.Means[i], adam.Squares[i]))]
        );

    /// <summary>Reads a checkpoint if there is one.</summary>
    /// <param name="part">See <see cref="AdapterCheckpoint.Part"/>.</param>
    /// <returns>Completed epochs; 0 without a checkpoint.</returns>
    /// <exception cref="InvalidDataException">The checkpoint is damaged, or of other weights.</exception>
    public static int Restore(this Adam adam, string part, string path)
    {
        if (!File.Exists(path))
            return 0;
        AdapterCheckpoint checkpoint = AdapterCheckpoint.Read(path, part);
        if (checkpoint.Tensors.Count != adam.Parameters.Count)
            throw new InvalidDataException(
                $"'{path}' has {checkpoint.Tensors.Count} weights, expected {adam.Parameters.Count}: it was trained for other "
                    + $"blocks; choose another --out."
            );
        for (int i = 0; i < adam.Parameters.Count; i++)
        {
            TrainedTensor tensor = checkpoint.Tensors[i];
            Parameter parameter = adam.Parameters[i];
            if (!tensor.Shape.AsSpan().SequenceEqual(parameter.Shape))
                throw new InvalidDataException(
                    $"'{tensor.Name}' in '{path}' has the shape [{string.Join(", ", tensor.Shape)}], expected "
                        + $"[{string.Join(", ", parameter.Shape)}]: it was trained with another CLIP model."
                );
            tensor.Values.CopyTo(parameter.Values, 0);
            tensor.Mean.CopyTo(adam.Means[i], 0);
            tensor.Square.CopyTo(adam.Squares[i], 0);
        }

        adam.Steps = checkpoint.Steps;
        return checkpoint.Epoch;
    }
}
