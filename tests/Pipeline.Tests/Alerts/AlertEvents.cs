using AaClip.Pipeline.Alerts;
using AaClip.Pipeline.Routing;
using AaClip.Tests;

namespace AaClip.Pipeline.Tests.Alerts;

/// <summary>Events as the pipeline makes them, without storage.</summary>
internal static class AlertEvents
{
    /// <summary>The events that these images cause; letters as in <see cref="ScoredImages.Sequence"/>.</summary>
    public static AlertEvent[] Of(string letters, string camera = "line1") =>
        [
            .. ScoredImages
                .Run(new AlertRule(), ScoredImages.Sequence(letters).Select(image => image with { Camera = camera }))
                .Changes.Select(change => AlertEvent.Of(change, new AlertOptions())),
        ];
}
