using AaClip.Scoring;
using AaClip.Scoring.Images;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AaClip.Pipeline.Models;

/// <summary>The checks for generated pictures that cameras of this process name (<see cref="SideModels{T}"/>).</summary>
public sealed class CheckHost(
    IOptions<ModelOptions> options,
    ModelRepository repository,
    ModelTrust trust,
    TimeProvider time,
    ILogger<CheckHost> logger
) : IAsyncDisposable
{
    private readonly SideModels<PictureCheck> _checks = new(
        "check",
        "results say nothing of generated pictures",
        PictureCheck.Load,
        options.Value,
        repository,
        trust,
        time,
        logger
    );

    /// <inheritdoc cref="SideModels{T}.Unavailable"/>
    public IReadOnlyList<SideModelState> Unavailable(IReadOnlyCollection<string> asked) => _checks.Unavailable(asked);

    /// <summary>Checks a picture.</summary>
    /// <param name="id">"name@version" of the check.</param>
    /// <param name="image">It is not kept after the check is loaded.</param>
    /// <returns>The probability that a generator made it, 0 to 1.</returns>
    /// <exception cref="InvalidDataException">The package is damaged, not there, not trusted, or no check.</exception>
    /// <exception cref="TimeoutException">It is still being loaded, or its run does not end.</exception>
    /// <exception cref="Exception">Storage or ONNX Runtime failed; the next pictures get the same error at once, for a while.</exception>
    public Task<double> ProbabilityAsync(string id, RgbImage image, CancellationToken cancellation) =>
        _checks.RunAsync(id, check => check.Prepare(image), (check, input, token) => check.Probability(input, token), cancellation);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _checks.DisposeAsync();
}
