using System.Globalization;
using System.Security.Cryptography;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Resilience;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Images;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Scoring;

/// <summary>An image that a program sends.</summary>
/// <param name="Content">The file.</param>
/// <param name="Part">The part that it shows, valid by <see cref="PartName.Fault"/>; null for none.</param>
/// <param name="Traceparent">W3C trace context of the sender; null for none.</param>
public sealed record PushedImage(ReadOnlyMemory<byte> Content, string? Part = null, string? Traceparent = null);

/// <summary>
/// Stores an image that a program sends, then requests its score. If the process dies between the two, the storage event of the blob leads
/// to the score. If both lead there, the second request finds the result, and its message for the alert rules has no effect.
/// </summary>
public sealed partial class ImagePush : IDisposable
{
    private readonly StorageClients _storage;
    private readonly CameraProfiles _cameras;
    private readonly UploadRouter _router;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    /// <summary>Sends nothing yet.</summary>
    public ImagePush(
        StorageClients storage,
        CameraProfiles cameras,
        UploadRouter router,
        IOptions<LimitsOptions> limits,
        TimeProvider time,
        ILogger<ImagePush> logger
    )
    {
        _storage = storage;
        _cameras = cameras;
        _router = router;
        _time = time;
        _logger = logger;
        Memory = new SemaphoreSlim(limits.Value.MaxImagesInMemory);
    }

    /// <summary>Holds as many pushed images in memory as the limits allow: enter it before a body is read.</summary>
    public SemaphoreSlim Memory { get; }

    /// <summary>
    /// Stores the image as <c>{camera}/{yyyy/MM/dd}/{HHmmssfff}-{8 hexadecimal digits}.{extension}</c> and requests its score.
    /// </summary>
    /// <param name="camera">Valid by <see cref="ImageName.CameraFault"/>.</param>
    /// <returns>The stored image; or why it is not stored: its camera's profile does not take it.</returns>
    public async Task<(ImageVersion? Image, string? Refusal)> StoreAsync(string camera, PushedImage image, CancellationToken cancellation)
    {
        (string extension, string type) = KindOf(image.Content.Span);
        string path = string.Create(
            CultureInfo.InvariantCulture,
            $"{_time.GetUtcNow():yyyy'/'MM'/'dd'/'HHmmssfff}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}.{extension}"
        );
        CameraProfile? profile = (await _cameras.GetAsync(cancellation)).Find(camera);
        if (UploadRouter.WhyNot(camera, path, profile) is { } reason)
            return (null, $"The image is not stored: {reason.Text}.");

        string name = $"{camera}/{path}";
        BlobContentInfo stored = await _storage
            .Container(ContainerNames.Images)
            .GetBlobClient(name)
            .UploadAsync(
                BinaryData.FromBytes(image.Content),
                new BlobUploadOptions
                {
                    HttpHeaders = new BlobHttpHeaders { ContentType = type },
                    Metadata = image.Part is { } part
                        ? new Dictionary<string, string> { [PartName.Metadata] = PartName.ToMetadata(part) }
                        : null,
                },
                cancellation
            );
        ImageVersion version = new(name, stored.ETag.ToString().Trim('"'));
        try
        {
            // Not null: a camera without a profile was refused above. No cancellation: the image is stored.
            await _router.RequestAsync(version, profile!, image.Traceparent, CancellationToken.None);
        }
        catch (Exception e) when (InfrastructureException.Is(e))
        {
            Log.NotRequested(_logger, e, name);
        }

        return (version, null);
    }

    /// <inheritdoc/>
    public void Dispose() => Memory.Dispose();

    private static (string Extension, string Type) KindOf(ReadOnlySpan<byte> content) =>
        ImageDecoder.Detect(content) switch
        {
            ImageFileFormat.Jpeg => ("jpg", "image/jpeg"),
            ImageFileFormat.Png => ("png", "image/png"),
            ImageFileFormat.Bmp => ("bmp", "image/bmp"),
            ImageFileFormat.Tiff => ("tif", "image/tiff"),
            ImageFileFormat.WebP => ("webp", "image/webp"),
            _ => ("bin", "application/octet-stream"), // it gets a failed result, which says what was found
        };

    private static partial class Log
    {
        [LoggerMessage(
            1,
            LogLevel.Warning,
            "The request to score {Image} could not be sent after it was stored: its storage event will lead to the score."
        )]
        public static partial void NotRequested(ILogger logger, Exception failure, string image);
    }
}
