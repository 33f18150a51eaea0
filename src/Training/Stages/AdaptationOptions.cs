using AaClip.Scoring.Packages;
using AaClip.Scoring.Sessions;
using AaClip.Training.Towers;

namespace AaClip.Training.Stages;

/// <summary>How CLIP is adapted; the defaults are the published code's (specification 6 and 8).</summary>
public sealed record AdaptationOptions
{
    /// <summary>Side of the input in pixels, a multiple of the patch.</summary>
    public int Size { get; init; } = 518;

    /// <summary>Blocks that are compared with the anchors, counted from 1; null takes the quarters.</summary>
    public IReadOnlyList<int>? Levels { get; init; }

    /// <summary>Image blocks with an adapter, from the first; null takes a quarter of them: 6 of 24.</summary>
    public int? ImageBlocks { get; init; }

    /// <summary>Text blocks with an adapter, from the first; null takes a quarter of them: 3 of 12.</summary>
    public int? TextBlocks { get; init; }

    /// <summary>Share of the image adapters in the mix, 0 to 1.</summary>
    public double ImageShare { get; init; } = 0.1;

    /// <summary>Share of the text adapters in the mix, 0 to 1.</summary>
    public double TextShare { get; init; } = 0.1;

    /// <summary>Whether the image projections carry a LeakyReLU (the published --relu).</summary>
    public bool Relu { get; init; }

    /// <summary>Non-linearity of the towers.</summary>
    public Activation Activation { get; init; } = Activation.Gelu;

    /// <summary>Attention of the tower that stage 1 takes its patch features from.</summary>
    public Surgery Surgery { get; init; } = Surgery.Batch;

    /// <summary>How many blocks, from the last, have that attention; null takes 19 of 24.</summary>
    public int? SurgeryBlocks { get; init; }

    /// <summary>Whether stage 1 sums the loss of all levels; the published code keeps only the last (specification 0.4).</summary>
    public bool SumLevels { get; init; }

    /// <summary>Weight of the orthogonality of the two anchors in stage 1.</summary>
    public double Orthogonality { get; init; } = 0.1;

    /// <summary>Attention heads of the image tower; null takes width / 64.</summary>
    public int? VisionHeads { get; init; }

    /// <summary>Attention heads of the text tower; null takes width / 64.</summary>
    public int? TextHeads { get; init; }

    /// <summary>Epochs of stage 1; 0 leaves the text tower as it is.</summary>
    public int TextEpochs { get; init; } = 5;

    /// <summary>Epochs of stage 2.</summary>
    public int ImageEpochs { get; init; } = 20;

    /// <summary>Images of a step in stage 1.</summary>
    public int TextBatch { get; init; } = 16;

    /// <summary>Images of a step in stage 2.</summary>
    public int ImageBatch { get; init; } = 2;

    /// <summary>Learning rate of stage 1.</summary>
    public double TextRate { get; init; } = 1e-5;

    /// <summary>Learning rate of stage 2.</summary>
    public double ImageRate { get; init; } = 5e-4;

    /// <summary>Steps of stage 2 after which its learning rate is halved.</summary>
    public IReadOnlyList<int> Halvings { get; init; } = [16_000, 32_000];

    /// <summary>Whether images are varied (specification 6.1).</summary>
    public bool Augment { get; init; } = true;

    /// <summary>Of the initial adapters, the order of images and their variation.</summary>
    public int Seed { get; init; } = 111;

    /// <summary>Where the graphs run.</summary>
    public Provider Provider { get; init; } = Provider.Cpu;

    /// <summary>Threads of a run on CPU; 0 takes all cores.</summary>
    public int Threads { get; init; }
}
