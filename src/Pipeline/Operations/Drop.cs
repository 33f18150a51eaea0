using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using AaClip.Pipeline.Resilience;
using AaClip.Pipeline.Storage;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace AaClip.Pipeline.Operations;

/// <summary>
/// Stores images as a camera would: each as the blob "camera/relative path" with its content type, several at a time, at a pace. One that
/// cannot be stored does not stop the others; the storage library has tried it four times by then.
/// </summary>
public sealed class Drop(StorageClients storage, TimeProvider time)
{
    private const int AtATime = 4;

    /// <summary>Times a second; null is as fast as storage takes them.</summary>
    public Rate? Rate { get; init; }

    /// <summary>
    /// Begins again after the last image, until stopped. Later passes go to folders of their own ("pass-2"): a camera does not overwrite.
    /// </summary>
    public bool Loop { get; init; }

    /// <summary>Called when an image is stored; from several threads.</summary>
    public Action<Dropped>? Stored { get; init; }

    /// <summary>Stores.</summary>
    /// <returns>Images that could not be stored, with the reason.</returns>
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

    /// <summary>Name of an image's blob.</summary>
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

    [SuppressMessage("Globalization", "CA1308:Normalize strings to uppercase", Justification = "Endings are written in lower case.")]
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

/// <summary>An image to be stored.</summary>
/// <param name="Camera">Camera that it shall come from.</param>
/// <param name="Path">Where the file is.</param>
/// <param name="Relative">What follows the camera in the blob's name.</param>
public readonly record struct DropItem(string Camera, string Path, string Relative);

/// <summary>An image that is stored.</summary>
/// <param name="Blob">Blob name in the images container.</param>
/// <param name="ETag">Version of the blob, without quotes.</param>
/// <param name="Bytes">Length of the file.</param>
/// <param name="At">When storage had taken it.</param>
public sealed record Dropped(string Blob, string ETag, long Bytes, DateTimeOffset At);

/// <summary>An image that could not be stored.</summary>
/// <param name="Path">Where the file is.</param>
/// <param name="Error">Why: the file cannot be read, or storage refuses it or cannot be reached.</param>
public sealed record DropFailure(string Path, Exception Error);
