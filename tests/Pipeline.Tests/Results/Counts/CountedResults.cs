using AaClip.Pipeline.Contracts;
using AaClip.Pipeline.Results.Counts;
using AaClip.Pipeline.Results.Index;
using AaClip.Pipeline.Reviews;
using AaClip.Pipeline.Storage;
using Azure.Core;

namespace AaClip.Pipeline.Tests.Results.Counts;

/// <summary>Results and their counts, the slow and obvious way.</summary>
internal static class CountedResults
{
    /// <summary>Every mark is older than this: storage tells whole seconds.</summary>
    public static readonly TimeSpan AnyAge = TimeSpan.FromSeconds(-5);

    public static HourRecount Recount(StorageClients storage) => new(storage, AnyAge);

    public static ResultDocument Result(
        string camera,
        string file,
        DateTimeOffset stored,
        string model = "tiny@1",
        double? raw = 0.25,
        double threshold = 0.5
    )
    {
        Verdict verdict =
            raw is null ? Verdict.Failed
            : raw >= threshold ? Verdict.Anomalous
            : Verdict.Normal;
        return new ResultDocument
        {
            Image = new ImagePart
            {
                Name = $"{camera}/{file}",
                ETag = "0x1",
                Camera = camera,
                ObjectClass = "bottle",
                StoredAt = stored,
            },
            Model = new ModelPart(model.Split('@')[0], model.Split('@')[1], null, null, null),
            Score = raw is { } score ? new ScorePart(verdict, 0.5f, 3.25f, score, score, threshold) : new ScorePart(verdict),
            Failure = raw is null ? new FailurePart("damaged", "It is damaged.") : null,
            Timings = new TimingsPart(),
            ScoredAt = stored.AddSeconds(2),
        };
    }

    /// <summary>What <see cref="ScoreCounts.ReadAsync"/> should give, as text.</summary>
    /// <param name="decided">Decisions in force, by image.</param>
    public static string Wanted(
        IEnumerable<ResultDocument> results,
        IReadOnlyDictionary<string, ReviewVerdict> decided,
        string camera,
        string model,
        DateTimeOffset from,
        DateTimeOffset to
    )
    {
        ResultDocument[] chosen =
        [
            .. results.Where(r => r.Image.Camera == camera && r.Model.Id == model && r.Image.StoredAt >= from && r.Image.StoredAt < to),
        ];
        return Text(
            chosen.Select(r => r.Image.StoredAt!.Value.UtcDateTime.Date).Distinct().Count(),
            chosen.Count(r => r.Score.Verdict is Verdict.Failed),
            chosen.Count(r => r.Score.Verdict is Verdict.Anomalous),
            chosen.Select(r => r.Score.Threshold).Where(t => t is not null).Distinct().Count() > 1,
            Of(ReviewVerdict.None),
            Of(ReviewVerdict.Fine),
            Of(ReviewVerdict.Defect),
            Of(ReviewVerdict.Unsure)
        );

        long[] Of(ReviewVerdict verdict)
        {
            long[] bins = new long[256];
            foreach (ResultDocument result in chosen)
                if (result.Score.Raw is { } raw && decided.GetValueOrDefault(result.Image.Name) == verdict)
                    bins[Math.Min(255, (int)Math.Floor(raw * 256))]++;
            return bins;
        }
    }

    public static string Text(ScoreSplit split) =>
        Text(split.Days, split.Failed, split.Anomalous, split.Mixed, split.Undecided, split.Fine, split.Defect, split.Unsure);

    /// <summary>The stored hours and marks of a store, without versions and times of writing.</summary>
    public static async Task<IReadOnlyList<string>> StoredAsync(StorageClients storage, CancellationToken cancellation)
    {
        ResultIndex index = new(storage);
        List<string> stored = [];
        foreach (DateOnly month in await index.MonthsAsync(cancellation))
        await foreach (
            var row in index
                .Table(new DateTimeOffset(month, default, TimeSpan.Zero))
                .QueryAsync<Azure.Data.Tables.TableEntity>($"PartitionKey lt '+'", cancellationToken: cancellation)
        )
            if (!row.PartitionKey.StartsWith('!'))
                stored.Add(
                    $"{row.PartitionKey} {row.RowKey} {(row.GetBinary("bins") is { } bins ? Convert.ToHexString(bins) : "mark")} "
                        + $"{row.GetInt32("failed")} {row.GetInt32("anomalous")}"
                );
        return stored;
    }

    /// <summary>Whether a request writes one row of a partition whose name begins so.</summary>
    public static bool Writes(Request request, string partition)
    {
        string address = Uri.UnescapeDataString(request.Uri.ToUri().AbsoluteUri);
        return request.Method != RequestMethod.Get
            && (
                address.Contains($"(PartitionKey='{partition}", StringComparison.Ordinal)
                || request.Method == RequestMethod.Post
                    && Body(request).Contains($"\"PartitionKey\":\"{partition}", StringComparison.Ordinal)
            );
    }

    private static string Body(Request request)
    {
        if (request.Content is null)
            return "";
        using MemoryStream body = new();
        request.Content.WriteTo(body, CancellationToken.None);
        return System.Text.RegularExpressions.Regex.Unescape(System.Text.Encoding.UTF8.GetString(body.ToArray()));
    }

    private static string Text(int days, int failed, int anomalous, bool mixed, params IEnumerable<long>[] bins) =>
        $"{days} days, {failed} failed, {anomalous} anomalous, mixed {mixed}: "
        + string.Join(" / ", bins.Select(b => string.Join(' ', b.Select((count, bin) => (count, bin)).Where(c => c.count > 0))));
}
