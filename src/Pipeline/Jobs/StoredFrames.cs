using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Resilience;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Scoring;
using AaClip.Pipeline.Storage;
using AaClip.Pipeline.Timelines;
using AaClip.Scoring.Events;
using AaClip.Scoring.Images;
using AaClip.Scoring.Text;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace AaClip.Pipeline.Jobs;

/// <summary>
/// The frames of a job of mode timeline: the feature of each stored image that has none yet, and the time line of all. An image without a
/// feature is recorded with the reason, in {job}/unseen.
/// </summary>
public sealed class StoredFrames(
    StorageClients storage,
    StoredImages images,
    ImageScoring scoring,
    EventModelHost models,
    FeatureStore features,
    TimelineMaker maker,
    CameraProfiles cameras
)
{
    /// <summary>The most frames of a job: their scores are held in memory while the time line is written.</summary>
    public const int Most = 200_000;

    /// <summary>Outcome of an image with a feature.</summary>
    public const string Seen = "seen";

    /// <summary>Outcome of an image that gives none.</summary>
    public const string Failed = "failed";

    private const int Parallel = 16; // concurrent storage calls

    private readonly BlobContainerClient _jobs = storage.Container(ContainerNames.Jobs);

    /// <summary>Makes the feature of an image, unless there is one.</summary>
    /// <param name="request">With a job and a model.</param>
    /// <exception cref="InfrastructureException">The model or storage failed; a redelivery goes on.</exception>
    public async Task RunAsync(ScoreRequested request, CancellationToken cancellation)
    {
        if (request is not { Job: { } job, Model: { } model })
            throw new ArgumentException("A frame of a job needs a job and a model.", nameof(request));
        ImageVersion version = new(request.Image, request.ETag);
        if (await OutcomeAsync(job, model, version, cancellation) is not null)
            return;
        await scoring.PatientlyAsync(
            async yield =>
            {
                await SeeAsync(job, model, version, yield, cancellation);
                return true;
            },
            cancellation
        );
    }

    /// <summary>Records that an image gives no feature, so that its job goes on without it.</summary>
    public Task FailAsync(string job, ImageVersion image, string reason, CancellationToken cancellation = default) =>
        _jobs.GetBlobClient(UnseenName(job, image)).UploadAsync(BinaryData.FromString(reason), overwrite: true, cancellation);

    /// <summary>What became of an image.</summary>
    /// <returns><see cref="Seen"/>, <see cref="Failed"/>, or null if nothing yet.</returns>
    public async Task<string?> OutcomeAsync(string job, string model, ImageVersion image, CancellationToken cancellation = default) =>
        await features.FindAsync(model, image, cancellation) is not null ? Seen
        : await _jobs.GetBlobClient(UnseenName(job, image)).ExistsAsync(cancellation) ? Failed
        : null;

    /// <summary>
    /// The time line of the job's frames. Sampling and the rule for events are those of the camera's <c>events</c>, if it has the same
    /// model; otherwise every frame is a snippet of the package's length, and the rule is the package's.
    /// </summary>
    /// <returns>Null if no image has a feature.</returns>
    /// <exception cref="InvalidDataException">More than <see cref="Most"/> frames; or as for <see cref="TimelineMaker"/>.</exception>
    public async Task<TimelineDocument?> TimelineAsync(Job job, IEnumerable<ImageVersion> versions, CancellationToken cancellation)
    {
        string model = job.Request.Model,
            camera = job.Request.Cameras![0]; // a job of this mode has one
        ImageVersion[] all = [.. versions];
        if (all.Length > Most)
            throw new InvalidDataException($"The job has {all.Length} images, more than {Most}: choose a shorter time.");
        Frame?[] found = new Frame?[all.Length];
        await System.Threading.Tasks.Parallel.ForAsync(
            0,
            all.Length,
            new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellation },
            async (i, token) => found[i] = (await features.FindAsync(model, all[i], token))?.Frame
        );
        Frame[] frames = [.. found.OfType<Frame>()];
        if (frames.Length == 0)
            return null;
        CameraEvents? own = (await cameras.GetAsync(cancellation)).Find(camera)?.Events;
        bool sampled = own?.Model == model;
        TemporalManifest package = await models.DescribeAsync(model, cancellation);
        CameraEvents rule = sampled ? own! : new CameraEvents(model, package.Calibration?.SnippetSeconds ?? package.SnippetSeconds);
        return await maker.MakeAsync(camera, rule, frames.Min(f => f.Time), sampled ? rule.EveryTicks : 0, frames, cancellation);
    }

    private async Task SeeAsync(string job, string model, ImageVersion version, Func<Task> yield, CancellationToken cancellation)
    {
        try
        {
            await yield();
            (byte[]? content, BlobDownloadDetails? details, string? gone) = await images.DownloadAsync(version, cancellation);
            if (content is null)
            {
                await FailAsync(job, version, $"The image was {gone}.", cancellation);
                return;
            }

            await yield();
            RgbImage image = images.Decode(content, version.Image);
            DateTimeOffset time = FrameTime.Of(details!.Metadata, details.LastModified); // not null: as the content
            await yield();
            FrameFeature feature = await FeatureAsync(model, image, cancellation);
            await features.AddAsync(model, feature.Length, new Frame(version.Image, version.ETag, time), feature.Values, cancellation);
        }
        catch (ImageRejectedException e)
        {
            await FailAsync(job, version, e.Message, cancellation);
        }
    }

    private async Task<FrameFeature> FeatureAsync(string model, RgbImage image, CancellationToken cancellation)
    {
        try
        {
            return await models.FeatureAsync(model, image, cancellation);
        }
        catch (Exception e) when (e is not OperationCanceledException) // the model, its provider or memory, not the image
        {
            throw new InfrastructureException(Fault.Text(e), e);
        }
    }

    // A hash: with the job's id before it, the name of an image could be longer than storage permits
    private static string UnseenName(string job, ImageVersion image) => $"{job}/unseen/{TextHash.Hex(image.Identity)}.txt";
}
