using AaClip.Evaluation.DataSets;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Reviews;
using AaClip.Pipeline.Storage;
using AaClip.Scoring;
using AaClip.Scoring.Images;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Decision = AaClip.Pipeline.Reviews.Review;

namespace AaClip.Cli.Operate;

/// <summary>
/// Makes a folder in MVTec's layout hold the images on which people decided. What an earlier run wrote is kept, moved or deleted, as the
/// decisions in force say. Only what a person drew is a mask; a defect without regions has none.
/// </summary>
/// <param name="name">What the object is called; null takes it from the results.</param>
/// <param name="masked">Leaves out defects without a mask.</param>
internal sealed class MvtecExport(StorageClients storage, MvtecFolder folder, string? name, bool masked)
{
    private const int Parallel = 4; // images at a time: each is decoded
    private const int ModelSize = 518; // what is marked must be seen at the model's usual input size

    private readonly ResultStore _results = new(storage);
    private readonly BlobContainerClient _images = storage.Container(ContainerNames.Images);
    private readonly Lock _begin = new();

    /// <summary>Writes the images.</summary>
    /// <param name="decisions">The newest on each image.</param>
    /// <param name="done">Called after each, with how many are done; one call at a time.</param>
    /// <returns>What became of each, in no order.</returns>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public async Task<IReadOnlyList<ExportedImage>> RunAsync(
        IReadOnlyCollection<Decision> decisions,
        Action<int> done,
        CancellationToken cancellation
    )
    {
        List<ExportedImage> all = [];
        await System.Threading.Tasks.Parallel.ForEachAsync(
            decisions,
            new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellation },
            async (decision, token) =>
            {
                ExportedImage one = await OneAsync(decision, token);
                lock (all)
                {
                    all.Add(one);
                    done(all.Count);
                }
            }
        );
        return all;
    }

    private async Task<ExportedImage> OneAsync(Decision decision, CancellationToken cancellation)
    {
        string? there = folder.Find(decision.Version);
        bool defect = decision.Verdict == ReviewVerdict.Defect;
        if (!defect && decision.Verdict != ReviewVerdict.Fine)
            return LeaveOut(there, decision, null);
        if (defect && masked && decision.Regions is not { Count: > 0 })
            return LeaveOut(there, decision, "it has no regions");
        try
        {
            // 1. Where it belongs
            ResultRow? result = (await _results.Index.VersionsAsync(decision.Camera, decision.Cursor, cancellation: cancellation)).MaxBy(
                r => r.Time
            );
            string objectClass = name ?? result?.Class ?? throw new ImageGoneException("no result tells its class; name it with --name");
            string target = folder.PathOf(decision.Version, objectClass, defect);

            // 2. Its bytes, and its mask
            string path;
            byte[] file;
            RgbImage upright;
            if (there is not null)
            {
                path = target + Path.GetExtension(there);
                if (path == there && !defect)
                    return new ExportedImage(decision.Image, Exported.Kept);
                (file, upright) = ([], ImageDecoder.DecodeFile(there).Image);
            }
            else
            {
                file = await DownloadAsync(decision.Version, result, cancellation);
                DecodedImage decoded = ImageDecoder.Decode(file, decision.Image);
                upright = decoded.Image;
                // Readers of data sets do not turn images upright, and the decisions are on upright ones
                if (decoded.Orientation != 1)
                    file = ImageEncoder.Png(upright);
                path = target + (decoded.Orientation != 1 ? ".png" : ExtensionOf(decoded.Format));
            }

            byte[]? mask = defect ? MaskOf(decision, upright.Width, upright.Height) : null;
            if (defect && masked && mask is null)
                return LeaveOut(there, decision, "its regions are too small");

            // 3. Write
            lock (_begin)
                folder.Begin(objectClass);
            if (there is null)
                WholeFile.Write(path, file);
            else if (there != path)
            {
                MvtecFolder.DeleteMask(there);
                File.Move(there, path, overwrite: true);
            }

            bool changed = WriteMask(path, mask);
            return new ExportedImage(
                decision.Image,
                there is null ? Exported.Added
                    : there != path || changed ? Exported.Changed
                    : Exported.Kept
            );
        }
        catch (Exception e) when (e is ImageGoneException or ImageRejectedException)
        {
            return new ExportedImage(decision.Image, there is null ? Exported.LeftOut : Exported.Kept, e.Message);
        }
    }

    private static ExportedImage LeaveOut(string? there, Decision decision, string? why)
    {
        if (there is not null)
            MvtecFolder.Delete(there);
        return new ExportedImage(decision.Image, there is null ? Exported.LeftOut : Exported.Deleted, why);
    }

    // The image as it was decided on. Another ETag is no other image if only metadata changed.
    private async Task<byte[]> DownloadAsync(ImageVersion image, ResultRow? result, CancellationToken cancellation)
    {
        BlobClient blob = _images.GetBlobClient(image.Image);
        try
        {
            BlobProperties now = await blob.GetPropertiesAsync(cancellationToken: cancellation);
            if (now.ETag.ToString().Trim('"') != image.ETag)
            {
                ResultSummary? scored = result is null ? null : await _results.SummaryAsync(result.Model, image, cancellation);
                if (scored?.Content?.IsSame(ImageContent.Of(now)) != true)
                    throw new ImageGoneException("it was replaced by another image");
            }

            BlobDownloadOptions options = new() { Conditions = new BlobRequestConditions { IfMatch = now.ETag } };
            return (await blob.DownloadContentAsync(options, cancellation)).Value.Content.ToArray();
        }
        catch (RequestFailedException e) when (e.Status is 404 or 412 || e.ErrorCode == BlobErrorCode.BlobArchived)
        {
            throw new ImageGoneException(
                e.Status switch
                {
                    404 => "it was deleted",
                    412 => "it was replaced by another image",
                    _ => "it is in the archive tier",
                },
                e
            );
        }
    }

    /// <returns>PNG, [height, width], 255 inside of the regions; null if they mark nothing that the model's input can show.</returns>
    private static byte[]? MaskOf(Decision decision, int width, int height)
    {
        if (decision.Regions is not { Count: > 0 } regions)
            return null;
        byte[] grey = [.. new Polygons(regions).Rasterize(width, height).Select(inside => inside ? byte.MaxValue : (byte)0)];
        return Mask.Resize(grey, width, height, ModelSize).AsSpan().ContainsAnyExcept((byte)0)
            ? ImageEncoder.Png8(width, height, grey)
            : null;
    }

    /// <returns>Whether the mask that is there changed.</returns>
    private static bool WriteMask(string path, byte[]? mask)
    {
        string file = MvtecFolder.MaskOf(path);
        byte[]? before = File.Exists(file) ? File.ReadAllBytes(file) : null;
        if (mask is null)
            MvtecFolder.DeleteMask(path);
        else if (before is null || !before.AsSpan().SequenceEqual(mask))
            WholeFile.Write(file, mask);
        else
            return false;
        return mask is not null || before is not null;
    }

    private static string ExtensionOf(ImageFileFormat format) =>
        format switch
        {
            ImageFileFormat.Jpeg => ".jpg",
            ImageFileFormat.Tiff => ".tif",
            _ => $".{format.ToString().ToLowerInvariant()}", // png, bmp, webp
        };

    private sealed class ImageGoneException(string why, Exception? cause = null) : Exception(why, cause);
}
