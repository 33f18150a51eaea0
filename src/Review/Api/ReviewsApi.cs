using AaClip.Pipeline.Reviews;

namespace AaClip.Review.Api;

/// <summary>People's decisions.</summary>
internal static class ReviewsApi
{
    private const int MaxDecisions = 1000;

    public static void Map(RouteGroupBuilder api) => api.MapPost("/reviews", AddAsync);

    private static async Task<Stored> AddAsync(Sent sent, HttpContext context, ReviewStore reviews, CancellationToken cancellation)
    {
        if (sent.Decisions.Count is 0 or > MaxDecisions)
            throw new ArgumentException($"The request has {sent.Decisions.Count} decisions, expected 1 to {MaxDecisions}.");
        return new Stored(await reviews.AddAsync(sent.Decisions, Gate.WhoOf(context), cancellation));
    }

    private sealed record Sent(IReadOnlyList<Pipeline.Reviews.Review> Decisions);

    private sealed record Stored(IReadOnlyList<Pipeline.Reviews.Review> Reviews);
}
