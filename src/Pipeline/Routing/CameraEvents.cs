using System.Text.Json.Serialization;
using AaClip.Scoring.Events;

namespace AaClip.Pipeline.Routing;

/// <summary>
/// A camera whose images are frames of a sequence, in which a temporal model looks for events. Times are in seconds.
/// </summary>
/// <param name="Model">"name@version" of a temporal package in the models container.</param>
/// <param name="EverySeconds">
/// Time between two snippets; of the frames of one such interval the first is taken. The default is the published 16 frames of 30 a second.
/// </param>
/// <param name="GapSeconds">After a longer time without a frame, a new sequence begins.</param>
/// <param name="LatenessSeconds">
/// How long after the end of a window frames of it may still arrive: it is closed when a later frame has been seen.
/// </param>
/// <param name="Threshold">Mean scores at or above this are an event, 0 to 1; null takes the package's calibration.</param>
/// <param name="MinSeconds">Time of that mean; null takes the package's calibration.</param>
/// <param name="Score">The branch to decide with; null takes the package's.</param>
public sealed record CameraEvents(
    string Model,
    double EverySeconds = CameraEvents.DefaultEvery,
    double GapSeconds = 10,
    double LatenessSeconds = 30,
    double? Threshold = null,
    double? MinSeconds = null,
    EventScore? Score = null
)
{
    /// <summary>Default of <see cref="EverySeconds"/>.</summary>
    public const double DefaultEvery = 16 / 30.0;

    /// <summary><see cref="EverySeconds"/> in whole ticks, so that times are compared exactly.</summary>
    [JsonIgnore]
    public long EveryTicks => (long)Math.Round(EverySeconds * TimeSpan.TicksPerSecond);

    /// <summary>The rule by which events are found.</summary>
    /// <exception cref="InvalidDataException">The package is calibrated for another rule, and no threshold is given.</exception>
    public EventRule RuleFor(TemporalManifest model) => EventRule.Of(model, Score, Threshold, MinSeconds, EverySeconds);
}
