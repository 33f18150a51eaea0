using AaClip.Scoring.Sessions;

namespace AaClip.Training.Events;

/// <summary>Options of a training of a temporal head.</summary>
public sealed record EventOptions
{
    /// <summary>The published settings for UCF-Crime (src/ucf_option.py): half of each step is normal recordings.</summary>
    public static EventOptions Ucf { get; } =
        new()
        {
            Blocks = 2,
            Window = 8,
            Batch = 128,
            Balanced = true,
            Rate = 2e-5,
            Drops = [4, 8],
            TextWeight = 0.1,
        };

    /// <summary>The published settings for XD-Violence.</summary>
    public static EventOptions Xd { get; } =
        new()
        {
            Blocks = 1,
            Window = 64,
            Batch = 96,
            Balanced = false,
            Rate = 1e-5,
            Drops = [3, 6, 10],
            TextWeight = 1e-4,
        };

    /// <summary>Attention blocks of the head; taken from the checkpoint if one is continued.</summary>
    public required int Blocks { get; init; }

    /// <summary>Snippets that attend to each other: a divisor of <see cref="Length"/>.</summary>
    public required int Window { get; init; }

    /// <summary>Snippets that the head sees at once; taken from the checkpoint if one is continued.</summary>
    public int Length { get; init; } = 256;

    /// <summary>Recordings in a step; fewer if the list has fewer.</summary>
    public required int Batch { get; init; }

    /// <summary>Whether half of each step is normal recordings.</summary>
    public required bool Balanced { get; init; }

    /// <summary>Learning rate of AdamW, whose decay is 0.01.</summary>
    public required double Rate { get; init; }

    /// <summary>Passes over the recordings.</summary>
    public int Epochs { get; init; } = 10;

    /// <summary>Epochs after which the learning rate is divided by 10.</summary>
    public required IReadOnlyList<int> Drops { get; init; }

    /// <summary>Weight of the term that keeps class embeddings apart.</summary>
    public required double TextWeight { get; init; }

    /// <summary>Frames of a snippet, of which the first is seen.</summary>
    public int SnippetFrames { get; init; } = 16;

    /// <summary>Seed of the initial weights and the order; 234 as published.</summary>
    public int Seed { get; init; } = 234;

    /// <summary>Attention heads of the image tower; null means width / 64.</summary>
    public int? VisionHeads { get; init; }

    /// <summary>Attention heads of the text tower; null means width / 64.</summary>
    public int? TextHeads { get; init; }

    /// <summary>Execution provider of the graphs.</summary>
    public Provider Provider { get; init; } = Provider.Cpu;

    /// <summary>Number of CPU threads; 0 takes all cores.</summary>
    public int Threads { get; init; }
}
