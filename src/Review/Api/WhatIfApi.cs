using System.Text.Json;
using System.Text.Json.Nodes;
using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results.Counts;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Routing;

namespace AaClip.Review.Api;

/// <summary>Scores of a camera, counted by what people decided: from them the page tells what another threshold would have done.</summary>
internal static class WhatIfApi
{
    private static readonly TimeSpan Span = TimeSpan.FromDays(30);

    public static void Map(RouteGroupBuilder api) => api.MapGet("/whatif", GetAsync);

    private static async Task<JsonObject> GetAsync(
        string camera,
        string? model,
        DateTimeOffset? from,
        DateTimeOffset? to,
        Models models,
        ScoreCounts counts,
        ResultIndex index,
        ProfileEditor profiles,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        model ??= await models.LiveAsync(cancellation) ?? throw new KeyNotFoundException("There are no results yet: store an image first.");
        DateTimeOffset end = to ?? time.GetUtcNow(),
            start = from ?? end - Span;
        if (start >= end)
            throw new ArgumentException($"from is {start:O} and to is {end:O}: from must come first.");
        CameraSet set = await profiles.ReadAsync(cancellation);
        JsonObject json = JsonSerializer
            .SerializeToNode(await counts.ReadAsync(camera, model, start, end, cancellation), PageJson.Options)!
            .AsObject(); // not null: a record is an object
        // The threshold in force: the profile's, else the model's own for the class, which its newest result names.
        double? threshold =
            set.Find(camera)?.Threshold
            ?? (
                await index
                    .QueryAsync(
                        new ResultQuery
                        {
                            Camera = camera,
                            Model = model,
                            Verdicts = [Verdict.Normal, Verdict.Anomalous],
                            PageSize = 1,
                        },
                        cancellation
                    )
                    .FirstOrDefaultAsync(cancellation)
            )?.Threshold;
        if (threshold is not null)
            json["threshold"] = threshold;
        if (set.ETag is not null)
            json["profileETag"] = set.ETag;
        return json;
    }
}
