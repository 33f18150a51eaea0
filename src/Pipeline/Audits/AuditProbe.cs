using AaClip.Scoring.Images;

namespace AaClip.Pipeline.Audits;

/// <summary>
/// Measures how the raw score of an image rises when a part of it is covered, or when it is smoothed. If a mark in the image hides a defect
/// from the model, its removal brings the defect back. 51 changed images and the unchanged one are scored.
/// </summary>
internal static class AuditProbe
{
    private const int Together = 8; // changed images in memory at a time

    /// <summary>Measures an image.</summary>
    /// <param name="inputSide">
    /// Side of the model's input: a larger image is shrunk to it before it is smoothed, because the model would not see the smoothing of
    /// finer pixels. Null for an image in tiles, which the model sees as it is.
    /// </param>
    /// <param name="raw">
    /// Scores an image: its raw score. Called for up to eight images at a time; each must have been read when it returns.
    /// </param>
    /// <param name="yield">Lets more urgent work go first.</param>
    public static async Task<Rises> MeasureAsync(RgbImage image, int? inputSide, Func<RgbImage, Task<double>> raw, Func<Task> yield)
    {
        double unchanged = await raw(image);
        (double Score, ImageCell Cell) covered = (double.NegativeInfinity, default);
        foreach (ImageCell[] cells in CoveredCells.Of(image.Width, image.Height).Chunk(Together))
        {
            await yield();
            double[] scores = await Task.WhenAll(cells.Select(c => raw(CoveredCells.Cover(image, c))));
            foreach ((double score, ImageCell cell) in scores.Zip(cells))
                if (score > covered.Score) // the first of equal ones
                    covered = (score, cell);
        }

        await yield();
        RgbImage seen = inputSide is { } side ? BoxAverage.Shrink(image, side) : image;
        double mean = await raw(Smoothing.Mean(seen)),
            median = await raw(Smoothing.Median(seen));
        RgbImage part = image.Cut(covered.Cell.X, covered.Cell.Y, covered.Cell.Width, covered.Cell.Height);
        return new Rises(
            unchanged,
            covered.Score - unchanged,
            covered.Cell,
            Math.Max(mean, median) - unchanged,
            mean >= median ? "mean" : "median"
        )
        {
            Picture = Convert.ToBase64String(ImageEncoder.Jpeg(BoxAverage.Shrink(part, Rises.PictureSide))),
        };
    }
}
