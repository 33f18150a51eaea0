using System.Runtime.CompilerServices;
using AaClip.Pipeline.Results.Index;

namespace AaClip.Pipeline.Reviews;

/// <summary>Results together with what people decided on their images.</summary>
public sealed class ReviewedResults(ResultIndex index, ReviewStore reviews)
{
    private const int Parallel = 32; // requests for the results of decided images

    /// <summary>Results, newest image first, each with the decision in force.</summary>
    /// <param name="query">Which results.</param>
    /// <param name="decisions">Only images with one of these; null for all.</param>
    public IAsyncEnumerable<ReviewedRow> QueryAsync(
        ResultQuery query,
        IReadOnlySet<ReviewVerdict>? decisions = null,
        CancellationToken cancellation = default
    )
    {
        // Decided images are few among many results: begin with the decisions where undecided images are not asked for.
        IAsyncEnumerable<ReviewedRow> rows =
            decisions is null || decisions.Contains(ReviewVerdict.None)
                ? JoinAsync(query, cancellation)
                : DecidedAsync(query, decisions, cancellation);
        return decisions is null ? rows : rows.Where(r => decisions.Contains(r.Decision));
    }

    /// <summary>Adds the decision in force to each result.</summary>
    /// <param name="rows">Newest image first, as a query gives them.</param>
    public async Task<IReadOnlyList<ReviewedRow>> JoinAsync(IReadOnlyList<ResultRow> rows, CancellationToken cancellation = default)
    {
        if (rows.Count == 0)
            return [];
        Dictionary<string, Review> newest = await NewestOfEachAsync(
                reviews.BetweenAsync(rows[0].Cursor, rows[^1].Cursor, cancellation),
                cancellation
            )
            .ToDictionaryAsync(r => ImageOf(r.Cursor), StringComparer.Ordinal, cancellation);
        return [.. rows.Select(row => new ReviewedRow(row, InForce(newest.GetValueOrDefault(row.ImageKey))))];
    }

    /// <summary>
    /// The newest decision on each image that was stored in a span of time, also one that takes an earlier one back; newest image first.
    /// </summary>
    /// <param name="from">Images stored from here on; null for all.</param>
    /// <param name="to">Images stored before; null for all.</param>
    /// <param name="cameras">Only images of these; null for all.</param>
    public async Task<IReadOnlyList<Review>> NewestAsync(
        DateTimeOffset? from,
        DateTimeOffset? to,
        IReadOnlyCollection<string>? cameras = null,
        CancellationToken cancellation = default
    )
    {
        IAsyncEnumerable<Review> between = reviews.BetweenAsync(from, to, cancellation);
        return await NewestOfEachAsync(between.Where(r => cameras?.Contains(r.Camera) != false), cancellation).ToListAsync(cancellation);
    }

    /// <summary>The decisions in force on images of a camera that were stored from a time on and before another; in no order.</summary>
    internal async Task<IReadOnlyList<Review>> InForceAsync(
        string camera,
        DateTimeOffset from,
        DateTimeOffset to,
        CancellationToken cancellation
    ) => [.. (await NewestAsync(from, to, [camera], cancellation)).Where(r => InForce(r) is not null)];

    private async IAsyncEnumerable<ReviewedRow> JoinAsync(ResultQuery query, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (ResultRow[] rows in index.QueryAsync(query, cancellation).Chunk(query.PageSize).WithCancellation(cancellation))
        foreach (ReviewedRow row in await JoinAsync(rows, cancellation))
            yield return row;
    }

    private async IAsyncEnumerable<ReviewedRow> DecidedAsync(
        ResultQuery query,
        IReadOnlySet<ReviewVerdict> decisions,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        query.Check();
        IAsyncEnumerable<Review> between = query.After is { } after
            ? reviews.BetweenAsync(after, IndexKeys.After(query.From), cancellation)
            : reviews.BetweenAsync(query.From, query.To, cancellation);
        IAsyncEnumerable<Review> wanted = NewestOfEachAsync(between, cancellation)
            .Where(r => decisions.Contains(r.Verdict) && (query.Camera is null || query.Camera == r.Camera));
        await foreach (Review[] batch in wanted.Chunk(Parallel).WithCancellation(cancellation))
        {
            IReadOnlyList<ResultRow>[] rows = await Task.WhenAll(
                batch.Select(r => index.VersionsAsync(r.Camera, r.Cursor, query, cancellation))
            );
            for (int i = 0; i < batch.Length; i++)
                foreach (ResultRow row in rows[i])
                    yield return new ReviewedRow(row, batch[i]);
        }
    }

    // Decisions on one image lie side by side.
    private static async IAsyncEnumerable<Review> NewestOfEachAsync(
        IAsyncEnumerable<Review> reviews,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        Review? newest = null;
        await foreach (Review review in reviews.WithCancellation(cancellation))
        {
            bool same = newest is not null && ImageOf(newest.Cursor) == ImageOf(review.Cursor);
            if (newest is not null && !same)
                yield return newest;
            if (!same || Order(newest!).CompareTo(Order(review)) < 0) // not null: it is the same image
                newest = review;
        }

        if (newest is not null)
            yield return newest;
    }

    private static Review? InForce(Review? newest) => newest is { Verdict: not ReviewVerdict.None } ? newest : null;

    private static (DateTimeOffset, Guid) Order(Review review) => (review.At, review.Id);

    private static string ImageOf(string cursor) => cursor[..IndexKeys.ImageLength];
}
