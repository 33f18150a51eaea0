using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Models;
using AaClip.Pipeline.Routing;
using AaClip.Pipeline.Telemetry;
using AaClip.Scoring.Images;

namespace AaClip.Pipeline.Scoring;

/// <summary>What a camera's check for generated pictures says of an image.</summary>
internal static class GeneratedLook
{
    /// <summary>Asks the check. Whatever goes wrong with it, the image is scored as without: <see cref="CheckHost"/> logs why.</summary>
    /// <returns>Null if it cannot be asked.</returns>
    public static async Task<GeneratedPart?> AskAsync(RgbImage image, GeneratedRule rule, CheckHost checks, CancellationToken cancellation)
    {
        GeneratedPart? part = null;
        try
        {
            part = rule.Judge(await checks.ProbabilityAsync(rule.Model, image, cancellation));
        }
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            // see above
        }

        Metrics.Generated(
            part switch
            {
                null => "unavailable",
                { Verdict: PictureOrigin.Generated } => "generated",
                _ => "camera",
            },
            rule.Model
        );
        return part;
    }
}
