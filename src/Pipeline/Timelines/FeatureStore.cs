using System.Collections.Concurrent;
using System.Globalization;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Storage;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace AaClip.Pipeline.Timelines;

/// <summary>
/// Features of frames, in the features container: <c>{temporal model}/{camera}/{path}/{etag}.f16</c>, the values as float16, lowest byte
/// first. A blob is never changed: the first of several deliveries counts, so that all readers see the same values. The newest that this
/// process read are kept in memory. Thread-safe.
/// </summary>
public sealed class FeatureStore(StorageClients storage)
{
    private const string TimeKey = FrameTime.Metadata,
        LengthKey = "length"; // metadata of the blobs
    private const int MostKept = 8192; // of 2 KiB each, for the published model
    private const int Parallel = 16; // concurrent storage calls
    private const float Largest = 65504; // of float16

    private readonly BlobContainerClient _features = storage.Container(ContainerNames.Features);
    private readonly ConcurrentDictionary<string, float[]> _kept = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _order = new();

    /// <summary>Blob name of a feature.</summary>
    /// <param name="model">"name@version" of the temporal model.</param>
    public static string NameOf(string model, ImageVersion frame) => BlobNames.Stem(model, frame.Image, frame.ETag) + ".f16";

    /// <summary>Writes the feature of a frame, unless there is one.</summary>
    /// <param name="length">Snippets of the model's windows.</param>
    /// <param name="feature">[D].</param>
    public async Task AddAsync(string model, int length, Frame frame, float[] feature, CancellationToken cancellation = default)
    {
        byte[] content = new byte[2 * feature.Length];
        for (int i = 0; i < feature.Length; i++)
            BitConverter.TryWriteBytes(content.AsSpan(2 * i), (Half)Math.Clamp(feature[i], -Largest, Largest));
        try
        {
            await _features
                .GetBlobClient(NameOf(model, frame.Version))
                .UploadAsync(
                    BinaryData.FromBytes(content),
                    new BlobUploadOptions
                    {
                        Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
                        Metadata = new Dictionary<string, string>
                        {
                            [TimeKey] = frame.Time.ToString("O", CultureInfo.InvariantCulture),
                            [LengthKey] = length.ToString(CultureInfo.InvariantCulture),
                        },
                    },
                    cancellation
                );
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            // An earlier delivery, or the first try of this write
        }
    }

    /// <summary>Finds a frame that has a feature.</summary>
    /// <returns>The frame with its time, and the snippets of the model's windows; null if there is no feature.</returns>
    public async Task<(Frame Frame, int Length)?> FindAsync(string model, ImageVersion frame, CancellationToken cancellation = default)
    {
        try
        {
            string name = NameOf(model, frame);
            IDictionary<string, string> metadata = (await _features.GetBlobClient(name).GetPropertiesAsync(cancellationToken: cancellation))
                .Value
                .Metadata;
            return
                metadata.TryGetValue(TimeKey, out string? time)
                && DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out DateTimeOffset taken)
                && metadata.TryGetValue(LengthKey, out string? length)
                && int.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out int snippets)
                && snippets > 0
                ? (new Frame(frame.Image, frame.ETag, taken), snippets)
                : throw new InvalidDataException(
                    $"'{_features.Name}/{name}' has no valid metadata {TimeKey} and {LengthKey}: delete the blob."
                );
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Reads the features of frames.</summary>
    /// <param name="width">Values of a feature, D.</param>
    /// <returns>Of each frame [D]; null where there is none any more.</returns>
    /// <exception cref="InvalidDataException">A feature has another width.</exception>
    public async Task<float[]?[]> ReadAsync(string model, IReadOnlyList<Frame> frames, int width, CancellationToken cancellation = default)
    {
        float[]?[] features = new float[]?[frames.Count];
        await System.Threading.Tasks.Parallel.ForAsync(
            0,
            frames.Count,
            new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellation },
            async (i, token) => features[i] = await ReadAsync(NameOf(model, frames[i].Version), width, token)
        );
        return features;
    }

    private async Task<float[]?> ReadAsync(string name, int width, CancellationToken cancellation)
    {
        if (_kept.TryGetValue(name, out float[]? kept))
            return kept;
        byte[] content;
        try
        {
            content = (await _features.GetBlobClient(name).DownloadContentAsync(cancellation)).Value.Content.ToArray();
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }

        if (content.Length != 2 * width)
            throw new InvalidDataException(
                $"'{_features.Name}/{name}' has {content.Length} bytes, expected {2 * width}: delete the blob, and score the image again."
            );
        float[] feature = new float[width];
        for (int i = 0; i < width; i++)
            feature[i] = (float)BitConverter.ToHalf(content, 2 * i);
        if (_kept.TryAdd(name, feature))
            _order.Enqueue(name);
        while (_order.Count > MostKept && _order.TryDequeue(out string? oldest))
            _kept.TryRemove(oldest, out _);
        return feature;
    }
}
