using AaClip.Evaluation;
using AaClip.Scoring.Images;

namespace AaClip.Training.Scan;

/// <summary>An anomalous image that the model finds, at the model's input size.</summary>
/// <param name="Hash">SHA-256 of its file.</param>
/// <param name="Image">[Size, Size].</param>
/// <param name="Defect">[Size, Size]: 1 where the defect is; from its mask, else where the model's map says so.</param>
internal sealed record Probe(string Hash, RgbImage Image, byte[] Defect)
{
    /// <summary>Reads an image; null if the model does not find it anomalous.</summary>
    /// <param name="bytes">Content of its file.</param>
    /// <param name="hash">SHA-256 of it.</param>
    /// <param name="mask">File of its mask; null if there is none.</param>
    /// <exception cref="ImageRejectedException">Image or mask cannot be read.</exception>
    public static Probe? Read(string path, byte[] bytes, string hash, string? mask, ScannedModel model, CancellationToken cancellation)
    {
        RgbImage whole = ImageDecoder.Decode(bytes, path).Image,
            image = model.AtInputSize(whole);
        (Scoring.ImageScore score, bool anomalous) = model.Judge(image, cancellation);
        if (!anomalous)
            return null;
        byte[]? marked = mask is null ? null : GroundTruth.Read(mask, whole.Width, whole.Height, model.Size).Pixels;
        return new Probe(hash, image, marked?.AsSpan().ContainsAnyExcept((byte)0) == true ? marked : FromMap(score, model));
    }

    /// <summary>Whether a square touches the defect.</summary>
    public bool Touches(Area area)
    {
        for (int y = area.Y; y < area.Y + area.Side; y++)
            if (Defect.AsSpan(y * Image.Width + area.X, area.Side).ContainsAnyExcept((byte)0))
                return true;
        return false;
    }

    // The upper half of the map, between the map threshold and its maximum
    private static byte[] FromMap(Scoring.ImageScore score, ScannedModel model)
    {
        float[] map = score.Map.FullSize(model.Size, model.Size);
        float bound = Math.Min(score.MapMax, (score.MapMax + model.Calibration.MapThreshold) / 2);
        return [.. map.Select(v => v >= bound ? (byte)1 : (byte)0)];
    }
}
