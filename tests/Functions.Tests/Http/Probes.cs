using AaClip.Pipeline.Models;
using AaClip.Tests;

namespace AaClip.Functions.Tests.Http;

internal static class Probes
{
    /// <summary>The functions that answer probes.</summary>
    /// <param name="models">Of another process; null for the pipeline's own.</param>
    public static Health Health(this TestPipeline pipeline, ModelHost? models = null) =>
        new(
            pipeline.Storage,
            pipeline.Cameras,
            models ?? pipeline.Models,
            pipeline.Checks,
            pipeline.EventModels,
            pipeline.Infrastructure,
            pipeline.Outbox
        );
}
