using AaClip.Scoring.Events;
using AaClip.Synthesis.Drawing;

namespace AaClip.Training.Events;

/// <summary>Batches of an epoch, in an order that depends only on seed and epoch. Every batch has the same size.</summary>
internal sealed class EventBatches
{
    private readonly IReadOnlyList<(SnippetWindow Window, float[] Labels)> _recordings;
    private readonly int[][] _groups; // of which each batch takes the same number
    private readonly int _each;
    private readonly int _seed;

    /// <param name="recordings">A window of each recording, whose features end with the last valid snippet, and its labels [C].</param>
    /// <param name="length">Snippets of a window.</param>
    /// <param name="balanced">Whether half of a batch is normal recordings; as published, an epoch ends with the smaller group.</param>
    public EventBatches(IReadOnlyList<(SnippetWindow Window, float[] Labels)> recordings, int length, int batch, bool balanced, int seed)
    {
        (_recordings, Length, _seed) = (recordings, length, seed);
        int[] all = [.. Enumerable.Range(0, recordings.Count)];
        _groups = balanced
            ?
            [
                [.. all.Where(i => recordings[i].Labels[0] > 0)],
                [.. all.Where(i => recordings[i].Labels[0] == 0)],
            ]
            : [all];
        _each = Math.Max(1, Math.Min(batch / _groups.Length, _groups.Max(g => g.Length)));
        Steps = Math.Max(1, _groups.Min(g => g.Length) / _each);
    }

    public int Length { get; }

    /// <summary>Steps of an epoch.</summary>
    public int Steps { get; }

    /// <summary>The batches of an epoch.</summary>
    /// <param name="epoch">Number of the epoch, from 0.</param>
    public IEnumerable<EventBatch> Epoch(int epoch)
    {
        int[][] orders = [.. _groups.Select(g => (int[])[.. g])];
        SeededRandom random = new(_seed, epoch);
        foreach (int[] order in orders)
            random.Shuffle(order.AsSpan());
        for (int step = 0; step < Steps; step++)
            // A group that is smaller than its part of a batch begins again
            yield return Make([.. orders.SelectMany(order => Enumerable.Range(step * _each, _each).Select(i => order[i % order.Length]))]);
    }

    private EventBatch Make(int[] numbers)
    {
        int classes = _recordings[0].Labels.Length,
            width = _recordings[0].Window.Features.Length / _recordings[0].Window.Valid;
        EventBatch batch = new(new float[numbers.Length * Length * width], new int[numbers.Length], new float[numbers.Length * classes]);
        for (int i = 0; i < numbers.Length; i++)
        {
            (SnippetWindow window, float[] labels) = _recordings[numbers[i]];
            window.Features.CopyTo(batch.Features, i * Length * width);
            batch.Valid[i] = window.Valid;
            labels.CopyTo(batch.Labels, i * classes);
        }

        return batch;
    }
}
