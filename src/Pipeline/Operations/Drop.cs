using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using AaClip.Pipeline.Resilience;
using AaClip.Pipeline.Storage;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace AaClip.Pipeline.Operations;

/// <summary>
/// Uploads images like a camera: each as the blob "camera/relative path" with its content type, up to four at a time, at a given rate. If
/// an image cannot be uploaded after the storage library's four attempts, the others continue.
/// </summary>
public sealed class Drop(StorageClients storage, TimeProvider time)
{
    private const int AtATime = 4;

    /// <summary>Images per time; null for no limit.</summary>
    public Rate? Rate { get; init; }

    /// <summary>
    /// Repeats all images until cancelled. Later passes use their own folder ("pass-2"), because a camera does not overwrite images.
    /// </summary>
    public bool Loop { get; init; }

    /// <summary>Called after each upload, from several threads.</summary>
    public Action<Dropped>? Stored { get; init; }

    /// <summary>Uploads the images.</summary>
    /// <returns>Images that could not be uploaded, with the reason.</returns>
    public async Task<IReadOnlyList<DropFailure>> RunAsync(IReadOnlyList<DropItem> items, CancellationToken cancellation)
    {
        BlobContainerClient images = storage.Container(ContainerNames.Images);
        if (!await images.ExistsAsync(cancellation))
            await images.CreateIfNotExistsAsync(cancellationToken: cancellation);
        List<DropFailure> failures = [];
        ParallelOptions options = new() { MaxDegreeOfParallelism = AtATime, CancellationToken = cancellation };
        await Parallel.ForEachAsync(
            InPace(items, cancellation),
            options,
            async (turn, token) =>
            {
                string blob = BlobName(turn.Item, turn.Pass);
                try
                {
                    byte[] content = await File.ReadAllBytesAsync(turn.Item.Path, token);
                    BlobUploadOptions upload = new() { HttpHeaders = new BlobHttpHeaders { ContentType = ContentType(turn.Item.Path) } };
                    BlobContentInfo stored = await images.GetBlobClient(blob).UploadAsync(BinaryData.FromBytes(content), upload, token);
                    Stored?.Invoke(new Dropped(blob, stored.ETag.ToString().Trim('"'), content.Length, time.GetUtcNow()));
                }
                catch (Exception e)
                    when (e is IOException or UnauthorizedAccessException or RequestFailedException || InfrastructureException.Is(e))
                {
                    lock (failures)
                        failures.Add(new DropFailure(turn.Item.Path, e));
                }
            }
        );
        return failures;
    }

    /// <summary>Returns the blob name of an image.</summary>
    public static string BlobName(DropItem item, int pass = 1)
    {
        string path = item.Relative.Replace(Path.DirectorySeparatorChar, '/');
        return pass == 1 ? $"{item.Camera}/{path}" : FormattableString.Invariant($"{item.Camera}/pass-{pass}/{path}");
    }

    private async IAsyncEnumerable<(DropItem Item, int Pass)> InPace(
        IReadOnlyList<DropItem> items,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        long start = time.GetTimestamp(),
            index = 0;
        int pass = 1;
        do
        {
            foreach (DropItem item in items)
            {
                if (Rate is { } rate)
                    await rate.WaitAsync(start, index++, time, cancellation);
                yield return (item, pass);
            }

            pass++;
        } while (Loop);
    }

    [SuppressMessage("Globalization", "CA1308:Normalize strings to uppercase", Justification = "File extensions are lower-case.")]
    private static string ContentType(string path) =>
        Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".jpg" or ".jpeg" => "image/jpeg",
            ".png" => "image/png",
            ".bmp" => "image/bmp",
            ".tif" or ".tiff" => "image/tiff",
            ".webp" => "image/webp",
            _ => "application/octet-stream",
        };
}

/// <summary>An image to upload.</summary>
/// <param name="Camera">Camera of the blob name.</param>
/// <param name="Path">Path of the file.</param>
/// <param name="Relative">The part of the blob name after the camera.</param>
public readonly record struct DropItem(string Camera, string Path, string Relative);

/// <summary>An uploaded image.</summary>
/// <param name="Blob">Blob name in the images container.</param>
/// <param name="ETag">Version of the blob, without quotes.</param>
/// <param name="Bytes">Length of the file.</param>
/// <param name="At">When the upload ended.</param>
public sealed record Dropped(string Blob, string ETag, long Bytes, DateTimeOffset At);

/// <summary>An image that could not be uploaded.</summary>
/// <param name="Path">Path of the file.</param>
/// <param name="Error">The reason: the file cannot be read, or storage rejects it or does not respond.</param>
public sealed record DropFailure(string Path, Exception Error);
