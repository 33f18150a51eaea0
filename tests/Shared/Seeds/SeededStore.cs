using System.Globalization;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace AaClip.Tests.Seeds;

/// <summary>
/// Fills storage with results that look as if cameras had sent the sample images for days: for the review page's tests and measurements.
/// The same numbers give the same store, but for the ETags.
/// </summary>
public sealed class SeededStore(StorageClients storage)
{
    /// <summary>The model of all results.</summary>
    public const string Model = "demo@seed";

    /// <summary>A second model, of the newest <see cref="Details"/> results.</summary>
    public const string Other = "demo@seed2";

    /// <summary>The time of the newest image.</summary>
    public static DateTimeOffset End { get; } = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    private const int Side = 16;
    private const int Parallel = 16;
    private const double Threshold = 0.5;

    private readonly ResultStore _results = new(storage);
    private readonly BlobContainerClient _images = storage.Container(ContainerNames.Images);

    /// <summary>Number of newest results that have a document, a heatmap and a map, too; the others have only a row and an image.</summary>
    public int Details { get; init; } = 120;

    /// <summary>Whether the cameras have a check for generated pictures, which flags one image in twelve.</summary>
    public bool Checked { get; init; }

    /// <summary>Time between two images.</summary>
    public TimeSpan Gap { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Writes results, newest first.</summary>
    /// <param name="samples">Folder with a folder of pictures for each camera.</param>
    /// <param name="progress">Gets the number of results so far.</param>
    public async Task FillAsync(string samples, int count, Action<int>? progress = null, CancellationToken cancellation = default)
    {
        Sample[] pictures =
        [
            .. Directory.EnumerateFiles(samples, "*.png", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(Sample.Of),
        ];
        int done = 0;
        await System.Threading.Tasks.Parallel.ForAsync(
            0,
            count,
            new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellation },
            async (i, token) =>
            {
                await OneAsync(pictures[i % pictures.Length], i, token);
                progress?.Invoke(Interlocked.Increment(ref done));
            }
        );
    }

    private async Task OneAsync(Sample sample, int i, CancellationToken cancellation)
    {
        DateTimeOffset time = End - i * Gap;
        string name = string.Create(CultureInfo.InvariantCulture, $"{sample.Camera}/{time:yyyyMMdd}/{i:D7}.jpg");
        BlobContentInfo stored = await _images
            .GetBlobClient(name)
            .UploadAsync(BinaryData.FromBytes(sample.Jpeg), overwrite: true, cancellation);
        // About a tenth anomalous; a good part now and then above the threshold, a defect below it
        Random random = new(i);
        double raw = Math.Clamp(
            (sample.Defect && i % 5 < 2 ? 0.62 : 0.25) + 0.12 * (random.NextDouble() + random.NextDouble() - 1),
            0.01,
            0.99
        );
        ImageVersion version = new(name, stored.ETag.ToString().Trim('"'));
        double? generated =
            !Checked ? null
            : i % 12 == 5 ? 0.97
            : 0.03;
        await WriteAsync(sample, version, time, Model, raw, generated, i < Details, cancellation);
        if (i < Details)
            await WriteAsync(
                sample,
                version,
                time,
                Other,
                Math.Clamp(raw + 0.2 * (random.NextDouble() - 0.5), 0.01, 0.99),
                generated,
                true,
                cancellation
            );
    }

    private async Task WriteAsync(
        Sample sample,
        ImageVersion image,
        DateTimeOffset time,
        string model,
        double raw,
        double? generated,
        bool detailed,
        CancellationToken cancellation
    )
    {
        bool anomalous = raw >= Threshold;
        AnomalyMap map = new(Sample.Map(raw), Side, 8 * Side, Domain.Industrial);
        QuantizedMap quantized = QuantizedMap.Create(map.Raw);
        HeatmapOptions scale = new()
        {
            Low = 0,
            Threshold = 0.5f,
            High = 1.5f,
            ContourLevel = 0.5f,
        };
        ResultDocument result = new()
        {
            Image = new ImagePart
            {
                Name = image.Image,
                ETag = image.ETag,
                Bytes = sample.Jpeg.Length,
                Width = sample.Image.Width,
                Height = sample.Image.Height,
                Camera = sample.Camera,
                ObjectClass = sample.Camera.Replace('_', ' '),
                StoredAt = time,
            },
            Model = new ModelPart(model.Split('@')[0], model.Split('@')[1], null, "fp32", "cpu"),
            Score = new ScorePart(
                anomalous ? Verdict.Anomalous : Verdict.Normal,
                (float)raw,
                map.Max,
                raw,
                anomalous ? 0.5 + 0.4 * (raw - Threshold) / (1 - Threshold) : 0.5 * raw / Threshold,
                Threshold
            ),
            Generated = generated is { } probability
                ? new GeneratedPart("c2p@seed", probability, null, probability >= 0.9 ? PictureOrigin.Generated : PictureOrigin.Camera, 0.9)
                : null,
            Regions = anomalous
                ?
                [
                    new Region
                    {
                        X = 40,
                        Y = 34,
                        Width = 48,
                        Height = 44,
                        Peak = map.Max,
                        AreaFraction = 0.08,
                    },
                ]
                : [],
            Heatmap = image.Heatmap(model),
            Map = new MapPart(image.Map(model), Side, 8 * Side, quantized.Scale, quantized.Offset, Domain.Industrial, 0).With(scale),
            Timings = new TimingsPart(120, 8, 4, 60, 15),
            ScoredAt = time.AddSeconds(1),
        };
        if (!detailed)
        {
            await _results.Index.PutAsync(result, cancellation);
            return;
        }

        await _results.WritePicturesAsync(
            model,
            image,
            ImageEncoder.Jpeg(Heatmap.Overlay(sample.Image, map, scale)),
            ImageEncoder.Png16(Side, Side, quantized.Values),
            cancellation
        );
        await _results.WriteAsync(result, cancellation);
    }

    private sealed record Sample(string Camera, bool Defect, RgbImage Image, byte[] Jpeg)
    {
        public static Sample Of(string file)
        {
            RgbImage image = ImageDecoder.DecodeFile(file).Image;
            return new Sample(
                Path.GetFileName(Path.GetDirectoryName(file)!), // not null: the file lies in a folder
                !Path.GetFileName(file).StartsWith("good", StringComparison.Ordinal),
                image,
                ImageEncoder.Jpeg(image, quality: 80)
            );
        }

        // A hill in the middle that is as high as the score says, on a low plain.
        public static float[] Map(double raw)
        {
            float[] map = new float[Side * Side];
            for (int y = 0; y < Side; y++)
            for (int x = 0; x < Side; x++)
                map[y * Side + x] = 0.1f + (float)(1.4 * raw * Math.Exp(-(Math.Pow(x - Side / 2.0, 2) + Math.Pow(y - Side / 2.5, 2)) / 8));
            return map;
        }
    }
}
