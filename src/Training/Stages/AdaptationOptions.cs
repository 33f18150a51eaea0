using System.Text.Json.Serialization;
using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Training.Losses;
using AaClip.Training.Towers;

namespace AaClip.Training.Stages;

/// <summary>Options of the adaptation; the defaults are those of the published code (specification 6 and 8).</summary>
public sealed record AdaptationOptions
{
    /// <summary>Side of the input image in pixels, a multiple of the patch size.</summary>
    public int Size { get; init; } = 518;

    /// <summary>
    /// Image blocks whose patches are compared with the anchors, counted from 1; null takes the last block of each quarter: 6, 12, 18, 24
    /// of 24.
    /// </summary>
    public IReadOnlyList<int>? Levels { get; init; }

    /// <summary>Number of image blocks with an adapter, from the first; null takes a quarter of them: 6 of 24.</summary>
    public int? ImageBlocks { get; init; }

    /// <summary>Number of text blocks with an adapter, from the first; null takes a quarter of them: 3 of 12.</summary>
    public int? TextBlocks { get; init; }

    /// <summary>Weight of the image adapters in the residual mix, 0 to 1.</summary>
    public double ImageShare { get; init; } = 0.1;

    /// <summary>Weight of the text adapters in the residual mix, 0 to 1.</summary>
    public double TextShare { get; init; } = 0.1;

    /// <summary>True to apply a LeakyReLU after the image projections (--relu of the published code).</summary>
    public bool Relu { get; init; }

    /// <summary>Activation function of the towers.</summary>
    public Activation Activation { get; init; } = Activation.Gelu;

    /// <summary>Kind of attention in the tower that gives the patch features of stage 1.</summary>
    public Surgery Surgery { get; init; } = Surgery.Batch;

    /// <summary>Number of blocks, from the last, with that attention; null takes 19 of 24.</summary>
    public int? SurgeryBlocks { get; init; }

    /// <summary>True to sum the loss of all levels in stage 1; the published code keeps only the last level (specification 0.4).</summary>
    public bool SumLevels { get; init; }

    /// <summary>Weight of the orthogonality loss between the two anchors in stage 1.</summary>
    public double Orthogonality { get; init; } = 0.1;

    /// <summary>Attention heads of the image tower; null takes width / 64.</summary>
    public int? VisionHeads { get; init; }

    /// <summary>Attention heads of the text tower; null takes width / 64.</summary>
    public int? TextHeads { get; init; }

    /// <summary>Epochs of stage 1; 0 leaves the text tower unchanged.</summary>
    public int TextEpochs { get; init; } = 5;

    /// <summary>Epochs of stage 2.</summary>
    public int ImageEpochs { get; init; } = 20;

    /// <summary>Batch size of stage 1.</summary>
    public int TextBatch { get; init; } = 16;

    /// <summary>Batch size of stage 2.</summary>
    public int ImageBatch { get; init; } = 2;

    /// <summary>Learning rate of stage 1.</summary>
    public double TextRate { get; init; } = 1e-5;

    /// <summary>Learning rate of stage 2.</summary>
    public double ImageRate { get; init; } = 5e-4;

    /// <summary>Steps of stage 2 after which its learning rate is halved.</summary>
    public IReadOnlyList<int> Halvings { get; init; } = [16_000, 32_000];

    /// <summary>True to augment the images (specification 6.1).</summary>
    public bool Augment { get; init; } = true;

    /// <summary>
    /// Adds a loss to stage 2 in which normal images of all classes fit each other's anchors (after OFF-CLIP); needs a batch of 8 or more.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public NormalPairs NormalPairs { get; init; }

    /// <summary>Seed of the initial adapters, the order of the images and the augmentation.</summary>
    public int Seed { get; init; } = 111;

    /// <summary>Execution provider of the graphs.</summary>
    public Provider Provider { get; init; } = Provider.Cpu;

    /// <summary>Number of CPU threads; 0 takes all cores.</summary>
    public int Threads { get; init; }
}
