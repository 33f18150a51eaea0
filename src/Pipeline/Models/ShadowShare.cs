using System.Buffers.Binary;
using AaClip.Pipeline.Contracts;
using AaClip.Scoring.Text;

namespace AaClip.Pipeline.Models;

/// <summary>Selects the new images that the shadow model scores too.</summary>
public static class ShadowShare
{
    /// <summary>The value of the job field in requests and results of the shadow model.</summary>
    public const string Job = "shadow";

    /// <summary>
    /// Whether an image belongs to the share. Depends only on its name and version, so a redelivery gives the same answer.
    /// </summary>
    public static bool Include(double share, ImageVersion image)
    {
        byte[] hash = TextHash.Bytes(image.Identity);
        return BinaryPrimitives.ReadUInt32LittleEndian(hash) < share * ((double)uint.MaxValue + 1);
    }
}
