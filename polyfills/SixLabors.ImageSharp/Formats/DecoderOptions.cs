namespace SixLabors.ImageSharp.Formats;

/// <summary>How to decode.</summary>
public sealed class DecoderOptions
{
    private readonly uint _maxFrames = int.MaxValue;

    /// <summary>Leaves out metadata. Here only pixels are ever read by Load, so it changes nothing.</summary>
    public bool SkipMetadata { get; init; }

    /// <summary>How many frames to decode, at least 1. Here the first frame alone is decoded, whatever this says.</summary>
    public uint MaxFrames
    {
        get => _maxFrames;
        init => _maxFrames = Math.Clamp(value, 1, int.MaxValue);
    }
}
