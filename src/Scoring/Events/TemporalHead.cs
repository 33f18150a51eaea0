namespace AaClip.Scoring.Events;

/// <summary>The sizes of a temporal head (VadCLIP, arXiv 2308.11681; src/model.py).</summary>
/// <param name="Length">Snippets that it sees at once; 256 as published. Shorter sequences are padded to it.</param>
/// <param name="Window">
/// Snippets that attend to each other: a divisor of the length; 8 (UCF-Crime) or 64 (XD-Violence) as published.
/// </param>
/// <param name="Blocks">Attention blocks: 2 (UCF-Crime) or 1 (XD-Violence) as published.</param>
/// <param name="Width">Width of a feature, of the blocks and of a class embedding; 512 for ViT-B/16.</param>
/// <param name="MlpWidth">Hidden width of the MLPs; 2048 as published.</param>
/// <param name="GraphWidth">Width of the two graph branches; 256 as published.</param>
public sealed record TemporalHead(int Length, int Window, int Blocks, int Width, int MlpWidth, int GraphWidth)
{
    /// <summary>Cosines up to this count as 0 in the similarity graph (src/model.py, adj4).</summary>
    public const float SimilarityBound = 0.7f;

    /// <summary>Divisor of the cosines of the alignment branch (src/model.py, forward).</summary>
    public const float Temperature = 0.07f;

    /// <summary>Snippets under the kernel of the graph branches' convolutions (src/utils/layers.py, GraphConvolution).</summary>
    public const int Kernel = 5;

    /// <summary>
    /// Weights of the distance graph, [length, length]: e^(−|i − j| / e). Not normalised, and independent of the checkpoint's sigma, as in
    /// the published code (src/utils/layers.py, DistanceAdj).
    /// </summary>
    public float[] Distances()
    {
        float[] weights = new float[Length * Length];
        for (int i = 0; i < Length; i++)
        for (int j = 0; j < Length; j++)
            weights[i * Length + j] = (float)Math.Exp(-Math.Abs(i - j) / Math.E);
        return weights;
    }
}
