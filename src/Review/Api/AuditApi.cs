using AaClip.Pipeline.Models;
using AaClip.Pipeline.Reviews;
using AaClip.Pipeline.Routing;

namespace AaClip.Review.Api;

/// <summary>Who decided what, and when: decisions on images, camera profiles, promoted models.</summary>
internal static class AuditApi
{
    private const int DefaultTop = 200,
        MaxTop = 1000;

    // People decide on images of the last months; older ones are not looked through.
    private static readonly TimeSpan OldestImage = TimeSpan.FromDays(92);

    public static void Map(RouteGroupBuilder api) => api.MapGet("/audit", GetAsync);

    private static async Task<object> GetAsync(
        DateTimeOffset? from,
        DateTimeOffset? to,
        int? top,
        ReviewStore reviews,
        ProfileEditor profiles,
        Models models,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        if (top is < 1 or > MaxTop)
            throw new ArgumentException($"top is {top}, expected 1 to {MaxTop}.");
        List<Event> events = [];
        await foreach (Pipeline.Reviews.Review review in reviews.BetweenAsync((from ?? time.GetUtcNow()) - OldestImage, to, cancellation))
            events.Add(Of(review));
        events.AddRange((await profiles.HistoryAsync(cancellation)).Select(Of));
        events.AddRange((await models.RolesAsync(cancellation)).Promotions.Select(Of));
        return new
        {
            Events = events.Where(e => !(e.At < from) && !(e.At >= to)).OrderByDescending(e => e.At).Take(top ?? DefaultTop).ToArray(),
        };
    }

    private static Event Of(Pipeline.Reviews.Review review) =>
        new(
            review.At,
            review.Who,
            "review",
            (review.Verdict == ReviewVerdict.None ? "decision taken back" : review.Verdict.ToString().ToLowerInvariant())
                + (review.Note is { Length: > 0 } note ? $": {note}" : ""),
            review.Camera,
            review.Image,
            review.Cursor
        );

    private static Event Of(ProfileVersion version) =>
        new(
            version.At,
            version.Who,
            "profile",
            string.Join("; ", version.Changes.Select(Text)) is { Length: > 0 } text ? text : "first version"
        );

    private static Event Of(Promotion promotion) =>
        new(
            promotion.At,
            promotion.Who,
            "model",
            $"live model: {promotion.Model ?? "the package at Model__Path"}{(promotion.Scan is { } scan ? $" ({scan})" : "")}"
        );

    private static string Text(ProfileChange change) =>
        $"{change.Path}: {Short(change.Before?.ToJsonString() ?? "not set")} → {Short(change.After?.ToJsonString() ?? "not set")}";

    private static string Short(string json) => json.Length <= 80 ? json : json[..80] + "…";

    private sealed record Event(
        DateTimeOffset At,
        string? Who,
        string Kind,
        string What,
        string? Camera = null,
        string? Image = null,
        string? Cursor = null
    );
}
