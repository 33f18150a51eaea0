using AaClip.Pipeline.Cameras;
using AaClip.Pipeline.Results.Index;

namespace AaClip.Review.Api;

/// <summary>What the page asks for once: who uses it, and what one can choose from.</summary>
internal static class SessionApi
{
    private const int MaxRows = 500; // newest results, whose classes are offered

    public static void Map(RouteGroupBuilder api) => api.MapGet("/session", GetAsync);

    private static async Task<Session> GetAsync(
        HttpContext context,
        Models models,
        ResultIndex index,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        Task<IReadOnlyList<string>> all = models.AllAsync(cancellation);
        Task<IReadOnlyList<string>> cameras = index.CamerasAsync(time.GetUtcNow() - CameraStates.Known, cancellation);
        List<string> classes = await index
            .QueryAsync(new ResultQuery { PageSize = MaxRows }, cancellation)
            .Take(MaxRows)
            .Select(r => r.Class)
            .Distinct()
            .Order(StringComparer.Ordinal)
            .ToListAsync(cancellation);
        return new Session(Gate.WhoOf(context), await models.LiveAsync(cancellation), await all, await cameras, classes);
    }

    private sealed record Session(
        string Who,
        string? Live,
        IReadOnlyList<string> Models,
        IReadOnlyList<string> Cameras,
        IReadOnlyList<string> Classes
    );
}
