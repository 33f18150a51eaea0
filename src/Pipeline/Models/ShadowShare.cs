using System.Buffers.Binary;
using AaClip.Pipeline.Contracts;
using AaClip.Scoring.Text;

namespace AaClip.Pipeline.Models;

/// <summary>Which new images a shadow scores as well.</summary>
public static class ShadowShare
{
    /// <summary>Stands in requests and results in the place of a job.</summary>
    public const string Job = "shadow";

    /// <summary>Whether an image is among the share: by its name and version alone, so that a second delivery decides alike.</summary>
    public static bool Include(double share, ImageVersion image)
    {
        byte[] hash = TextHash.Bytes($"{image.Image}\n{image.ETag}");
        return BinaryPrimitives.ReadUInt32LittleEndian(hash) < share * ((double)uint.MaxValue + 1);
    }
}
