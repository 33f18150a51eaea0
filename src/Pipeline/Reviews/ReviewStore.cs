using System.Runtime.CompilerServices;
using System.Text.Json;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Storage;
using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;

namespace AaClip.Pipeline.Reviews;

/// <summary>
/// People's decisions, as rows of the results index in partitions of their own (<see cref="IndexKeys.Reviews"/>). Rows are only added:
/// scoring never touches them, and they leave with the table of their month.
/// </summary>
public sealed class ReviewStore(StorageClients storage, TimeProvider time)
{
    private const int MaxTransaction = 100; // of the table service

    private readonly ResultIndex _index = new(storage);

    /// <summary>Stores decisions. One whose id is already stored changes nothing.</summary>
    /// <param name="reviews">Their <see cref="Review.Who"/> and <see cref="Review.At"/> are set here.</param>
    /// <param name="who">Name of the person.</param>
    /// <returns>The decisions in the order given; of one that was stored before, with the time of this call.</returns>
    /// <exception cref="ArgumentException">A decision is not valid, or its image has no result; then none is stored.</exception>
    public async Task<IReadOnlyList<Review>> AddAsync(
        IReadOnlyCollection<Review> reviews,
        string who,
        CancellationToken cancellation = default
    )
    {
        foreach (Review? review in reviews)
            (review ?? throw new ArgumentException("A decision is null: expected an object.")).Check();
        DateTimeOffset now = time.GetUtcNow();
        Review[] stamped =
        [
            .. reviews.Select((r, i) => r with { Who = who, At = now.AddTicks(i) }), // the order of one request is kept
        ];
        HashSet<DateOnly> months = [.. await _index.MonthsAsync(cancellation)];
        foreach (Review review in stamped)
            if (!months.Contains(IndexKeys.Month(TimeOf(review))))
                throw new ArgumentException(
                    $"'{review.Image}' of {TimeOf(review):yyyy-MM-dd} has no result: those of its month were dropped, or never made."
                );

        foreach (
            var batch in stamped.DistinctBy(r => r.Id).GroupBy(r => (Month: IndexKeys.Month(TimeOf(r)), Day: IndexKeys.Reviews(TimeOf(r))))
        )
        foreach (Review[] chunk in batch.Chunk(MaxTransaction))
            await AddAsync(_index.Table(batch.Key.Month), chunk, cancellation);
        return stamped;
    }

    /// <summary>Decisions on images whose results lie between two cursors, both included; newest image first, then in no order.</summary>
    /// <param name="first">Cursor of the newest result.</param>
    /// <param name="last">Cursor of the oldest result.</param>
    public async IAsyncEnumerable<Review> BetweenAsync(
        string first,
        string last,
        [EnumeratorCancellation] CancellationToken cancellation = default
    )
    {
        (DateTimeOffset newest, DateTimeOffset oldest) = (Moment(first), Moment(last));
        (string from, string to) = (first[..IndexKeys.ImageLength], last[..IndexKeys.ImageLength] + "}");
        foreach (DateOnly month in (await _index.MonthsAsync(cancellation)).Reverse())
            if (month <= IndexKeys.Month(newest) && month >= IndexKeys.Month(oldest))
                await foreach (
                    Review review in RowsAsync(
                        month,
                        $"PartitionKey ge '{IndexKeys.Reviews(newest)}' and PartitionKey le '{IndexKeys.Reviews(oldest)}'"
                            + $" and RowKey ge '{from}' and RowKey lt '{to}'",
                        cancellation
                    )
                )
                    yield return review;
    }

    /// <summary>Decisions on images that were stored in a span of time; newest image first, then in no order.</summary>
    /// <param name="from">Images stored from here on; null for all.</param>
    /// <param name="to">Images stored before; null for all.</param>
    public IAsyncEnumerable<Review> BetweenAsync(DateTimeOffset? from, DateTimeOffset? to, CancellationToken cancellation = default) =>
        BetweenAsync(
            $"{IndexKeys.Moment((to ?? DateTimeOffset.MaxValue).AddTicks(-1))}|{new string('0', 16)}",
            IndexKeys.After(from),
            cancellation
        );

