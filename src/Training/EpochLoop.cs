namespace AaClip.Training;

/// <summary>The epochs of a stage: steps, progress, and a checkpoint after each.</summary>
/// <param name="Stage">Name of the stage, for progress and messages.</param>
/// <param name="Done">Epochs that are done already.</param>
/// <param name="Epochs">Epochs in all.</param>
internal sealed record EpochLoop(string Stage, int Done, int Epochs)
{
    /// <summary>Runs the epochs that are left.</summary>
    /// <param name="steps">Steps of an epoch.</param>
    /// <param name="batches">The batches of an epoch, by its number from 0.</param>
    /// <param name="step">Does a step, and gives its loss.</param>
    /// <param name="save">Writes the checkpoint of an epoch, by its number from 1.</param>
    /// <exception cref="InvalidDataException">A loss is not finite.</exception>
    public void Run<T>(
        int steps,
        Func<int, IEnumerable<T>> batches,
        Func<T, float> step,
        Action<int> save,
        IProgress<TrainingProgress>? progress,
        CancellationToken cancellation
    )
    {
        for (int epoch = Done; epoch < Epochs; epoch++)
        {
            int count = 0;
            double sum = 0;
            foreach (T batch in batches(epoch))
            {
                float loss = step(batch);
                if (!float.IsFinite(loss))
                    throw new InvalidDataException(
                        $"The loss of step {count + 1} of epoch {epoch + 1} of the {Stage} stage is {loss}: the training diverges; "
                            + $"begin again in another folder with a smaller learning rate."
                    );
                sum += loss;
                progress?.Report(new TrainingProgress(Stage, epoch + 1, Epochs, ++count, steps, loss, sum / count));
                cancellation.ThrowIfCancellationRequested();
            }

            save(epoch + 1);
        }
    }
}
