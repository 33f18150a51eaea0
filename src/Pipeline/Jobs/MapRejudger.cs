using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Results;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Scoring;
using AaClip.Pipeline.Storage;
using AaClip.Scoring.Images;
using AaClip.Scoring.Maps;
using AaClip.Scoring.Packages;
using Azure;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Jobs;

/// <summary>
/// Judges stored raw maps again, by a package's calibration of the class that the map was made for and the cameras' present profiles,
/// without running a model. The result goes where the
/// new model's results are; where old and new model are the same it takes the old one's place. Its heatmap stays the old picture.
/// </summary>
public sealed class MapRejudger(
    StorageClients storage,
    CameraProfiles cameras,
    ResultStore results,
    ModelHost models,
    ModelRepository repository,
    IOptions<ModelOptions> options,
    TimeProvider time
)
{
    private const int Parallel = 8;

    private readonly BlobContainerClient _maps = storage.Container(ContainerNames.Maps);
    private volatile ModelManifest? _manifest; // of the last job

    /// <summary>Judges a page.</summary>
    /// <exception cref="InvalidDataException">The new model has other weights than the one that made the maps.</exception>
    internal async Task<Outcome[]> PageAsync(Job job, JobPage page, CancellationToken cancellation)
    {
        ModelManifest manifest = await ManifestAsync(job.Request.Model, cancellation);
        CameraSet profiles = await cameras.GetAsync(cancellation);
        Outcome[] outcomes = new Outcome[page.Images.Count];
        await System.Threading.Tasks.Parallel.ForAsync(
            0,
            outcomes.Length,
            new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellation },
            async (i, token) =>
            {
                JobImage image = page.Images[i];
                CameraProfile profile = profiles.Find(image.Version.Camera) ?? CameraProfile.Default;
                outcomes[i] = await ImageAsync(job, image, manifest, profile, token);
            }
        );
        return outcomes;
    }

    private async Task<Outcome> ImageAsync(
        Job job,
        JobImage image,
        ModelManifest manifest,
        CameraProfile profile,
        CancellationToken cancellation
    )
    {
        string old = job.Request.Against!; // filled in at the start
        ResultDocument? result = await results.ReadAsync(image.Version.Result(old), cancellation);
        if (result?.Map is not { } map || result.Score.Detection is not { } detection)
            return result is null ? Outcome.None : Outcome.Of(result.Score.RequiredVerdict, null);

        ModelPart part = ModelPart.Of(manifest, null);
        if (result.Model.Sha256 != part.Sha256)
            throw new InvalidDataException(
                $"Results of {old} were made with weights {Short(result.Model.Sha256)}, but {manifest.Id} has {Short(part.Sha256)}: "
                    + $"mode threshold is for another calibration of the same weights; use mode full."
            );

        byte[] png;
        ushort[] values;
        try
        {
            png = (await _maps.GetBlobClient(map.Blob).DownloadContentAsync(cancellation)).Value.Content.ToArray();
            values = ImageDecoder.Grey16(png, map.Blob, map.Side, map.Side);
        }
        catch (Exception e) when (e is RequestFailedException { Status: 404 } or InvalidDataException)
        {
            return Outcome.None; // its map was deleted or is damaged: only scoring again helps
        }

        QuantizedMap stored = new()
        {
            Values = values,
            Scale = map.Scale,
            Offset = map.Offset,
        };
        AnomalyMap raw = new(stored.ToFloat32(), map.Side, map.Size, profile.Domain);
        Judgement judgement = Judgement.Of(
            raw,
            detection,
            profile,
            manifest.CalibrationFor(result.Image.ObjectClass ?? profile.Class),
            result.Image.Width,
            result.Image.Height
        );

        string blob = map.Blob;
        if (manifest.Id != old)
            (_, blob) = await results.WritePicturesAsync(manifest.Id, image.Version, null, png, cancellation);

        ResultDocument again = result with
        {
            Model = part with { Provider = result.Model.Provider },
            Score = judgement.Score,
            Regions = judgement.Regions,
            Map = map with { Blob = blob, Domain = profile.Domain, Threshold = judgement.Scale.Threshold },
            ScoredAt = time.GetUtcNow(),
            Job = job.Id,
        };
        await results.WriteAsync(again, cancellation);
        return Outcome.Of(again.Score.RequiredVerdict, again.Score.Calibrated);
    }

    private async Task<ModelManifest> ManifestAsync(string id, CancellationToken cancellation)
    {
        if (_manifest is { } known && known.Id == id)
            return known;
        string folder =
            Directory.Exists(options.Value.Path) && models.OwnId == id
                ? options.Value.Path
                : await repository.FetchAsync(id, cancellation: cancellation);
        return _manifest = ModelPackage.Open(folder).Manifest;
    }

    private static string Short(string? hash) => hash is null ? "that are not known" : hash[..8];
}