    /// <summary>All decisions on one version of an image, newest first.</summary>
    /// <param name="cursor">Cursor of a result of it.</param>
    public async Task<IReadOnlyList<Review>> HistoryAsync(string cursor, CancellationToken cancellation = default) =>
        await BetweenAsync(cursor, cursor, cancellation).OrderByDescending(r => (r.At, r.Id)).ToListAsync(cancellation);

    private static async Task AddAsync(TableClient table, IReadOnlyList<Review> reviews, CancellationToken cancellation)
    {
        try
        {
            await table.SubmitTransactionAsync(
                reviews.Select(r => new TableTransactionAction(TableTransactionActionType.Add, ToEntity(r))),
                cancellation
            );
        }
        catch (RequestFailedException e) when (e.ErrorCode == TableErrorCode.EntityAlreadyExists) // then the service stored none of them
        {
            await Parallel.ForEachAsync(
                reviews,
                cancellation,
                async (review, token) =>
                {
                    try
                    {
                        await table.AddEntityAsync(ToEntity(review), token);
                    }
                    catch (RequestFailedException again) when (again.ErrorCode == TableErrorCode.EntityAlreadyExists)
                    {
                        // The same decision, sent again.
                    }
                }
            );
        }
    }

    private async IAsyncEnumerable<Review> RowsAsync(DateOnly month, string filter, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (TableEntity entity in _index.Table(month).QueryAsync<TableEntity>(filter, cancellationToken: cancellation))
            yield return Of(entity);
    }

    private static TableEntity ToEntity(Review review)
    {
        TableEntity entity = new(IndexKeys.Reviews(TimeOf(review)), $"{review.Cursor[..IndexKeys.ImageLength]}|{review.Id:N}")
        {
            ["camera"] = review.Camera,
            ["image"] = review.Image,
            ["etag"] = review.ETag,
            ["cursor"] = review.Cursor,
            ["verdict"] = review.Verdict.ToString().ToLowerInvariant(),
            ["who"] = review.Who,
            ["at"] = review.At,
        };
        Set("note", review.Note);
        Set("model", review.Model);
        Set("threshold", review.Threshold);
        Set("score", review.Score);
        Set(
            "regions",
            review.Regions is { } regions
                ? JsonSerializer.Serialize(regions, ReviewJson.Default.IReadOnlyListIReadOnlyListIReadOnlyListDouble)
                : null
        );
        return entity;

        void Set(string column, object? value)
        {
            if (value is not null)
                entity[column] = value;
        }
    }

    private static Review Of(TableEntity entity)
    {
        return new Review
        {
            Id = Guid.ParseExact(entity.RowKey[^32..], "N"),
            Camera = Text("camera"),
            Image = Text("image"),
            ETag = Text("etag"),
            Cursor = Text("cursor"),
            Verdict = Enum.Parse<ReviewVerdict>(Text("verdict"), ignoreCase: true),
            Note = entity.GetString("note"),
            Who = Text("who"),
            At = entity.GetDateTimeOffset("at") ?? throw Missing("at"),
            Model = entity.GetString("model"),
            Threshold = entity.GetDouble("threshold"),
            Score = entity.GetDouble("score"),
            Regions = entity.GetString("regions") is { } regions
                ? JsonSerializer.Deserialize(regions, ReviewJson.Default.IReadOnlyListIReadOnlyListIReadOnlyListDouble)
                : null,
        };

        string Text(string column) => entity.GetString(column) ?? throw Missing(column);

        InvalidDataException Missing(string column) =>
            new($"The decision '{entity.RowKey}' in partition '{entity.PartitionKey}' of the results index has no {column}.");
    }

    private static DateTimeOffset TimeOf(Review review) => Moment(review.Cursor);

    private static DateTimeOffset Moment(string cursor) =>
        cursor.Length >= IndexKeys.ImageLength && IndexKeys.TimeOf(cursor) is { } time
            ? time
            : throw new ArgumentException($"'{cursor}' is no cursor: take one from a row that a query gave.");
}
