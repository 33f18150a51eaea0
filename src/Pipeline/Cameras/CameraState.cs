using AaClip.Pipeline.Results.Counts;
using AaClip.Pipeline.Results.Index;

namespace AaClip.Pipeline.Cameras;

/// <summary>How a camera does.</summary>
/// <param name="Camera">Camera.</param>
/// <param name="Silence">Its last image, and whether it is silent.</param>
/// <param name="LastRow">The result of its newest image by the model in question; where that has none, by another one.</param>
/// <param name="Psi">
/// Population stability index (<see cref="Results.Counts.Drift"/>) of the raw scores of the last 24 hours, or where those are too few, of
/// the last 7 days, against the first 7 days with results of the model; null where either has too few.
/// </param>
public sealed record CameraState(string Camera, Silence Silence, ResultRow LastRow, double? Psi)
{
    /// <summary>Whether the scores have moved much.</summary>
    public bool HasDrifted => Psi >= Drift.Large;
}
