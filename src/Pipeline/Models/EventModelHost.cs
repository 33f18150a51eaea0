using AaClip.Scoring;
using AaClip.Scoring.Events;
using AaClip.Scoring.Images;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Models;

/// <summary>The temporal models that cameras and jobs of this process name (<see cref="SideModels{T}"/>).</summary>
public sealed class EventModelHost(
    IOptions<ModelOptions> options,
    ModelRepository repository,
    ModelTrust trust,
    TimeProvider time,
    ILogger<EventModelHost> logger
) : IAsyncDisposable
{
    private readonly SideModels<TemporalScorer> _models = new(
        "temporal model",
        "its cameras' frames are not part of their time lines",
        TemporalScorer.Load,
        options.Value,
        repository,
        trust,
        time,
        logger
    );

    /// <inheritdoc cref="SideModels{T}.Unavailable"/>
    public IReadOnlyList<SideModelState> Unavailable(IReadOnlyCollection<string> asked) => _models.Unavailable(asked);

    /// <summary>The feature of a frame.</summary>
    /// <param name="id">"name@version" of the model.</param>
    /// <param name="image">It is not kept after the model is loaded.</param>
    /// <inheritdoc cref="DescribeAsync" path="/exception"/>
    public Task<FrameFeature> FeatureAsync(string id, RgbImage image, CancellationToken cancellation) =>
        _models.RunAsync(
            id,
            model => model.Frames.Prepare(image),
            (model, pixels, _) => new FrameFeature(model.Frames.Feature(pixels), model.Model.Head.Length),
            cancellation
        );

    /// <summary>Scores a sequence (<see cref="TemporalScorer.Score"/>).</summary>
    /// <param name="id">"name@version" of the model.</param>
    /// <param name="features">[n, D], one for each snippet, in order of time; n at least 1.</param>
    /// <inheritdoc cref="DescribeAsync" path="/exception"/>
    public Task<SequenceScores> ScoreAsync(string id, float[] features, CancellationToken cancellation) =>
        _models.RunAsync(id, _ => features, (model, input, token) => model.Score(input, token), cancellation);

    /// <summary>What a model says of itself.</summary>
    /// <param name="id">"name@version" of the model.</param>
    /// <exception cref="InvalidDataException">The package is damaged, not there, not trusted, or no temporal package.</exception>
    /// <exception cref="TimeoutException">It is still being loaded, or its run does not end.</exception>
    /// <exception cref="Exception">Storage or ONNX Runtime failed; the next calls get the same error at once, for a while.</exception>
    public Task<TemporalManifest> DescribeAsync(string id, CancellationToken cancellation) =>
        _models.ReadAsync(id, model => model.Model, cancellation);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _models.DisposeAsync();
}

/// <summary>The feature of a frame.</summary>
/// <param name="Values">[D], not normalised.</param>
/// <param name="Length">Snippets of the model's windows.</param>
public sealed record FrameFeature(float[] Values, int Length);
