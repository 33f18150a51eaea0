using System.Text.Json;
using System.Text.Json.Nodes;
using AaClip.Pipeline.Results.Counts;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Routing;

namespace AaClip.Review.Api;

/// <summary>What another threshold would do to a camera's results.</summary>
internal static class WhatIfApi
{
    private static readonly TimeSpan Recent = TimeSpan.FromDays(30);

    public static void Map(RouteGroupBuilder api) => api.MapGet("/whatif", GetAsync);

    private static async Task<JsonObject> GetAsync(
        string camera,
        string? model,
        DateTimeOffset? from,
        DateTimeOffset? to,
        Models models,
        ProfileEditor profiles,
        ResultIndex index,
        ScoreCounts counts,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        DateTimeOffset end = to ?? time.GetUtcNow(),
            start = from ?? end - Recent;
        if (start >= end)
            throw new ArgumentException($"from is {start:O} and to is {end:O}: from must be before to.");
        model ??= await models.LiveAsync(cancellation) ?? throw new ArgumentException("There are no results yet: no model to ask for.");
        ScoreSplit split = await counts.ReadAsync(camera, model, start, end, cancellation);
        JsonObject json = JsonSerializer.SerializeToNode(split, ReviewApp.Json)!.AsObject(); // not null: a split is an object

        // The threshold of the profile; where it leaves it to the model, the one of the newest result.
        CameraSet set = await profiles.ReadAsync(cancellation);
        double? threshold = set.Find(camera)?.Threshold ?? await NewestAsync(index, camera, model, cancellation);
        if (threshold is not null)
            json["threshold"] = threshold;
        if (set.ETag is not null)
            json["profileETag"] = set.ETag;
        return json;
    }

    private static async Task<double?> NewestAsync(ResultIndex index, string camera, string model, CancellationToken cancellation) =>
        await index
            .QueryAsync(
                new ResultQuery
                {
                    Camera = camera,
                    Model = model,
                    PageSize = 10,
                },
                cancellation
            )
            .Take(100) // failed ones have none
            .Select(r => r.Threshold)
            .FirstOrDefaultAsync(t => t is not null, cancellation);
}
