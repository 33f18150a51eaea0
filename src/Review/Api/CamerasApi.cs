using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using AaClip.Pipeline.Cameras;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Reviews;
using AaClip.Pipeline.Routing;

namespace AaClip.Review.Api;

/// <summary>Camera profiles: what applies to each camera, changes, and earlier versions.</summary>
internal static class CamerasApi
{
    private const int Parallel = 8;

    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/cameras", ListAsync);
        api.MapPut("/cameras", ChangeAsync);
        api.MapPost("/cameras/check", CheckAsync);
        api.MapPost("/cameras/threshold", ThresholdAsync);
        api.MapGet("/cameras/history", HistoryAsync);
        api.MapPost("/cameras/restore", RestoreAsync);
    }

    private static async Task<CameraList> ListAsync(
        ProfileEditor profiles,
        ResultIndex index,
        ReviewedResults results,
        Models models,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        CameraSet set = await profiles.ReadAsync(cancellation);
        string? live = await models.LiveAsync(cancellation);
        IEnumerable<string> names = set.Names.Where(n => !n.Contains('*', StringComparison.Ordinal));
        string[] all =
        [
            .. (await index.CamerasAsync(time.GetUtcNow() - CameraStates.Known, cancellation)).Union(names).Order(StringComparer.Ordinal),
        ];
        CameraView[] cameras = new CameraView[all.Length];
        await System.Threading.Tasks.Parallel.ForAsync(
            0,
            all.Length,
            new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellation },
            async (i, token) =>
            {
                ReviewedRow? newest = await results
                    .QueryAsync(
                        new ResultQuery
                        {
                            Camera = all[i],
                            Model = live,
                            PageSize = 1,
                        },
                        null,
                        token
                    )
                    .FirstOrDefaultAsync(token);
                cameras[i] = new CameraView(
                    all[i],
                    set.ETag is null ? null : set.KeyOf(all[i]),
                    Json(set.Find(all[i]) ?? CameraProfile.Default),
                    newest is null ? null : RowView.Of(newest)
                );
            }
        );
        return new CameraList(
            set.ETag,
            cameras,
            set.ETag is null
                ? []
                : [.. set.Names.Where(n => n.Contains('*', StringComparison.Ordinal)).Select(n => new PatternView(n, Json(set.Entry(n))))]
        );
    }

    private static async Task<Checked> CheckAsync(Change change, ProfileEditor profiles, CancellationToken cancellation)
    {
        try
        {
            return new Checked([], await profiles.CheckAsync(Name(change.Camera), Profile(change.Profile), cancellation));
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentException)
        {
            return new Checked([e.Message], []);
        }
    }

    private static async Task<Changed> ChangeAsync(
        Change change,
        HttpContext context,
        ProfileEditor profiles,
        CancellationToken cancellation
    ) =>
        Changed.Of(
            await profiles.ChangeAsync(Name(change.Camera), Profile(change.Profile), change.ETag, Gate.WhoOf(context), cancellation)
        );

    private static async Task<Changed> ThresholdAsync(
        NewThreshold change,
        HttpContext context,
        ProfileEditor profiles,
        CancellationToken cancellation
    ) => Changed.Of(await profiles.ThresholdAsync(Name(change.Camera), change.Threshold, change.ETag, Gate.WhoOf(context), cancellation));

    private static async Task<object> HistoryAsync(ProfileEditor profiles, CancellationToken cancellation) =>
        new { Versions = await profiles.HistoryAsync(cancellation) };

    private static async Task<Changed> RestoreAsync(
        Restored change,
        HttpContext context,
        ProfileEditor profiles,
        CancellationToken cancellation
    ) => Changed.Of(await profiles.RestoreAsync(change.Id, change.ETag, Gate.WhoOf(context), cancellation));

    private static string Name(string camera) =>
        camera.Length > 0 ? camera : throw new ArgumentException("No camera is named: write its name, or a pattern such as 'line1-*'.");

    private static JsonObject? Profile(JsonElement? profile) =>
        profile switch
        {
            null or { ValueKind: JsonValueKind.Null } => null,
            { ValueKind: JsonValueKind.Object } json => JsonObject.Create(json),
            { } other => throw new ArgumentException($"The profile is a {other.ValueKind}, expected an object."),
        };

    private static JsonNode? Json(CameraProfile? profile) => JsonSerializer.SerializeToNode(profile, CameraJson.Default.CameraProfile);

    private sealed record CameraList(
        [property: JsonPropertyName("etag")] string? ETag,
        IReadOnlyList<CameraView> Cameras,
        IReadOnlyList<PatternView> Patterns
    );

    private sealed record CameraView(string Name, string? Key, JsonNode? Profile, JsonNode? Newest);

    private sealed record PatternView(string Name, JsonNode? Profile);

    private sealed record Change(string Camera, JsonElement? Profile = null, string? ETag = null);

    private sealed record NewThreshold(string Camera, double Threshold, string? ETag = null);

    private sealed record Restored(string Id, string? ETag = null);

    private sealed record Checked(IReadOnlyList<string> Errors, IReadOnlyList<ProfileChange> Changes);

    private sealed record Changed([property: JsonPropertyName("etag")] string ETag, IReadOnlyList<ProfileChange> Changes)
    {
        public static Changed Of((string ETag, IReadOnlyList<ProfileChange> Changes) change) => new(change.ETag, change.Changes);
    }
}
