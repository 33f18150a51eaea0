using System.Buffers.Binary;
using System.Runtime.InteropServices;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using Azure;
using Azure.Storage.Blobs.Models;

namespace AaClip.Review.Api;

/// <summary>Pictures: images, heatmaps, and the maps from which the page draws heatmaps itself.</summary>
internal static class PicturesApi
{
    private const string Forever = "private, max-age=31536000, immutable"; // an image version never changes
    private static readonly ImageLimits Limits = new();
    private static readonly int[] Sizes = [320, 1600];
    private static readonly SemaphoreSlim Decoding = new(Environment.ProcessorCount); // each takes megabytes

    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/image", ImageAsync);
        api.MapGet("/heatmap", HeatmapAsync);
        api.MapGet("/map", MapAsync);
        api.MapGet("/palette", Palette);
    }

    private static async Task<IResult> ImageAsync(
        string name,
        string etag,
        int? size,
        HttpResponse response,
        StorageClients storage,
        CancellationToken cancellation
    )
    {
        if (size is not null && !Sizes.Contains(size.Value))
            throw new ArgumentException($"size is {size}, expected {string.Join(" or ", Sizes)}, or nothing for the whole image.");
        byte[] file = await FileAsync(storage, BlobNames.Checked(name), etag, cancellation);
        response.Headers.CacheControl = Forever;
        if (size is null && TypeOf(file) is { } type)
            return Results.Bytes(file, type); // browsers turn it upright by themselves
        await Decoding.WaitAsync(cancellation);
        try
        {
            RgbImage upright = ImageDecoder.Decode(file, name).Image;
            return size is { } side
                ? Results.Bytes(ImageEncoder.Jpeg(BoxAverage.Shrink(upright, side), quality: 85), "image/jpeg")
                : Results.Bytes(ImageEncoder.Png(upright), "image/png");
        }
        catch (ImageRejectedException e)
        {
            throw new InvalidDataException(e.Message, e);
        }
        finally
        {
            Decoding.Release();
        }
    }

    private static async Task<byte[]> FileAsync(StorageClients storage, string name, string etag, CancellationToken cancellation)
    {
        try
        {
            using BlobDownloadStreamingResult blob = await storage
                .Container(ContainerNames.Images)
                .GetBlobClient(name)
                .DownloadStreamingAsync(
                    new BlobDownloadOptions { Conditions = new BlobRequestConditions { IfMatch = new ETag(etag) } },
                    cancellation
                );
            if (blob.Details.ContentLength > Limits.MaxBytes)
                throw new InvalidDataException(
                    $"The image '{name}' has {blob.Details.ContentLength} bytes, more than {Limits.MaxBytes}: it is not shown."
                );
            byte[] file = new byte[blob.Details.ContentLength];
            await blob.Content.ReadExactlyAsync(file, cancellation);
            return file;
        }
        catch (RequestFailedException e) when (e.Status is 404 or 412)
        {
            throw new KeyNotFoundException($"The image '{name}' was {(e.Status == 404 ? "deleted" : "replaced by a newer version")}.", e);
        }
    }

    // Formats that every browser shows.
    private static string? TypeOf(byte[] file) =>
        ImageDecoder.Detect(file) switch
        {
            ImageFileFormat.Jpeg => "image/jpeg",
            ImageFileFormat.Png => "image/png",
            ImageFileFormat.Bmp => "image/bmp",
            ImageFileFormat.WebP => "image/webp",
            _ => null,
        };

    private static async Task<IResult> HeatmapAsync(
        string blob,
        HttpResponse response,
        StorageClients storage,
        CancellationToken cancellation
    )
    {
        byte[] heatmap = await ReadAsync(storage, ContainerNames.Heatmaps, blob, cancellation);
        response.Headers.CacheControl = "private, max-age=60"; // a rescoring with the same model can draw it again
        return Results.Bytes(heatmap, "image/jpeg");
    }

    // What the workers draw from: the smoothed map, with the areas that the camera ignores replaced, and the scale of its colours.
    private static async Task<MapView> MapAsync(
        string blob,
        HttpResponse response,
        ResultStore results,
        ProfileEditor profiles,
        StorageClients storage,
        CancellationToken cancellation
    )
    {
        ResultDocument result =
            await results.ReadAsync(BlobNames.Checked(blob), cancellation)
            ?? throw new KeyNotFoundException($"There is no result '{blob}'.");
        MapPart part = result.Map ?? throw new KeyNotFoundException($"The result '{blob}' has no map: the image has no score.");
        byte[] png = await ReadAsync(storage, ContainerNames.Maps, part.Blob, cancellation);
        QuantizedMap stored = new()
        {
            Values = ImageDecoder.Grey16(png, part.Blob, part.Side, part.Side),
            Scale = part.Scale,
            Offset = part.Offset,
        };
        AnomalyMap map = new(stored.ToFloat32(), part.Side, part.Size, part.Domain, part.Steps);
        if (result.Image.Camera is { } camera && (await profiles.ReadAsync(cancellation)).Find(camera)?.Mask is { } mask)
            map = mask.Fill(map);
        MapSurface surface = ForPage(map);
        HeatmapOptions scale = part is { Low: { } low, High: { } high }
            ? new HeatmapOptions
            {
                Low = low,
                Threshold = part.Threshold,
                High = high,
            }
            : HeatmapOptions.Spanning(surface.Values.Min(), part.Threshold, surface.Values.Max()); // of an older program
        response.Headers.CacheControl = "private, max-age=60";
        return new MapView(surface.Side, scale.Low, scale.Threshold, scale.High, part.Level ?? part.Threshold, Base64(surface.Values));
    }

    // A map that is smoothed after enlarging has the size of the model's input; a finer grid than this shows nothing more. The map of an
    // image in tiles is shown patch by patch.
    private static MapSurface ForPage(AnomalyMap map)
    {
        const int Enough = 160;
        MapSurface surface = map.Surface();
        int side = Math.Max(Enough, map.Side);
        return surface.Side <= side ? surface : new MapSurface(map.FullSize(side, side), side);
    }

    private static PaletteView Palette(HttpResponse response)
    {
        response.Headers.CacheControl = "private, max-age=3600";
        return new PaletteView(HeatScale.Count, HeatScale.Middle, Convert.ToBase64String(HeatScale.Colors), Base64(HeatScale.Cover()));
    }

    private static async Task<byte[]> ReadAsync(StorageClients storage, string container, string blob, CancellationToken cancellation)
    {
        try
        {
            return (
                await storage.Container(container).GetBlobClient(BlobNames.Checked(blob)).DownloadContentAsync(cancellation)
            ).Value.Content.ToArray();
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            throw new KeyNotFoundException($"There is no picture '{container}/{blob}': it was deleted, or never stored.", e);
        }
    }

    private static string Base64(ReadOnlySpan<float> values)
    {
        if (BitConverter.IsLittleEndian)
            return Convert.ToBase64String(MemoryMarshal.AsBytes(values));
        byte[] bytes = new byte[4 * values.Length];
        for (int i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(4 * i), values[i]);
        return Convert.ToBase64String(bytes);
    }

    private sealed record MapView(int Side, float Low, float Threshold, float High, float Level, string Values);

    private sealed record PaletteView(int Count, int Middle, string Colors, string Cover);
}
