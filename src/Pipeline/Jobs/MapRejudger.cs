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
/// Judges stored raw maps again without running a model, with the package's calibration of the image's class and the camera's current
/// profile. The result is stored among the new model's results; if old and new model are the same, it replaces the old result. The heatmap
/// is not drawn again.
/// </summary>
public sealed class MapRejudger(
    StorageClients storage,
    CameraProfiles cameras,
    ResultStore results,
    ModelHost models,
    ModelRepository repository,
    ModelTrust trust,
    IOptions<ModelOptions> options,
    TimeProvider time
)
{
    private const int Parallel = 8;

    private readonly BlobContainerClient _maps = storage.Container(ContainerNames.Maps);
    private volatile ModelPackage? _package; // of the last job's model

    /// <summary>Judges the images of a page.</summary>
    /// <exception cref="InvalidDataException">
    /// The new model's weights are not those that made the maps, or its package may not be used (<see cref="ModelTrust"/>).
    /// </exception>
    internal async Task<Outcome[]> PageAsync(Job job, JobPage page, CancellationToken cancellation)
    {
        ModelPackage package = await PackageAsync(job.Request.Model, cancellation);
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
                outcomes[i] = await ImageAsync(job, image, package, profile, token);
            }
        );
        return outcomes;
    }

    private async Task<Outcome> ImageAsync(
        Job job,
        JobImage image,
        ModelPackage package,
        CameraProfile profile,
        CancellationToken cancellation
    )
    {
        ModelManifest manifest = package.Manifest;
        string old = job.Request.Against!; // not null: set in the job's first step
        ResultDocument? result = await results.ReadAsync(image.Version.Result(old), cancellation);
        if (result?.Map is not { } map || result.Score.Detection is not { } detection)
            return result is null ? Outcome.None : Outcome.Of(result.Score.RequiredVerdict, null);

        ModelPart part = ModelPart.Of(manifest, null, package.Hash);
        if (result.Model.Sha256 != part.Sha256)
            throw new InvalidDataException(
                $"Results of {old} were made with weights {Short(result.Model.Sha256)}, but {manifest.Id} has {Short(part.Sha256)}: "
                    + $"mode threshold needs a model with the same weights; use mode full."
            );

        if (result.First is { Settled: true })
        {
            Calibration scale = manifest.CalibrationFor(result.Image.ObjectClass);
            double threshold = Judgement.Threshold(profile, scale)!.Value; // a neutral calibration has one, too
            result = result with
            {
                Model = part with { Provider = result.Model.Provider },
                Score = Cascade.Rescaled(result.Score, threshold, scale.IsNeutral), // its map stays where it is
                ScoredAt = time.GetUtcNow(),
                Job = job.Id,
            };
            await results.WriteAsync(result, cancellation);
            return Outcome.Of(result.Score.RequiredVerdict, result.Score.Calibrated);
        }

        byte[] png;
        ushort[] values;
        try
        {
            png = (await _maps.GetBlobClient(map.Blob).DownloadContentAsync(cancellation)).Value.Content.ToArray();
            values = ImageDecoder.Grey16(png, map.Blob, map.Side, map.Side);
        }
        catch (Exception e) when (e is RequestFailedException { Status: 404 } or InvalidDataException)
        {
            return Outcome.None; // the map was deleted or is damaged; only mode full can score this image again
        }

        QuantizedMap stored = new()
        {
            Values = values,
            Scale = map.Scale,
            Offset = map.Offset,
        };
        AnomalyMap raw = new(stored.ToFloat32(), map.Side, map.Size, profile.Domain, map.Steps);
        Judgement judgement = Judgement.Of(
            raw,
            detection,
            profile,
            result.References?.Calibration ?? manifest.CalibrationFor(result.Image.ObjectClass ?? profile.Class),
            result.Image.Width,
            result.Image.Height,
            tiles: result.Tiles // as it was cut, whatever the profile says now
        );

        string blob = map.Blob;
        if (manifest.Id != old)
            (_, blob) = await results.WritePicturesAsync(manifest.Id, image.Version, null, png, cancellation);

        ResultDocument again = result with
        {
            Model = part with { Provider = result.Model.Provider },
            Score = judgement.Score,
            Regions = judgement.Regions,
            Map = (map with { Blob = blob, Domain = profile.Domain }).With(judgement.Scale),
            ScoredAt = time.GetUtcNow(),
            Job = job.Id,
        };
        await results.WriteAsync(again, cancellation);
        return Outcome.Of(again.Score.RequiredVerdict, again.Score.Calibrated);
    }

    private async Task<ModelPackage> PackageAsync(string id, CancellationToken cancellation)
    {
        ModelPackage? package = _package;
        if (package?.Manifest.Id != id)
            package = ModelPackage.Open(
                Directory.Exists(options.Value.Path) && models.OwnId == id
                    ? options.Value.Path
                    : await repository.FetchAsync(id, cancellation: cancellation)
            );
        await trust.RequireAsync(id, package.Hash, cancellation);
        return _package = package;
    }

    private static string Short(string? hash) => hash is null ? "of unknown hash" : hash[..8];
}
